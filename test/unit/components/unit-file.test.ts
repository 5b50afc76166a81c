import {readdirSync} from 'node:fs';
import {expect, it} from 'vitest';
import {install as calicoEmulator} from '../../../emulators/calico/src/install.js';
import {install as mesosEmulator} from '../../../emulators/mesos/src/install.js';
import {renderUnit} from '../../../src/components/unit-file.js';
import {packageFile, template} from '../../../src/support/template.js';

const services = readdirSync(packageFile('templates'), {recursive: true, encoding: 'utf8'})
  .map((path) => ({path, text: path.includes('.') ? template(path) : ''}))
  .filter(({text}) => text.includes('\n[Service]\n') && !text.includes('\nType=oneshot\n'))
  .filter(({path}) => path !== 'systemd/keep-trying.conf')
  // a drop-in that sets no command line is next to the one that does
  .filter(({path, text}) => path.endsWith('.service') || /^ExecStart=/m.test(text));

it('every unit that runs for ever, and every drop-in for one, is restarted for ever', () => {
  expect(services.map(({path}) => path)).toEqual(
    expect.arrayContaining(['docker/zz-hw5.conf', 'etcd/hw5-etcd.service', 'mesos/hw5-mesos-agent.service']),
  );
  expect(services.filter(({text}) => !text.includes('\n{{keepTrying}}\n')).map(({path}) => path)).toEqual([]);
  const units = services.filter(({path}) => path.endsWith('.service'));
  expect(units.filter(({text}) => !text.includes('\nRestart=always\n')).map(({path}) => path)).toEqual([]);
});

it('the pause comes before anything else that a unit does when it is started', () => {
  const values = ({text}: {text: string}) =>
    Object.fromEntries(
      [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name = '']) => [name, '']).filter(([name]) => name !== 'keepTrying'),
    );
  for (const service of services) {
    const [first] = /^Exec\w+=.*/m.exec(renderUnit(service.path, values(service)))!;
    expect(first, service.path).toMatch(/NRestarts/);
  }
});

it("the emulators' units are restarted for ever", () => {
  const units = [...calicoEmulator.files, ...mesosEmulator.files].flatMap((file) =>
    // an empty file masks a unit
    file.path.endsWith('.service') && 'text' in file && file.text ? [file.text] : [],
  );
  expect(units.length).toBeGreaterThan(2);
  for (const text of units)
    for (const line of ['StartLimitIntervalSec=0', 'Restart=always']) expect(text.split('\n')).toContain(line);
});
