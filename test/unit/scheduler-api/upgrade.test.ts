import {describe, expect, it} from 'vitest';
import {framework, scheduler} from '../../../src/components/scheduler/component.js';
import {fileAfter, lines, NO_UNIT, plan, RUNS} from '../components/situation.js';

const CONFIG = '/etc/hw5/framework.json';
const UNIT = '/etc/systemd/system/hw5-scheduler.service';
const current = fileAfter(plan(scheduler, {program: undefined, config: undefined}), CONFIG);
const unit = fileAfter(plan(framework, {unit: undefined, service: NO_UNIT, etcd: RUNS}), UNIT);

describe('`up` on a node with the scheduler of another release', () => {
  it.each<[string, string]>([
    ['older, whose configuration has no version', current.content.replace(/ *"apiVersion": 1,\n/, '')],
    ['newer', current.content.replace('"apiVersion": 1', '"apiVersion": 2')],
    ['broken', '{"apiVersion"'],
  ])('replaces the program and the configuration of a %s one, without reading them', (_, content) => {
    const observed = {program: 'a'.repeat(64), config: {...current, content}};
    expect(content).not.toBe(current.content);
    expect(lines(plan(scheduler, observed))).toEqual(['upload /usr/local/lib/hw5/hw5-scheduler', `change ${CONFIG} (mode 0600)`]);
  });

  it('restarts it, because its unit names another program and configuration', () => {
    const older = {...unit, content: unit.content.replace(/Program and configuration: \w+/, 'Program and configuration: 0123')};
    expect(lines(plan(framework, {unit: older, service: RUNS, etcd: RUNS})).at(-1)).toBe(
      'systemctl restart hw5-scheduler.service',
    );
  });
});
