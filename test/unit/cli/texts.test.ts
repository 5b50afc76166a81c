import {describe, expect, it} from 'vitest';
import {notebookHint} from '../../../src/cli/commands/notebook.js';
import {planJson, planText} from '../../../src/cli/commands/plan.js';
import {statusText} from '../../../src/cli/text/status.js';
import type {Action} from '../../../src/engine/action.js';
import type {ItemPlan} from '../../../src/engine/runner.js';
import {Secret} from '../../../src/host/command.js';
import type {ClusterStatus} from '../../../src/status/status.js';
import {Hw5Error} from '../../../src/support/errors.js';
import {checkJsonOutput} from '../../support/json-output.js';
import {clusterOf} from '../components/situation.js';

const item = (host: string, actions: Action[], more: Partial<ItemPlan> = {}): ItemPlan => ({
  step: 'etcd',
  title: 'etcd members',
  host,
  actions,
  waitFor: undefined,
  error: undefined,
  ...more,
});

describe('the text of a plan', () => {
  it('has a block per step and host, with the diff of each file', () => {
    const change: Action = {
      kind: 'write',
      path: '/etc/a',
      mode: 0o644,
      before: 'one\ntwo\nthree\nfour\nfive\n',
      content: 'one\ntwo\n3\nfour\nfive\n',
    };
    const fresh: Action = {kind: 'write', path: '/etc/b', mode: 0o644, content: 'new\n'};
    expect(
      planText([
        item('a', [change, {kind: 'systemctl', verb: 'restart', units: ['x']}], {waitFor: 'a quorum'}),
        item('b', []),
        item('c', [fresh]),
      ]),
    ).toBe(`a: etcd members
  change /etc/a (mode 0644)
    @@ -1,5 +1,5 @@
     one
     two
    -three
    +3
     four
     five
  systemctl restart x
  wait for a quorum

c: etcd members
  write /etc/b (mode 0644)
    @@ -0,0 +1,1 @@
    +new
`);
  });

  it('shows only that a secret changes', () => {
    const secret = item('a', [{kind: 'write', path: '/etc/s', mode: 0o600, before: '***', content: new Secret('TOP-SECRET')}]);
    const text = planText([secret]);
    expect(text).toBe('a: etcd members\n  change /etc/s (mode 0600)\n    (a secret)\n');
    const json = planJson([secret]);
    checkJsonOutput(['plan', '--json'], json);
    expect(JSON.parse(json)[0].actions[0]).toMatchObject({content: '***', before: '***'});
  });

  it('shows no diff if only the mode differs', () => {
    const opened: Action = {kind: 'write', path: '/etc/a', mode: 0o600, before: 'a\n', content: 'a\n'};
    expect(planText([item('a', [opened])])).toBe('a: etcd members\n  change /etc/a (mode 0600)\n');
  });

  it('is one line if nothing would change', () => {
    expect(planText([item('a', []), item('b', [])])).toBe('nothing to change\n');
    // errors are printed separately; whether anything would change is unknown
    expect(planText([item('a', []), {...item('b', []), error: new Hw5Error('gave no answer')}])).toBe('');
  });

  it('shows what `up` would only wait for', () => {
    expect(planText([item('a', [], {waitFor: 'a quorum'})])).toBe('a: etcd members\n  wait for a quorum\n');
  });
});

const STATUS: ClusterStatus = {
  cluster: 'zzw',
  healthy: true,
  nodes: [
    {
      name: 'node0',
      address: '198.18.0.10',
      reachable: true,
      components: {etcd: {state: 'healthy', detail: 'is healthy'}, calico: {state: 'healthy', detail: '1 of 1 BGP sessions'}},
      peers: [{address: '198.18.0.11', type: 'node-to-node mesh', state: 'up', since: '16:01:02', info: 'Established'}],
    },
  ],
  network: {name: 'calico_net', subnet: '192.168.0.0/16', state: 'healthy', nodes: ['node0']},
  framework: {state: 'healthy', id: 'F-1', leader: 'node0', connected: true, master: '198.18.0.10:5050'},
  tasks: [
    {
      name: 'jupyter',
      state: 'running',
      healthy: true,
      isConfirmed: true,
      node: 'node0',
      ip: '192.168.0.100',
      image: 'docker-jupyter:1',
      restarts: 0,
      message: '',
    },
  ],
  notebook: {urls: ['http://198.18.0.10:8888/']},
};

