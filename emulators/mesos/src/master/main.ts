import {EmulatorError, UsageError} from '../common/errors.js';
import {type Flags, parseFlags, usage} from '../common/flags.js';
import {logTo} from '../common/log.js';
import {VERSION_TEXT} from '../common/version.js';
import {MASTER_FLAGS} from './flags.js';
import {startMaster} from './start.js';

/** The program mesos-master. */
async function main(): Promise<void> {
  // the name by which `ss` and `ps` show an upstream master
  process.title = 'mesos-master';
  let flags: Flags;
  try {
    flags = parseFlags(MASTER_FLAGS, process.argv.slice(2), process.env);
    if (flags.isOn('help')) return void process.stdout.write(usage('mesos-master', MASTER_FLAGS));
    if (flags.isOn('version')) return void process.stdout.write(`${VERSION_TEXT}\n`);
    const master = await startMaster(
      flags,
      logTo(process.stderr, () => new Date()),
    );
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => void master.stop().then(() => process.exit(0)));
    }
  } catch (error) {
    if (!(error instanceof EmulatorError)) throw error;
    process.stderr.write(`${error.message}\n${error.hint === undefined ? '' : `${error.hint}\n`}`);
    if (error instanceof UsageError) process.stderr.write(`\n${usage('mesos-master', MASTER_FLAGS)}`);
    process.exitCode = 1;
  }
}

void main();
