import {type Address, plus} from '../support/address.js';
import {formatRange, parseRange} from '../support/address-range.js';
import type {Block} from '../support/block.js';
import type {HealthCheckSettings, TaskSettings} from './cluster.js';
import {type ConfigFinding, hasFinding, type Path} from './finding.js';
import {NO_ADDRESS} from './no-address.js';
import type {TaskInput} from './schema.js';

/** The tasks of a file without `framework.tasks`: the report's five containers. */
export const DEFAULT_TASKS: readonly TaskInput[] = [{name: 'jupyter'}, {name: 'ssh', count: 4}];

/** Where the addresses of tasks without one start, counted from the first address of the pool. */
const FIRST_OFFSET = {jupyter: 100, other: 101};

export interface ExpandedTasks {
  readonly tasks: readonly TaskSettings[];
  /** The path in the YAML of each task's entry. */
  readonly paths: readonly Path[];
  readonly findings: readonly ConfigFinding[];
}

/** A task before its defaults are filled in. */
interface Claim {
  readonly path: Path;
  readonly group: TaskInput;
  readonly name: string;
  readonly image: string;
  /** As in the file; undefined: hw5 chooses one. */
  readonly address: Address | undefined;
}

/** Expands groups (`count: 4`) into single tasks, with names, addresses and all defaults. */
export function expandTasks(input: readonly TaskInput[] | undefined, pool: Block): ExpandedTasks {
  const findings: ConfigFinding[] = [];
  const claims = (input ?? DEFAULT_TASKS).flatMap((group, index) => claim(group, ['framework', 'tasks', index], findings));
  const taken = new Set(claims.flatMap(({address}) => (address === undefined ? [] : [address])));
  const tasks = claims.map((one) => complete(one, one.address ?? choose(one, pool, taken)));
  if (tasks.some((task, index) => task.address === NO_ADDRESS && claims[index]!.address === undefined)) {
    const hint = `choose a larger subnet, or write an address for each task, as \`address: ${pool.nth(2)}\``;
    const message = `too small: hw5 assigns addresses to tasks from the pool's ${FIRST_OFFSET.jupyter}th on, and there are not enough`;
    findings.push({path: ['network', 'subnet'], message, hint});
  }
  return {tasks, paths: claims.map(({path}) => path), findings};
}

function claim(group: TaskInput, path: Path, findings: ConfigFinding[]): Claim[] {
  const name = group.name ?? '';
  const image = group.image ?? defaultImage(name);
  if (group.name !== undefined && image === '') {
    findings.push({
      path: [...path, 'image'],
      message: 'missing',
      hint: 'write `jupyter`, `ssh`, or the name of a container image',
    });
  }
  if (group.count === undefined && group.addresses === undefined) return [{path, group, name, image, address: group.address}];

  const addresses = groupAddresses(group, path, findings);
  const count = group.count ?? addresses?.length ?? 1;
  const isReadable = !hasFinding(findings, [...path, 'addresses']) && !hasFinding(findings, [...path, 'address']);
  if (addresses && addresses.length !== count && isReadable) {
    const message = `${count} ${count === 1 ? 'task' : 'tasks'}, but ${addresses.length} ${addresses.length === 1 ? 'address' : 'addresses'}`;
    findings.push({path: [...path, 'count'], message, hint: countHint(count, addresses)});
  }
  return Array.from({length: count}, (_, index) => {
    const address = addresses ? (addresses[index] ?? NO_ADDRESS) : undefined;
    return {path, group, name: `${name}-${index + 1}`, image, address};
  });
}

