import {describe, expect, it} from 'vitest';
import {COMPONENTS} from '../../../src/components/index.js';
import {OpenHosts} from '../../../src/host/open-hosts.js';
import {LineCutter, type LogLine, mergeLogs, timeOf} from '../../../src/logs/merge.js';
import {readLogs} from '../../../src/logs/read.js';
import {logNames, logScript, logSource} from '../../../src/logs/source.js';
import {ConnectError, type Hw5Error} from '../../../src/support/errors.js';
import {dockerSince, journalSince, parseSince} from '../../../src/support/since.js';
import {template} from '../../../src/support/template.js';
import {FakeHost} from '../../support/fake-host.js';
import {clusterOf} from '../components/situation.js';

const cluster = clusterOf();
const NAMES = logNames(COMPONENTS);

describe('the log of a component', () => {
  it.each([
    ['etcd', ['hw5-etcd.service'], 3],
    ['mesos-master', ['hw5-mesos-master.service'], 1],
    ['framework', ['hw5-scheduler.service'], 3],
    ['calico', ['calico-felix.service', 'calico-bird.service', 'calico-libnetwork.service'], 3],
  ])('%s is that of its units, on the nodes that have it', (name, units, nodes) => {
    const source = logSource(name, cluster, COMPONENTS);
    expect(source.units).toEqual(units);
    expect(source.nodes).toHaveLength(nodes);
  });

  it.each([
    ['etdc', 'there is no component etdc', `did you mean etcd? There are ${NAMES.join(', ')}`],
    ['constructor', 'there is no component constructor', `there are ${NAMES.join(', ')}`],
    ['ssh-1', 'ssh-1 is a task, not a component', "`hw5 task logs ssh-1` shows its container's output"],
  ])('%s is none', (name, message, hint) => {
    expect(() => logSource(name, cluster, COMPONENTS)).toThrow(expect.objectContaining({message, hint, exitCode: 2}));
  });

  it('is not available if hw5 does not run Mesos', () => {
    const external = clusterOf('mesos: {source: {kind: external, master: "10.0.0.1:5050"}}\n');
    expect(() => logSource('mesos-agent', external, COMPONENTS)).toThrow(
      expect.objectContaining({hint: expect.stringContaining('10.0.0.1:5050')}),
    );
  });

  it('is read from the journal, with the time in front', () => {
    expect(logScript(logSource('proxy', cluster, COMPONENTS), {lines: 20, since: {secondsAgo: 600}, follow: true})).toBe(
      'exec journalctl -q --no-pager --no-hostname --output=short-iso-precise --lines=20 --since=-600s --unit=hw5-proxy.service --follow',
    );
  });

  it("is read from Calico's container if it exists, and from the files of the services in it", () => {
    const text = logScript(logSource('calico', cluster, COMPONENTS), {lines: 20});
    expect(text).toContain(template('logs/files.sh'));
    expect(text).toContain("FILES='/var/log/calico/*/current' LINES=20 SINCE='' FOLLOW=\n");
    expect(text).toMatch(
      /^main\(\) \{\nif docker inspect --type=container calico-node .*; then exec docker logs --timestamps --tail=20 calico-node 2>&1; fi\nexec journalctl /,
    );
  });
});

describe('logs of several nodes', () => {
  it('are merged by time, with any format and zone of the time', () => {
    const logs = [
      {node: 'a', text: '2026-01-01T12:00:00.000100+0000 etcd: 1\n2026-01-01T12:00:02.000000+0000 etcd: 4\n'},
      {node: 'b', text: '2026-01-01T13:00:01.500000+0100 etcd: 3\n'},
      {node: 'c', text: '2026-01-01T12:00:00.900000000Z 2\n'},
    ];
    expect(mergeLogs(logs).map(({node, text}) => `${node}${text.at(-1)}`)).toEqual(['a1', 'c2', 'b3', 'a4']);
  });

  it('keep lines without a time after the line that they continue', () => {
    const logs = [
      {
        node: 'a',
        text: '2026-01-01T12:00:00.000000+0000 x: Error\n    at here\n    at there\n2026-01-01T12:00:03.000000+0000 x: end\n',
      },
      {node: 'b', text: '2026-01-01T12:00:01.000000+0000 y: other\n'},
    ];
    expect(mergeLogs(logs).map(({text}) => text.trim().split(' ').at(-1))).toEqual(['Error', 'here', 'there', 'other', 'end']);
  });

  it('keep the order of a node whose clock is set back', () => {
    const logs = [{node: 'a', text: '2026-01-01T12:00:05+0000 x: 1\n2026-01-01T12:00:01+0000 x: 2\n'}];
    expect(mergeLogs(logs).map(({text}) => text.at(-1))).toEqual(['1', '2']);
  });

  it('have no time in other lines', () => {
    expect(timeOf('-- Boot 1234 --')).toBeUndefined();
    expect(timeOf('2026-99-99T12:00:00+0000 x')).toBeUndefined();
  });

  it('are split into lines, also if a chunk ends within a character', () => {
    const lines: string[] = [];
    const cutter = new LineCutter((line) => lines.push(line));
    for (const byte of Buffer.from('größer\nund mehr\nEnde')) cutter.push(Buffer.from([byte]));
    expect(lines).toEqual(['größer', 'und mehr']);
    cutter.end();
    expect(lines.at(-1)).toBe('Ende');
  });
});

describe('reading them', () => {
  async function read(hosts: Readonly<Record<string, FakeHost | Error>>, follow: boolean) {
    const lines: LogLine[] = [];
    const failures: {node: string; error: Hw5Error}[] = [];
    await using open = new OpenHosts(async ({name}) => {
      const host = hosts[name]!;
      if (host instanceof Error) throw host;
      return host;
    });
    const failed = await readLogs(
      logSource('etcd', cluster, COMPONENTS),
      {lines: 9, follow},
      {hosts: open, onLine: (line) => lines.push(line), onFailure: (failure) => failures.push(failure)},
    );
    return {
      lines: lines.map(({node, text}) => `${node} ${text.at(-1)}`),
      failures: failures.map(({node, error}) => `${node}: ${error.message}`),
      failed,
    };
  }
  const node = (name: string, second: number): FakeHost =>
    new FakeHost(name).on(['sh', '-s'], `2026-01-01T12:00:0${second}.000000+0000 etcd: ${second}\n`);

  it('returns the lines of all nodes in order, and of the others when one is off', async () => {
    const off = new ConnectError('node1', 'node1 is off');
    expect(await read({node0: node('node0', 7), node1: off, node2: node('node2', 3)}, false)).toEqual({
      lines: ['node2 3', 'node0 7'],
      failures: ['node1: node1 is off'],
      failed: 1,
    });
  });

  it('passes each line on as it arrives when they are followed', async () => {
    const {lines, failed} = await read({node0: node('node0', 7), node1: node('node1', 5), node2: node('node2', 3)}, true);
    expect([...lines].sort()).toEqual(['node0 7', 'node1 5', 'node2 3']);
    expect(failed).toBe(0);
  });

  it('fails for a node whose journal cannot be read', async () => {
    const broken = new FakeHost('node1').on(['sh', '-s'], {code: 1, stderr: 'no journal'});
    const {failures} = await read({node0: node('node0', 1), node1: broken, node2: node('node2', 2)}, false);
    expect(failures).toEqual(['node1: journalctl failed on node1 (exit 1)']);
  });
});

describe('since when', () => {
  it.each([
    ['90s', ['--since=-90s'], ['--since', '90s']],
    ['2h', ['--since=-7200s'], ['--since', '7200s']],
    ['1d', ['--since=-86400s'], ['--since', '86400s']],
    ['2026-01-01T00:00:00Z', ['--since=@1767225600'], ['--since', '1767225600']],
  ])('%s is converted for journalctl and docker', (text, journal, docker) => {
    expect(journalSince(parseSince(text))).toEqual(journal);
    expect(dockerSince(parseSince(text))).toEqual(docker);
  });

  it.each(['', 'yesterday', '10', '5 m', '2026-13-01'])('`%s` is rejected', (text) => {
    expect(() => parseSince(text)).toThrow('is not a point in time');
  });
});
