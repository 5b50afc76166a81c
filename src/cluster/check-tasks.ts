import {checkAgentName} from './check-nodes.js';
import {nodesWith} from './cluster.js';
import type {Draft} from './complete.js';
import {type ConfigFinding, formatPath, hasFinding} from './finding.js';
import {nearest} from './nearest.js';
import {NO_ADDRESS} from './no-address.js';
import {isName, NAME_HINT} from './rules.js';

/** Checks the tasks: unique names, unique addresses in the pool, complete health checks, and nodes on which they can run. */
export function checkTasks(draft: Draft, known: readonly ConfigFinding[]): ConfigFinding[] {
  return [
    ...checkGroups(draft, known),
    ...checkHealthChecks(draft),
    ...checkCommandLines(draft),
    ...onceAGroup([...checkNames(draft), ...checkAddresses(draft, known), ...checkUnique(draft, known)]),
  ];
}

function checkGroups({cluster, input}: Draft, known: readonly ConfigFinding[]): ConfigFinding[] {
  return (input.framework?.tasks ?? []).flatMap((task, index) => {
    const path = ['framework', 'tasks', index];
    const findings: ConfigFinding[] = [];
    const isMistyped = known.some(({path: at}) => at.length === 4 && at[2] === index && nearest(String(at[3]), ['name']));
    if (task.name === undefined && !isMistyped && !hasFinding(known, [...path, 'name'])) {
      findings.push({path: [...path, 'name'], message: 'missing', hint: 'write the name of the task, as `name: jupyter`'});
    }
    const node = task.constraints?.node;
    if (node !== undefined) findings.push(...checkAgentName(node, [...path, 'constraints', 'node'], cluster.nodes, known));
    return findings;
  });
}

/** The index of the first task of each group in the file: a group is expanded into several tasks. */
function firstOfGroups({cluster, taskPaths}: Draft): readonly number[] {
  return cluster.framework.tasks.flatMap((_, index) => (index > 0 && taskPaths[index] === taskPaths[index - 1] ? [] : [index]));
}

function checkHealthChecks(draft: Draft): ConfigFinding[] {
  return firstOfGroups(draft).flatMap((index) => {
    const check = draft.cluster.framework.tasks[index]!.healthCheck;
    const path = [...draft.taskPaths[index]!, 'healthCheck'];
    const given = groupInput(draft, index)?.healthCheck;
    const findings: ConfigFinding[] = [];
    if (check?.port === 0) {
      const hint = 'write the port of the container to check, as `port: 80`, or `healthCheck: none`';
      findings.push({path: [...path, 'port'], message: 'the port is missing', hint});
    }
    if (given?.path !== undefined && check?.type !== 'http') {
      findings.push({
        path: [...path, 'path'],
        message: 'only a health check of type http has a path',
        hint: 'write `type: http` or delete the path',
        atKey: true,
      });
    }
    return findings;
  });
}

/** Command line options that set Jupyter's token or password. */
const TOKEN_OPTION = /(?:^|\s)--?(?:\w+\.)*(?:token|password|hashed_password)(?:=|\s|$)/i;

function checkCommandLines(draft: Draft): ConfigFinding[] {
  return firstOfGroups(draft).flatMap((index) => {
    const given = groupInput(draft, index);
    if (!given || draft.cluster.framework.tasks[index]!.image !== 'jupyter') return [];
    const path = draft.taskPaths[index]!;
    const texts = [
      {text: given.command ?? '', at: [...path, 'command']},
      ...(given.arguments ?? []).map((text, position) => ({text, at: [...path, 'arguments', position]})),
    ];
    return texts
      .filter(({text}) => TOKEN_OPTION.test(text))
      .map(({at}) => ({
        path: at,
        message: 'a token or password must not be in a command line, which every user of the node can read',
        hint: 'delete it, and put the token into a file of mode 0600: `framework: {tokenFile: FILE}`; without one, hw5 generates a random token',
      }));
  });
}

function groupInput({input, taskPaths}: Draft, index: number) {
  return input.framework?.tasks?.[Number(taskPaths[index]!.at(-1))];
}