function groupAddresses(group: TaskInput, path: Path, findings: ConfigFinding[]): readonly Address[] | undefined {
  if (group.address !== undefined) {
    const hint = 'write `addresses: 192.168.0.101-104` for a group; for a single task, delete `count` and `addresses`';
    findings.push({path: [...path, 'address'], message: 'a single address for a group of tasks', hint, atKey: true});
    return group.addresses ? [] : undefined;
  }
  return group.addresses?.flatMap((text, index) => {
    const range = parseRange(text, 1000);
    if (range) return range;
    const hint = 'write a range as 192.168.0.101-104 or 192.168.0.101-192.168.0.104, or a list of single addresses';
    findings.push({path: [...path, 'addresses', index], message: 'not a range of IPv4 addresses', hint});
    return [];
  });
}

function countHint(count: number, addresses: readonly Address[]): string {
  const [first] = addresses;
  if (first === undefined) return 'write the addresses as 192.168.0.101-104';
  return `write \`count: ${addresses.length}\`, or \`addresses: ${formatRange(first, plus(first, count - 1) ?? first)}\``;
}

/** The next free address of the pool; NO_ADDRESS when there is none. The last address is the broadcast address and is not used. */
function choose(task: Claim, pool: Block, taken: Set<Address>): Address {
  let index = task.image === 'jupyter' ? FIRST_OFFSET.jupyter : FIRST_OFFSET.other;
  let address = pool.nth(index);
  while (address !== undefined && taken.has(address)) address = pool.nth(++index);
  if (address === undefined || address === pool.last) return NO_ADDRESS;
  taken.add(address);
  return address;
}

function defaultImage(name: string): string {
  if (name === 'jupyter') return 'jupyter';
  return /^ssh(-\d+)?$/.test(name) ? 'ssh' : '';
}

interface ImageDefaults {
  readonly cpus: number;
  readonly mem: number;
  readonly command?: string;
  readonly arguments: readonly string[];
  readonly healthCheck?: Pick<HealthCheckSettings, 'type' | 'port' | 'path'>;
}

function imageDefaults(image: string): ImageDefaults {
  if (image === 'jupyter') {
    return {
      cpus: 0.5,
      // Enough for the server and some Python kernels; with the report's 32 MB, the OOM killer terminates it.
      mem: 512,
      command: 'jupyter',
      arguments: ['notebook', '--ip=0.0.0.0', '--port=8888'],
      // The only path of the notebook server's API that needs no token.
      healthCheck: {type: 'http', port: 8888, path: '/api'},
    };
  }
  if (image === 'ssh') {
    return {cpus: 0.1, mem: 64, command: '/usr/sbin/sshd', arguments: ['-D', '-e'], healthCheck: {type: 'tcp', port: 22}};
  }
  return {cpus: 0.1, mem: 64, arguments: []};
}

function complete({group, name, image}: Claim, address: Address): TaskSettings {
  const defaults = imageDefaults(image);
  return {
    name,
    image,
    address,
    cpus: group.cpus ?? defaults.cpus,
    mem: group.mem ?? defaults.mem,
    command: group.command ?? defaults.command,
    // The default arguments belong to the default command only.
    arguments: group.arguments ?? (group.command === undefined ? defaults.arguments : []),
    healthCheck: completeHealthCheck(group.healthCheck, defaults.healthCheck),
    constraints: group.constraints ?? {},
  };
}

function completeHealthCheck(
  given: TaskInput['healthCheck'],
  byImage: ImageDefaults['healthCheck'],
): HealthCheckSettings | undefined {
  const type = given?.type ?? byImage?.type ?? (given ? 'tcp' : 'none');
  if (type === 'none') return undefined;
  const isSameType = type === byImage?.type;
  const path = type === 'http' ? (given?.path ?? (isSameType ? byImage?.path : undefined) ?? '/') : undefined;
  return {
    type,
    // 0: missing; `checkTasks` reports it.
    port: given?.port ?? (isSameType ? byImage?.port : undefined) ?? 0,
    ...(path === undefined ? {} : {path}),
    graceSeconds: given?.graceSeconds ?? 60,
    intervalSeconds: given?.intervalSeconds ?? 5,
    timeoutSeconds: given?.timeoutSeconds ?? 5,
    failures: given?.failures ?? 3,
  };
}
