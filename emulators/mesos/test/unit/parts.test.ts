import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {AGENT_FLAGS} from '../../src/agent/flags.js';
import {HealthTracker} from '../../src/agent/health/checker.js';
import {checkAgentFlags} from '../../src/agent/identity.js';
import type {TaskRecord} from '../../src/agent/task-record.js';
import {UpdateSender} from '../../src/agent/update-sender.js';
import {formatDuration, parseDuration} from '../../src/common/duration.js';
import {parseFlags} from '../../src/common/flags.js';
import {encodeRecord, RecordReader} from '../../src/common/recordio.js';
import {add, contains, fromWire, isEmpty, subtract, toWire} from '../../src/common/resources.js';
import {formatResources, parseResources} from '../../src/common/resources-text.js';
import {parseCredentials} from '../../src/master/credentials.js';
import {MASTER_FLAGS} from '../../src/master/flags.js';
import {checkMasterFlags} from '../../src/master/settings.js';

describe('flags', () => {
  const parse = (argv: string[], environment = {}) => parseFlags(AGENT_FLAGS, argv, environment);

  it('come from the command line, which wins over MESOS_ variables, which win over defaults', () => {
    expect(parse([]).string('port')).toBe('5051');
    expect(parse([], {MESOS_PORT: '6000'}).string('port')).toBe('6000');
    expect(parse(['--port=7000'], {MESOS_PORT: '6000'}).string('port')).toBe('7000');
  });

  it('switch booleans on and off', () => {
    expect(parse(['--no-systemd_enable_support']).isOn('systemd_enable_support')).toBe(false);
    expect(parse(['--systemd_enable_support=false']).isOn('systemd_enable_support')).toBe(false);
    expect(parse(['--cgroups_enable_cfs']).isOn('cgroups_enable_cfs')).toBe(true);
  });

  it.each([
    [['--foo=1'], "Failed to load unknown flag 'foo'"],
    [['--no-foo'], "Failed to load unknown flag 'foo' via 'no-foo'"],
    [['--port=1', '--port=1'], "Flag 'port' is already loaded via name 'port'"],
    [['--port'], "Failed to load non-boolean flag 'port': Missing value"],
    [['--no-port'], "Failed to load non-boolean flag 'port' via 'no-port'"],
    [['--no-switch_user=yes'], "Failed to load boolean flag 'switch_user' via 'no-switch_user' with value 'yes'"],
    [['--port=many'], "Failed to load flag 'port': Failed to load value 'many': not a integer"],
    [['--docker_remove_delay=6'], "Failed to load flag 'docker_remove_delay': Failed to load value '6': not a duration"],
    [['--port', '5051'], "Failed to load non-boolean flag 'port': Missing value"],
    [['stray'], "Unexpected argument 'stray'"],
  ])('%j is fatal', (argv, message) => {
    expect(() => parse(argv)).toThrow(message);
  });

  it('refuse ZooKeeper and what is missing, in words', () => {
    expect(() => checkAgentFlags(parse([]))).toThrow('Missing required option --master');
    expect(() => checkAgentFlags(parse(['--master=zk://a:2181/mesos']))).toThrow('ZooKeeper is not supported');
    expect(() => checkAgentFlags(parse(['--master=a:5050']))).toThrow("Flag 'work_dir' is required");
    expect(() => checkAgentFlags(parse(['--master=a', '--work_dir=/w', '--containerizers=rkt']))).toThrow(
      "Unknown containerizer: 'rkt'",
    );
    expect(checkAgentFlags(parse(['--master=10.0.0.1:5150', '--work_dir=/w']))).toEqual({host: '10.0.0.1', port: 5150});
    const master = (...argv: string[]) => checkMasterFlags(parseFlags(MASTER_FLAGS, argv, {}));
    expect(() => master('--zk=zk://a:2181/mesos', '--registry=in_memory')).toThrow('--zk is not supported');
    expect(() => master()).toThrow('--work_dir needed for replicated log based registry');
    expect(() => master('--registry=disk')).toThrow("'disk' is not a supported option");
    expect(() => master('--registry=in_memory', '--authenticate_http_frameworks')).toThrow('No credentials provided');
  });

  it('know durations', () => {
    expect(['15secs', '10mins', '6hrs', '200ms', '2weeks'].map(parseDuration)).toEqual([15, 600, 21_600, 0.2, 1_209_600]);
    expect(parseDuration('15')).toBeUndefined();
    expect([15, 600, 21_600].map(formatDuration)).toEqual(['15secs', '10mins', '6hrs']);
  });
});

