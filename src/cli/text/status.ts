import {isEstablished} from '../../components/calico/node-status.js';
import type {HealthState} from '../../components/health.js';
import {isTaskHealthy} from '../../scheduler-api/state.js';
import type {ClusterStatus, NodeStatus, TaskStatus} from '../../status/status.js';
import {chalk} from '../reporter/colours.js';
import {columns} from './columns.js';

const COLOUR: Readonly<Record<HealthState, (text: string) => string>> = {
  healthy: chalk.green,
  unhealthy: chalk.red,
  absent: chalk.dim,
};
const SIGN: Readonly<Record<HealthState, string>> = {healthy: '●', unhealthy: '✗', absent: '○'};
const COLOUR_OF_SIGN = new Map((['healthy', 'unhealthy', 'absent'] as const).map((state) => [SIGN[state], COLOUR[state]]));

/** The status for people; details only of what is not healthy. */
export function statusText(status: ClusterStatus): string {
  const lines = [
    `${chalk.bold(status.cluster)}: ${status.healthy ? chalk.green('healthy') : chalk.red('not healthy')}`,
    '',
    ...nodeLines(status),
    '',
    part(
      status.network.state,
      'network',
      `${status.network.name} ${status.network.subnet}, on ${status.network.nodes.join(', ') || 'no node'}`,
    ),
    part(
      status.framework.state,
      'framework',
      status.framework.id
        ? `${status.framework.id}, leader: ${status.framework.leader ?? 'none'}, ${status.framework.connected ? 'connected to' : 'not connected to'} ${status.framework.master}`
        : `${status.framework.error ?? 'no scheduler answers'}${status.framework.hint === undefined ? '' : ` (${status.framework.hint})`}`,
    ),
    '',
    ...taskLines(status),
    '',
    `notebook  ${status.notebook.urls.join('  ') || 'none: no task runs Jupyter, or no node is a proxy'}`,
    ...policyLines(status),
  ];
  return `${lines.join('\n')}\n`;
}

/** A table with a row per component and a column per node, followed by the details of what is not healthy. */
function nodeLines(status: ClusterStatus): string[] {
  const {nodes} = status;
  const names = [...new Set(nodes.flatMap((node) => Object.keys(node.components)))];
  const peers = [...new Set(nodes.flatMap((node) => node.peers.map((peer) => peer.address)))].sort();
  const rows = [
    ['', ...nodes.map((node) => node.name)],
    ['', ...nodes.map((node) => node.address)],
    ...names.map((name) => [name, ...nodes.map((node) => componentCell(node, name))]),
    ...peers.map((address) => [`BGP ${address}`, ...nodes.map((node) => peerCell(node, address))]),
  ];
  const [heads = '', addresses = '', ...cells] = columns(rows);
  return [
    chalk.bold(heads),
    chalk.dim(addresses),
    ...cells.map((line) => line.replace(/[●✗○]/g, (sign) => COLOUR_OF_SIGN.get(sign)!(sign))),
    ...problems(status).map((line, index) => (index === 0 ? `\n${line}` : line)),
  ];
}

function componentCell(node: NodeStatus, name: string): string {
  const component = node.components[name];
  if (component) return `${SIGN[component.state]} ${component.state}`;
  return node.reachable ? '-' : '?';
}

function peerCell(node: NodeStatus, address: string): string {
  const peer = node.peers.find((one) => one.address === address);
  if (!peer) return node.reachable ? '-' : '?';
  return isEstablished(peer) ? `${SIGN.healthy} up ${peer.since}` : `${SIGN.unhealthy} ${peer.state} ${peer.since}`;
}

function problems(status: ClusterStatus): string[] {
  return status.nodes.flatMap((node) => {
    if (!node.reachable) {
      const why = [...(node.error ?? '').split('\n'), ...(node.hint === undefined ? [] : [`hint: ${node.hint}`])];
      return [chalk.red(`${node.name} is unreachable`), ...why.map((line) => `    ${line}`)];
    }
    return [
      ...Object.entries(node.components)
        .filter(([, component]) => component.state !== 'healthy')
        .map(
          ([name, component]) => `${COLOUR[component.state](SIGN[component.state])} ${name} on ${node.name}: ${component.detail}`,
        ),
      ...node.peers
        .filter((peer) => !isEstablished(peer))
        .map((peer) => `${chalk.red(SIGN.unhealthy)} BGP from ${node.name} to ${peer.address} (${peer.type}): ${peer.info}`),
    ];
  });
}

function part(state: HealthState, name: string, detail: string): string {
  return `${COLOUR[state](SIGN[state])} ${name.padEnd(13)} ${state === 'healthy' ? chalk.dim(detail) : detail}`;
}

/** Policies of Calico, which may cut the notebook off while a proxy cannot reach it. */
function policyLines({network, notebook: {policies}}: ClusterStatus): string[] {
  if (policies === undefined || policies?.length === 0) return [];
  const warning = (text: string, hint: string) => ['', `${chalk.yellow('!')} ${text}`, `    hint: ${hint}`];
  if (policies === null) {
    return warning(
      'a policy of Calico may cut the notebook off: calicoctl does not answer on any node',
      'once etcd answers, run `calicoctl get policy -o wide` on a node',
    );
  }
  const names = policies.map(({name, selector}) => `${name} (selector: ${selector || 'all()'})`).join(', ');
  const decide = policies.length === 1 ? `policy ${names} decides` : `policies ${names} decide`;
  return warning(
    `Calico's ${decide} before the profile ${network.name}, and may cut the notebook off`,
    'run `calicoctl get policy -o yaml` on a node to see what is allowed',
  );
}

function stateLabel({state, healthy, isConfirmed}: TaskStatus): string {
  if (!isConfirmed) return state === 'unknown' ? state : `${state}, not confirmed`;
  return healthy === false ? `${state}, unhealthy` : state;
}

function taskLines(status: ClusterStatus): string[] {
  const rows = [
    ['TASK', 'STATE', 'NODE', 'ADDRESS', 'RESTARTS', 'IMAGE'],
    ...status.tasks.map((task) => [task.name, stateLabel(task), task.node ?? '-', task.ip, String(task.restarts), task.image]),
  ];
  return columns(rows).map((text, index) => {
    const task = status.tasks[index - 1];
    if (!task) return chalk.dim(text);
    return isTaskHealthy(task) ? text : `${chalk.yellow(text)}  ${task.message}`;
  });
}
