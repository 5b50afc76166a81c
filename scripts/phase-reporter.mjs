// A Vitest reporter: appends how long every test file and every project took to the file that HW5_TEST_PHASES names.
import {appendFileSync} from 'node:fs';

export default class PhaseReporter {
  /** Per project, when its first file began and its last one ended, in ms. */
  #spans = new Map();

  onTestModuleStart(module) {
    const now = performance.now();
    const name = module.project.name;
    if (!this.#spans.has(name)) this.#spans.set(name, {begun: now, ended: now});
  }

  onTestModuleEnd(module) {
    this.#spans.get(module.project.name).ended = performance.now();
    const {environmentSetupDuration, prepareDuration, collectDuration, setupDuration, duration} = module.diagnostic();
    const milliseconds = environmentSetupDuration + prepareDuration + collectDuration + setupDuration + duration;
    append({file: module.relativeModuleId, project: module.project.name, seconds: milliseconds / 1000});
  }

  onTestRunEnd() {
    for (const [name, {begun, ended}] of this.#spans) append({name: `${name} tests`, seconds: (ended - begun) / 1000});
  }
}

function append(line) {
  const file = process.env.HW5_TEST_PHASES;
  if (file) appendFileSync(file, `${JSON.stringify(line)}\n`);
}
