import type {FailedCheck} from '../../../engine/step.js';
import type {Port} from '../../component.js';
import type {PreflightContext, PreflightFacts} from './observed.js';

/** A listening socket, from a line of `ss -Hltnp`. */
interface Listener {
  readonly address: string;
  readonly port: number;
  readonly programs: readonly {readonly name: string; readonly pid: string}[];
}

/** The components' ports that other programs hold. Services of an earlier `up`, and those that hw5 stops itself, may hold them. */
export function checkPorts(observed: PreflightFacts, {ports}: PreflightContext): readonly FailedCheck[] {
  const allowed = new Set(observed.allowed?.split('\n'));
  const isInstalled = Number(observed.hasHw5 ?? 0) > 0;
  const listeners = parseListeners(observed.listeners ?? '').filter(({programs}) => !programs.some(({pid}) => allowed.has(pid)));
  return ports.flatMap((port) => {
    const isComponent = ({programs}: Listener): boolean =>
      isInstalled && programs.some(({name}) => port.processes?.includes(name));
    const conflict = listeners.find((listener) => isConflict(listener, port) && !isComponent(listener));
    return conflict ? [conflictOf(conflict, port)] : [];
  });
}

function parseListeners(table: string): readonly Listener[] {
  return table.split('\n').flatMap((line) => {
    // `0.0.0.0:22`, `*:22`, `[::]:22`, `127.0.0.53%lo:53`, `[::ffff:10.0.0.1]:80`
    const [, address, port] = /^\S+ +\S+ +\S+ +\[?(?:::ffff:)?([^\]\s]*?)(?:%[^\]\s]+)?\]?:(\d+)\s/.exec(`${line} `) ?? [];
    if (address === undefined) return [];
    const programs = [...line.matchAll(/\("([^"]+)",pid=(\d+)/g)].map(([, name, pid]) => ({name: name!, pid: pid!}));
    return [{address, port: Number(port), programs}];
  });
}

/** Whether the listener prevents the component from binding its port. */
function isConflict(listener: Listener, {port, protocol, bind}: Port): boolean {
  if (listener.port !== port || protocol !== 'tcp' || bind === undefined) return false;
  return bind === 'everywhere' || ['0.0.0.0', '*', '::'].includes(listener.address) || bind.includes(listener.address);
}

function conflictOf({programs: [program]}: Listener, {port, purpose, bind}: Port): FailedCheck {
  const holder = program ? `${program.name} (process ${program.pid})` : 'another process';
  return {
    message: `port ${port} (${purpose}) is held by ${holder}`,
    hint:
      bind === 'everywhere'
        ? `stop it: ${purpose} has this port everywhere`
        : `stop it, or give ${purpose} another port in the cluster file`,
  };
}