function checkNames(draft: Draft): ConfigFinding[] {
  const {tasks} = draft.cluster.framework;
  const names = tasks.map((task) => task.name);
  return tasks.flatMap(({name}, index): ConfigFinding[] => {
    const path = [...draft.taskPaths[index]!, 'name'];
    const group = groupInput(draft, index);
    if (group !== undefined && group.name === undefined) return [];
    const first = names.indexOf(name);
    if (first !== index) {
      const hint = 'every task needs a name of its own; a group with `count: 2` uses name-1 and name-2';
      return [{path, message: `${label(draft, first)} already has the name ${name}`, hint}];
    }
    return isName(name) ? [] : [{path, message: `results in the task name ${name}, which is not valid`, hint: NAME_HINT}];
  });
}

function label({taskPaths}: Draft, index: number): string {
  return `framework.tasks[${String(taskPaths[index]!.at(-1))}]`;
}

function checkAddresses(draft: Draft, known: readonly ConfigFinding[]): ConfigFinding[] {
  const {cluster, taskPaths} = draft;
  const isPoolBroken = hasFinding(known, ['network', 'subnet']);
  const pool = cluster.network.subnet;
  const {tasks} = cluster.framework;
  const addresses = tasks.map((task) => task.address);
  return tasks.flatMap(({name, address}, index): ConfigFinding[] => {
    if (address === NO_ADDRESS) return [];
    const path = [...taskPaths[index]!, groupInput(draft, index)?.addresses ? 'addresses' : 'address'];
    const finding = (message: string, hint: string): ConfigFinding[] => [{path, message, hint}];
    const first = addresses.indexOf(address);
    if (first !== index) {
      return finding(`${tasks[first]!.name} already has the address ${address}`, 'every task needs an address of its own');
    }
    if (isPoolBroken) return [];
    if (!pool.contains(address)) {
      return finding(
        `${address} (${name}) is outside the pool ${pool}`,
        'choose an address in the pool, or change network.subnet',
      );
    }
    if (address === pool.address) return finding(`${address} is the network address of ${pool}`, 'choose a higher address');
    return address === pool.last ? finding(`${address} is the broadcast address of ${pool}`, 'choose a lower address') : [];
  });
}

/** Checks that `unique` tasks, which never share a node with another task of their kind (the name without its number), have enough nodes. */
function checkUnique({cluster, taskPaths}: Draft, known: readonly ConfigFinding[]): ConfigFinding[] {
  const agents = nodesWith(cluster, 'agent').length;
  if (hasFinding(known, ['nodes']) || agents === 0) return [];
  const {tasks} = cluster.framework;
  const unique = tasks.flatMap(({name, constraints}, index) => {
    return constraints.unique ? [{index, kind: name.replace(/-\d+$/, ''), node: constraints.node}] : [];
  });
  return unique.flatMap(({index, kind, node}, position): ConfigFinding[] => {
    const before = unique.slice(0, position).filter((other) => other.kind === kind);
    const path = [...taskPaths[index]!, 'constraints', 'unique'];
    const {name} = tasks[index]!;
    if (node !== undefined && before.some((other) => other.node === node)) {
      const message = `${name} must be the only task of its kind on ${node}, but another task has the same constraints`;
      return [{path, message, hint: 'remove `unique` or `node` from one of them'}];
    }
    if (before.length !== agents) return [];
    const all = unique.filter((other) => other.kind === kind).length;
    const message = `${all} tasks need a node each, but there ${agents === 1 ? 'is 1 agent' : `are ${agents} agents`}`;
    return [{path, message, hint: 'remove `unique` from some of them, lower their count, or add agents'}];
  });
}

/** Reports an error that all tasks of a group have in common only once. */
function onceAGroup(findings: readonly ConfigFinding[]): ConfigFinding[] {
  const isSame = (a: ConfigFinding, b: ConfigFinding) => formatPath(a.path) === formatPath(b.path) && a.hint === b.hint;
  return findings.flatMap((finding, index) => {
    if (findings.findIndex((other) => isSame(other, finding)) !== index) return [];
    const more = findings.filter((other) => isSame(other, finding)).length - 1;
    return [more === 0 ? finding : {...finding, message: `${finding.message}, and likewise for ${more} more`}];
  });
}
