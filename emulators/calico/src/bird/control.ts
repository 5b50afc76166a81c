import {connect} from 'node:net';

/** BIRD's control sockets, in the order in which `calicoctl` tries them. */
export const BIRD_SOCKETS = ['/var/run/calico/bird.ctl', '/var/run/bird/bird.ctl'] as const;
export const BIRD6_SOCKETS = ['/var/run/calico/bird6.ctl', '/var/run/bird/bird6.ctl'] as const;
const REPLY_LIMIT_MS = 3_000;

/** Sends one command to BIRD and returns the lines of its reply, with their four-digit codes. @throws Error if BIRD does not reply */
export function queryBird(socketPath: string, command: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    const lines: string[] = [];
    let rest = '';
    let isGreeted = false;
    const end = (error?: Error) => {
      clearTimeout(timer);
      socket.destroy();
      if (error === undefined) resolve(lines);
      else reject(error);
    };
    const timer = setTimeout(
      () => end(new Error(`BIRD did not reply to "${command}" within ${REPLY_LIMIT_MS} ms`)),
      REPLY_LIMIT_MS,
    );
    socket.on('error', (error) => end(error));
    socket.on('close', () => end(new Error('BIRD closed its control socket')));
    socket.on('data', (chunk) => {
      const parts = (rest + chunk.toString()).split('\n');
      rest = parts.pop() ?? '';
      for (const line of parts) {
        if (!isGreeted) {
          isGreeted = true; // "0001 BIRD 1.6.8 ready."
          socket.write(`${command}\n`);
          continue;
        }
        lines.push(line);
        // A code and a space: the last line. A code and "-", or no code: more lines follow.
        if (/^\d{4} /.test(line)) return end();
      }
    });
  });
}

export interface BirdProtocol {
  readonly name: string;
  readonly type: string;
  readonly state: string;
  readonly since: string;
  /** As `Established` or `Active Socket: Connection refused`: runs of blanks are collapsed to one. */
  readonly info: string;
}

/** Reads the reply to `show protocols`. */
export function parseProtocols(lines: readonly string[]): BirdProtocol[] {
  return lines.flatMap((line) => {
    const [name, type, , state, since, ...info] = line
      .replace(/^(\d{4}[- ]| )/, '')
      .trim()
      .split(/\s+/);
    if (name === undefined || type === undefined || state === undefined || since === undefined || name === 'name') return [];
    return [{name, type, state, since, info: info.join(' ')}];
  });
}
