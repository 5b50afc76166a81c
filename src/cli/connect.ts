import {createInterface} from 'node:readline/promises';
import {Writable} from 'node:stream';
import type {ClusterNode} from '../cluster/cluster.js';
import {Secret} from '../host/command.js';
import type {Host} from '../host/host.js';
import type {SecretRequest, SecretSource} from '../host/secret-source.js';
import {connectSsh} from '../host/ssh-host.js';
import type {CliContext} from './context.js';
import type {GlobalOptions} from './options.js';

/** Connects to nodes with what the user's process has: home, agent, passwords from the environment or a prompt. */
export function connector(
  options: GlobalOptions,
  context: CliContext,
): (node: ClusterNode, signal?: AbortSignal) => Promise<Host> {
  const secret = secretSource(context);
  return (node, signal) =>
    connectSsh({
      node,
      home: context.home,
      agentSocket: context.env['SSH_AUTH_SOCK'],
      secret,
      acceptNewHostKeys: options.acceptNewHostKeys,
      signal: signal ?? context.signal,
    });
}

/** From the environment where the configuration names a variable, else from a prompt: one question at a time, each asked once. */
function secretSource(context: CliContext): SecretSource {
  let turn: Promise<unknown> = Promise.resolve();
  const answers = new Map<string, Promise<Secret | undefined>>();
  return async (request: SecretRequest) => {
    const set = request.env === undefined ? undefined : context.env[request.env];
    if (set !== undefined) return new Secret(set);
    if (!context.stdin.isTTY || !context.stderr.isTTY) return undefined;
    const known = answers.get(request.question);
    if (known) return known;
    const answer = turn.then(() => prompt(request.question, context));
    turn = answer.catch(() => undefined);
    answers.set(request.question, answer);
    return answer;
  };
}

/** Asks on standard error, without echo. */
async function prompt(question: string, context: CliContext): Promise<Secret | undefined> {
  context.stderr.write(`${question}: `);
  const mute = new Writable({write: (_chunk, _encoding, done) => done()});
  const reader = createInterface({input: context.stdin, output: mute, terminal: true});
  try {
    const answer = await reader.question('', {signal: context.signal});
    return answer === '' ? undefined : new Secret(answer);
  } finally {
    reader.close();
    context.stderr.write('\n');
  }
}