describe('the text of the status', () => {
  it('of a healthy cluster', () => {
    expect(statusText(STATUS)).toBe(`zzw: healthy

                 node0
                 198.18.0.10
etcd             ● healthy
calico           ● healthy
BGP 198.18.0.11  ● up 16:01:02

● network       calico_net 192.168.0.0/16, on node0
● framework     F-1, leader: node0, connected to 198.18.0.10:5050

TASK     STATE    NODE   ADDRESS        RESTARTS  IMAGE
jupyter  running  node0  192.168.0.100  0         docker-jupyter:1

notebook  http://198.18.0.10:8888/
`);
  });

  it('has no notebook URL if no task runs Jupyter', () => {
    expect(statusText({...STATUS, notebook: {urls: []}})).toContain(
      '\nnotebook  none: no task runs Jupyter, or no node is a proxy\n',
    );
  });

  it('names the policies of Calico that may cut the notebook off', () => {
    const text = (policies: NonNullable<ClusterStatus['notebook']['policies']> | null) =>
      statusText({...STATUS, notebook: {...STATUS.notebook, policies}}).split('notebook  http://198.18.0.10:8888/\n')[1];
    const hint = '    hint: run `calicoctl get policy -o yaml` on a node to see what is allowed\n';
    expect(text([{name: 'one-node', selector: ''}])).toBe(
      `\n! Calico's policy one-node (selector: all()) decides before the profile calico_net, and may cut the notebook off\n${hint}`,
    );
    expect(
      text([
        {name: 'a', selector: 'has(x)'},
        {name: 'b', selector: 'all()'},
      ]),
    ).toContain("! Calico's policies a (selector: has(x)), b (selector: all()) decide before the profile calico_net");
    expect(text(null)).toContain('! a policy of Calico may cut the notebook off: calicoctl does not answer on any node\n');
    expect(text([])).toBe('');
  });

  it('of an unhealthy cluster shows what is wrong and why', () => {
    const [node] = STATUS.nodes;
    const [task] = STATUS.tasks;
    const text = statusText({
      ...STATUS,
      healthy: false,
      nodes: [
        {
          ...node!,
          components: {etcd: {state: 'unhealthy', detail: 'no quorum'}, proxy: {state: 'absent', detail: 'not there'}},
          peers: [{...node!.peers[0]!, state: 'start', info: 'Active Socket: No route to host'}],
        },
        {
          ...node!,
          name: 'node1',
          address: '198.18.0.11',
          reachable: false,
          error: 'no route to node1\n  at all',
          hint: 'is it up?',
          components: {},
          peers: [],
        },
      ],
      network: {...STATUS.network, state: 'absent', nodes: []},
      framework: {...STATUS.framework, state: 'absent', id: null, leader: null, connected: false},
      tasks: [
        {...task!, healthy: false, message: 'GET /api: 503'},
        {...task!, name: 'ssh-1', state: 'pending', healthy: null, node: null, message: 'no agent has enough memory'},
      ],
    });
    for (const line of [
      'zzw: not healthy',
      '                 node0             node1',
      '                 198.18.0.10       198.18.0.11',
      'etcd             ✗ unhealthy       ?',
      'proxy            ○ absent          ?',
      'BGP 198.18.0.11  ✗ start 16:01:02  ?',
      '✗ etcd on node0: no quorum',
      '○ proxy on node0: not there',
      '✗ BGP from node0 to 198.18.0.11 (node-to-node mesh): Active Socket: No route to host',
      'node1 is unreachable',
      '    no route to node1',
      '      at all',
      '    hint: is it up?',
      '○ network       calico_net 192.168.0.0/16, on no node',
      '○ framework     no scheduler answers',
      'jupyter  running, unhealthy  node0  192.168.0.100  0         docker-jupyter:1  GET /api: 503',
      'ssh-1    pending             -      192.168.0.100  0         docker-jupyter:1  no agent has enough memory',
    ])
      expect(text.split('\n')).toContain(line);
  });

  it('of a scheduler of another version names it, and how to proceed', () => {
    const error = 'this scheduler speaks version 0 of its API, and this hw5 version 1';
    const framework = {...STATUS.framework, state: 'unhealthy', id: null, error, hint: '`hw5 up` installs it'} as const;
    expect(statusText({...STATUS, framework})).toContain(`✗ framework     ${error} (\`hw5 up\` installs it)`);
  });

  it('of a framework without a leader', () => {
    const framework = {...STATUS.framework, state: 'unhealthy', leader: null, connected: false} as const;
    expect(statusText({...STATUS, framework})).toContain('✗ framework     F-1, leader: none, not connected to 198.18.0.10:5050');
  });
});

describe('the last line of `up`', () => {
  it('is the URL and the command that prints it with the token', () => {
    const cluster = clusterOf('proxy: {port: 80}');
    expect(notebookHint(cluster, {})).toBe('notebook: http://198.18.0.10:80/ (print it with its token: `hw5 notebook`)');
    expect(notebookHint({...cluster, framework: {...cluster.framework, tasks: []}}, {})).toBe('done');
    expect(notebookHint(cluster, {lab: true})).toContain('`hw5 --lab notebook`');
    expect(notebookHint(cluster, {labName: 'two'})).toContain('`hw5 --lab-name two notebook`');
    expect(notebookHint(cluster, {file: 'my lab.yaml'})).toContain("`hw5 -f 'my lab.yaml' notebook`");
  });
});
