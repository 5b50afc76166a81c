import chalk from 'chalk';
import type {ClusterStatus, ComponentState} from '../status/status.js';
import {isWell} from '../steps/framework.js';

const COLOUR: Readonly<Record<ComponentState, (text: string) => string>> = {
  healthy: chalk.green,
  unhealthy: chalk.red,
  absent: chalk.dim,
};
const SIGN: Readonly<Record<ComponentState, string>> = {healthy: '●', unhealthy: '✗', absent: '○'};

/** The status for people: what is well in one word, what is not with why. */
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
        ? `${status.framework.id}, led by ${status.framework.leader ?? 'nobody'}, ${status.framework.connected ? 'connected to' : 'not connected to'} ${status.framework.master}`
        : 'no scheduler answers',
    ),
    '',
    ...taskLines(status),
    '',
    `notebook  ${status.notebook.urls.join('  ')}`,
  ];
  return `${lines.join('\n')}\n`;
}

function nodeLines(status: ClusterStatus): string[] {
  return status.nodes.flatMap((node) => {
    const head = `${chalk.bold(node.name)} ${chalk.dim(node.address)}`;
    if (!node.reachable) {
      const why = [...(node.error ?? '').split('\n'), ...(node.hint === undefined ? [] : [`hint: ${node.hint}`])];
      return [`${head}  ${chalk.red('not reachable')}`, ...why.map((line) => `    ${line}`)];
    }
    return [
      head,
      ...Object.entries(node.components).map(([name, component]) => `  ${part(component.state, name, component.detail)}`),
      ...node.peers.map(
        (peer) => `      ${chalk.dim(`BGP ${peer.address} (${peer.type}): ${peer.state} since ${peer.since}, ${peer.info}`)}`,
      ),
    ];
  });
}

function part(state: ComponentState, name: string, detail: string): string {
  return `${COLOUR[state](SIGN[state])} ${name.padEnd(13)} ${state === 'healthy' ? chalk.dim(detail) : detail}`;
}

function taskLines(status: ClusterStatus): string[] {
  const rows = [
    ['TASK', 'STATE', 'NODE', 'ADDRESS', 'RESTARTS', 'IMAGE'],
    ...status.tasks.map((task) => [
      task.name,
      task.healthy === false ? `${task.state}, unhealthy` : task.state,
      task.node ?? '-',
      task.ip,
      String(task.restarts),
      task.image,
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row, index) => {
    const task = status.tasks[index - 1];
    const text = row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd();
    if (!task) return chalk.dim(text);
    return isWell(task) ? text : `${chalk.yellow(text)}  ${task.message}`;
  });
}
