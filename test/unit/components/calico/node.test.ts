import {execFile} from 'node:child_process';
import {promisify} from 'node:util';
import {describe, expect, it} from 'vitest';
import {calicoNode} from '../../../../src/components/calico/node.js';
import {fakeInputs} from '../../../support/fake-inputs.js';
import {clusterOf, contextOf, fileAfter, lines, plan, readiness, undo} from '../situation.js';

describe('calico-node', () => {
  const STARTED = '/etc/hw5/calico-node';
  const none = {services: [], hasContainer: false};
  const nothing = {started: undefined, isRunning: false, running: none};
  const first = plan(calicoNode, nothing, {node: 'node1'});
  const installed = {started: fileAfter(first.slice(1), STARTED), isRunning: true, running: {...none, hasContainer: true}};

  it('is started with address, name and an image that is always named', () => {
    expect(lines(first)[1]).toBe(
      'calicoctl node run --ip=198.18.0.11 --name=node1 --node-image=quay.io/calico/node:v2.6.12 --no-default-ippools',
    );
  });

  /** The record of a start with one more argument. */
  const other = (argument: string) => installed.started.content.replace('node run', `node run ${argument}`);

  it.each<[string, object, number]>([
    ['is unchanged when it runs with these arguments', {}, 0],
    ['is started when it stopped', {isRunning: false}, 1],
    ['is started when its arguments are unknown', {started: undefined}, 3],
    ['is restarted when it runs with others', {started: {content: other('--as=64999'), mode: '644'}}, 2],
  ])('%s', (_, observed, count) => {
    expect(plan(calicoNode, {...installed, ...observed}, {node: 'node1'})).toHaveLength(count);
  });

  it('names its autonomous system only when it is not the usual', () => {
    const cluster = clusterOf('calico: {asNumber: 64999}');
    expect(lines(plan(calicoNode, nothing, {cluster}))[1]).toContain(' --as=64999 ');
    expect(lines(first)[1]).not.toContain('--as=');
  });

  const established = (...addresses: string[]) =>
    addresses.map((address) => `| ${address} | node-to-node mesh | up | 23:30:04 | Established |\n`).join('');

  it('is ready when it has a session with each other node', () => {
    const {missing, reason} = readiness(calicoNode, {node: 'node1'});
    expect(reason).toBe('BGP sessions with node0 and node2');
    expect(missing!({stdout: established('198.18.0.10', '198.18.0.12'), code: 0})).toBeUndefined();
    expect(missing!({stdout: established('198.18.0.10'), code: 0})).toBe('no session with node2 (198.18.0.12)');
    expect(missing!({stdout: established('198.18.0.110', '198.18.0.12'), code: 0})).toBe('no session with node0 (198.18.0.10)');
    const starting = established('198.18.0.10', '198.18.0.12').replace('Established', 'Active Socket: Connection refused');
    expect(missing!({stdout: starting, code: 0})).toBe('no session with node0 (198.18.0.10)');
    expect(missing!({stdout: 'Calico process is not running.\n', code: 1})).toBe('the node does not run');
    expect(missing!({stdout: '', code: 127})).toBe('the node does not run');
    const log = 'Felix: /var/log/calico/felix/current: [FATAL][57] RPF check is loose';
    expect(missing!({stdout: `${established('198.18.0.10', '198.18.0.12')}${log}\n`, code: 1})).toBe(
      'Felix does not keep running (/var/log/calico/felix/current: [FATAL][57] RPF check is loose)',
    );
  });

  it('does not wait for a node that cannot be reached', () => {
    const {missing, reason} = readiness(calicoNode, {node: 'node1', unreachable: new Set(['node2'])});
    expect(reason).toBe('BGP sessions with node0');
    expect(missing!({stdout: established('198.18.0.10'), code: 0})).toBeUndefined();
  });

  describe('where another calicoctl has started it', () => {
    const services = ['calico-felix.service', 'calico-bird.service'];
    const calicoctl = {path: '/here/calicoctl', sha256: 'e'.repeat(64)};
    const node1 = {node: 'node1', inputs: fakeInputs({calicoctl})};
    const run = expect.stringMatching(/^calicoctl node run /);

    it('is removed before this one starts it: services, of which this one knows nothing', () => {
      expect(lines(plan(calicoNode, {...installed, running: {...none, services}}, node1))).toEqual([
        "remove calico-felix.service, calico-bird.service, Felix's rules: another calicoctl has started it",
        run,
        `change ${STARTED} (mode 0644)`,
      ]);
    });

    it('is removed before this one starts it: the container', () => {
      expect(lines(plan(calicoNode, installed, node1)).slice(0, 2)).toEqual([
        'docker rm -f calico-node: another calicoctl has started it',
        "remove Felix's rules: another calicoctl has started it",
      ]);
    });

    it('is unchanged once this one has started it', () => {
      const started = fileAfter(plan(calicoNode, installed, node1), STARTED);
      expect(plan(calicoNode, {...installed, started}, node1)).toEqual([]);
      expect(started.content).toContain(`# calicoctl ${calicoctl.sha256}\n`);
    });

    it('keeps the routes, the interfaces and the configuration of calicoctl', () => {
      const scripts = plan(calicoNode, {...installed, running: {...none, services}}, node1).flatMap((action) =>
        action.kind === 'script' && !action.title.startsWith('calicoctl') ? [action.script] : [],
      );
      expect(scripts).toHaveLength(1);
      expect(scripts[0]).not.toMatch(/ip -4 route flush|ip link delete|calicoctl.cfg/);
    });

    it('is removed where both run', () => {
      expect(
        lines(plan(calicoNode, {...installed, running: {services, hasContainer: true}}, {node: 'node1'})).slice(0, 3),
      ).toEqual([
        'docker rm -f calico-node: both run',
        "remove calico-felix.service, calico-bird.service, Felix's rules: both run",
        run,
      ]);
    });

    it('needs no removal where it was stopped', () => {
      expect(lines(plan(calicoNode, {...installed, isRunning: false, running: none}, node1))[0]).toEqual(run);
    });

    it('is removed, too, where an hw5 has started it that did not record which calicoctl it was', () => {
      const started = {content: installed.started.content.replace(/# calicoctl .*\n/, ''), mode: '644'};
      expect(lines(plan(calicoNode, {...installed, started}, {node: 'node1'}))[0]).toBe(
        'docker rm -f calico-node: it is not recorded which calicoctl has started it',
      );
    });

    it('is found among units and containers', async () => {
      const {parse, script} = calicoNode.facts(contextOf({}))['running']!;
      // without units and without dockerd
      const {stdout} = await promisify(execFile)('sh', ['-c', script.replaceAll('/var/run/docker.sock', '/no/such.sock')]);
      expect(parse({stdout, code: 0})).toEqual(none);
      expect(parse({stdout: 'calico-felix.service\ncalico-node\n', code: 0})).toEqual({
        services: ['calico-felix.service'],
        hasContainer: true,
      });
      expect(parse({stdout: '', code: 0})).toEqual(none);
    });
  });

  it('runs when calicoctl prints its status, with or without sessions: observed with the script of its wait', () => {
    const {script, command, parse} = calicoNode.facts(contextOf({}))['isRunning']!;
    // what a user is told to run when it hangs
    expect(command).toBe('calicoctl node status');
    expect(script).toBe(readiness(calicoNode).script);
    expect(script).toContain('calicoctl node status');
    expect(parse({stdout: established('198.18.0.11'), code: 0})).toBe(true);
    expect(parse({stdout: 'No IPv4 peers found.\n', code: 0})).toBe(true);
    expect(parse({stdout: 'Calico process is not running.\n', code: 1})).toBe(false);
    expect(parse({stdout: '', code: 127})).toBe(false);
  });

  it('is recorded before its first start, so that a failed one is removed', () => {
    const [record] = first;
    expect(lines(first)[0]).toBe(`write ${STARTED} (mode 0644)`);
    const started = fileAfter([record!], STARTED);
    expect(lines(undo(calicoNode, {...nothing, started}))).toContain('docker rm -f calico-node');
    // one that runs now may have other arguments
    expect(lines(plan(calicoNode, {...nothing, started, isRunning: true}, {node: 'node1'}))).toEqual([
      expect.stringMatching(/^calicoctl node run /),
      `change ${STARTED} (mode 0644)`,
    ]);
  });

  it('is removed where hw5 has started one, running or not', () => {
    for (const isRunning of [true, false]) {
      expect(lines(undo(calicoNode, {...installed, isRunning}))).toEqual([
        'docker rm -f calico-node',
        'remove what Calico left in the kernel',
        'calicoctl delete node node0',
        `remove ${STARTED}`,
      ]);
    }
    expect(undo(calicoNode, nothing)).toEqual([]);
  });

  it('is kept where hw5 has never started one: it is foreign', () => {
    expect(undo(calicoNode, {...nothing, isRunning: true})).toEqual([]);
  });
});
