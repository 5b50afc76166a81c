import {createInterface} from 'node:readline/promises';
import {Writable} from 'node:stream';
import type {ClusterNode} from '../cluster/cluster.js';
import type {Emit} from '../engine/events.js';
import {Secret} from '../host/command.js';
import type {Host} from '../host/host.js';
import type {SecretRequest, SecretSource} from '../host/secret-source.js';
import {InterruptedError} from '../support/errors.js';
import type {CliContext} from './context.js';
import type {GlobalOptions} from './options.js';

/** Connects to nodes with the user's SSH agent, known_hosts, and passwords from the environment or a prompt. @param emit receives `asking` and `answered` */
export function connector(
  options: GlobalOptions,
  context: CliContext,
  emit: Emit = () => undefined,
): (node: ClusterNode, signal?: AbortSignal) => Promise<Host> {
  const secret = secretSource(context, emit);
  return async (node, signal) => {
    // not before it is needed: the SSH library is a third of the code
    const {connectSsh} = await import('../host/ssh-host.js');
    return connectSsh({
      node,
      home: context.home,
      agentSocket: context.env['SSH_AUTH_SOCK'],
      secret,
      acceptNewHostKeys: options.acceptNewHostKeys,
      signal: signal ?? context.signal,
    });
  };
}

/** Secrets from the environment variable that the cluster file names, else from a prompt: one prompt at a time, and one for each secret. */
function secretSource(context: CliContext, emit: Emit): SecretSource {
  let queue: Promise<unknown> = Promise.resolve();
  const answers = new Map<string, Promise<Secret | undefined>>();
  return async (request: SecretRequest) => {
    const set = request.env === undefined ? undefined : context.env[request.env];
    if (set !== undefined) return new Secret(set);
    if (!context.stdin.isTTY || !context.stderr.isTTY) return undefined;
    const known = answers.get(request.prompt);
    if (known) return known;
    const answer = queue.then(() => prompt(request.prompt, context, emit));
    queue = answer.catch(() => undefined);
    answers.set(request.prompt, answer);
    return answer;
  };
}

/** Prompts on standard error and reads a line from standard input without echo. */
async function prompt(question: string, context: CliContext, emit: Emit): Promise<Secret | undefined> {
  context.signal.throwIfAborted();
  emit({type: 'asking', question});
  context.stderr.write(`${question}: `);
  const mute = new Writable({write: (_chunk, _encoding, done) => done()});
  const reader = createInterface({input: context.stdin, output: mute, terminal: true});
  // readline consumes Ctrl-C; send it on to hw5's own handler
  reader.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    const answer = await reader.question('', {signal: context.signal});
    return answer === '' ? undefined : new Secret(answer);
  } catch (cause) {
    if (context.signal.aborted) throw new InterruptedError('interrupted', {cause});
    // Ctrl-D
    if (cause instanceof Error && cause.name === 'AbortError') return undefined;
    throw cause;
  } finally {
    reader.close();
    context.stderr.write('\n');
    emit({type: 'answered'});
  }
}