describe('resources', () => {
  const cpus = (value: number) => ({name: 'cpus', type: 'SCALAR' as const, scalar: {value}});

  it('read and print Mesos’ text', () => {
    const list = parseResources('cpus:2;mem(prod):2048;ports:[31000-31010, 32000-32000];zones:{a,b}');
    expect(formatResources(fromWire(list), '*')).toBe(
      'cpus(allocated: *):2; mem(allocated: *)(reservations: [(STATIC,prod)]):2048; ports(allocated: *):[31000-31010, 32000-32000]; zones(allocated: *):{a, b}',
    );
    expect(() => parseResources('cpus=2')).toThrow("Failed to parse resource 'cpus=2'");
    expect(() => parseResources('cpus:two')).toThrow("'two' is not a number");
  });

  it('do not lose thousandths', () => {
    expect(toWire(subtract(fromWire([cpus(2)]), fromWire([cpus(0.1), cpus(0.1), cpus(0.1)])))).toEqual([
      {...cpus(1.7), role: '*'},
    ]);
  });

  it('cut ports out of ranges', () => {
    const ports = (...range: [number, number][]) =>
      fromWire([{name: 'ports', type: 'RANGES', ranges: {range: range.map(([begin, end]) => ({begin, end}))}}]);
    expect(formatResources(subtract(ports([1, 10]), ports([3, 4], [10, 10])))).toBe('ports:[1-2, 5-9]');
    expect(contains(ports([1, 5], [6, 10]), ports([4, 7]))).toBe(true);
    expect(contains(ports([1, 5], [7, 10]), ports([4, 7]))).toBe(false);
  });

  it('are whole again after part of them was taken and given back', () => {
    const bag = fc.record({
      cpus: fc.integer({min: 0, max: 9000}),
      begin: fc.integer({min: 0, max: 50}),
      length: fc.integer({min: 0, max: 50}),
    });
    const make = ({cpus: milli, begin, length}: {cpus: number; begin: number; length: number}) =>
      fromWire([cpus(milli / 1000), {name: 'ports', type: 'RANGES', ranges: {range: [{begin, end: begin + length}]}}]);
    fc.assert(
      fc.property(bag, bag, (a, b) => {
        const [whole, part] = [make(a), make(b)];
        expect(toWire(subtract(add(whole, part), part)).find((r) => r.name === 'cpus')).toEqual(
          toWire(whole).find((r) => r.name === 'cpus'),
        );
        expect(contains(add(whole, part), part)).toBe(true);
        expect(isEmpty(subtract(whole, whole))).toBe(true);
        if (contains(whole, part))
          expect(toWire(add(subtract(whole, part), part))).toEqual(expect.arrayContaining(toWire(whole)));
      }),
    );
  });
});

describe('RecordIO', () => {
  it('survives any cutting of the bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.record({text: fc.string({unit: 'grapheme'})})), fc.integer({min: 1, max: 20}), (values, step) => {
        const bytes = Buffer.concat(values.map((value) => encodeRecord(value)));
        const reader = new RecordReader();
        const read: unknown[] = [];
        for (let at = 0; at < bytes.length; at += step) read.push(...reader.push(bytes.subarray(at, at + step)));
        expect(read).toEqual(values);
      }),
    );
  });
});

describe('updates of a task', () => {
  const record = (...uuids: string[]) =>
    ({
      framework: {id: {value: 'f'}},
      task: {task_id: {value: 't'}},
      state: 'TASK_RUNNING',
      pending: uuids.map((uuid) => ({uuid})),
    }) as unknown as TaskRecord;

  function sender() {
    const sent: string[] = [];
    const clock = {now: 0};
    const updates = new UpdateSender({
      now: () => clock.now,
      call: (call) => {
        if (call.type === 'UPDATE') sent.push(`${clock.now} ${call.status.uuid}`);
        return Promise.resolve(true);
      },
    });
    return {sent, clock, updates};
  }

  it('are repeated after 10, 20, 40 seconds, and up to 10 minutes, until they are acknowledged', () => {
    const {sent, clock, updates} = sender();
    const task = record('a', 'b');
    updates.sendNext(task);
    for (; clock.now < 2000; clock.now++) updates.tick([task]);
    expect(sent).toEqual(['0 a', '10 a', '30 a', '70 a', '150 a', '310 a', '630 a', '1230 a', '1830 a']);
    expect(updates.acknowledge(task, 'stale')).toBe(false);
    expect(updates.acknowledge(task, 'a')).toBe(true);
    expect(sent.at(-1)).toBe('2000 b');
  });

  it('are sent again at once to a new master or scheduler', () => {
    const {sent, updates} = sender();
    const task = record('a');
    updates.sendNext(task);
    updates.sendNext(task);
    updates.resend([task]);
    expect(sent).toEqual(['0 a', '0 a']);
  });
});

describe('a health check', () => {
  const healthy = {isHealthy: true, detail: ''};
  const sick = {isHealthy: false, detail: ''};

  it('does not count failures in the grace period, until the task was healthy once', () => {
    const judge = new HealthTracker({grace_period_seconds: 10, consecutive_failures: 2}, 0);
    expect(judge.judge(sick, 1)).toBeUndefined();
    expect(judge.judge(healthy, 2)).toEqual({isHealthy: true, mustKill: false});
    expect(judge.judge(healthy, 3)).toBeUndefined();
    expect(judge.judge(sick, 4)).toEqual({isHealthy: false, mustKill: false});
    expect(judge.judge(healthy, 5)).toEqual({isHealthy: true, mustKill: false});
    expect(judge.judge(sick, 6)).toEqual({isHealthy: false, mustKill: false});
    expect(judge.judge(sick, 7)).toEqual({isHealthy: false, mustKill: true});
  });

  it('counts failures after the grace period even if the task was never healthy', () => {
    const judge = new HealthTracker({grace_period_seconds: 10, consecutive_failures: 1}, 0);
    expect(judge.judge(sick, 9.9)).toBeUndefined();
    expect(judge.judge(sick, 10)).toEqual({isHealthy: false, mustKill: true});
  });
});

describe('a credentials file', () => {
  it('is JSON or lines, and a wrong one is refused without its content', () => {
    expect([...parseCredentials('{"credentials": [{"principal": "kon", "secret": "x"}]}', 'f')]).toEqual([['kon', 'x']]);
    expect([...parseCredentials('kon x\nbob y\n', 'f')]).toEqual([
      ['kon', 'x'],
      ['bob', 'y'],
    ]);
    expect(() => parseCredentials('kon secret with spaces', '/etc/f')).toThrow(/^(?!.*spaces).*\/etc\/f/);
  });
});
