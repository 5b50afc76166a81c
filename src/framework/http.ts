import {Agent, type ClientRequest, type IncomingMessage, request} from 'node:http';

/**
 * HTTP for the programs on the nodes, on Node's own client: undici 7 needs a newer Node than Debian 12's 18
 * (docs/decisions/0004-etcd-client.md).
 */
export interface HttpRequest {
  /** As `http://198.18.0.10:5050`. */
  readonly origin: string;
  readonly path: string;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON with exactly `application/json`: Mesos rejects a charset. */
  readonly json?: unknown;
  /** The limit for the whole answer, or for the head of a stream. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
}

/**
 * Sends a request and reads the whole answer.
 * @throws the error of the connection, or an Error "no answer within …"
 */
export async function exchange(options: HttpRequest): Promise<HttpAnswer> {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(new Error(`no answer within ${options.timeoutMs} ms`)), options.timeoutMs);
  const {signal, release} = anySignal([timeout.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  try {
    const message = await begin(options, signal);
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk as Buffer);
    return {status: message.statusCode ?? 0, headers: headersOf(message), text: Buffer.concat(chunks).toString('utf8')};
  } catch (error) {
    throw signal.aborted ? (signal.reason as Error) : error;
  } finally {
    clearTimeout(timer);
    release();
  }
}

/**
 * Sends a request and returns the body as a stream. It completes with the last chunk, whether or not the server closes the connection
 * (Mesos does not). The caller must abort the signal to close the connection, also after the stream has completed.
 */
export async function openStream(
  options: HttpRequest & {readonly signal: AbortSignal},
): Promise<{readonly status: number; readonly headers: HttpAnswer['headers']; readonly body: AsyncIterable<Buffer>}> {
  // Sends keep-alive, as clients of upstream masters do. The connection outlives the answer, so it has an agent of its own.
  const agent = new Agent({keepAlive: true});
  options.signal.addEventListener('abort', () => agent.destroy(), {once: true});
  const message = await begin(options, options.signal, agent);
  return {status: message.statusCode ?? 0, headers: headersOf(message), body: message as AsyncIterable<Buffer>};
}

function begin(options: HttpRequest, signal: AbortSignal, agent: Agent | false = false): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const body = options.json === undefined ? undefined : Buffer.from(JSON.stringify(options.json));
    const outgoing: ClientRequest = request(new URL(options.path, options.origin), {
      method: options.method ?? (body === undefined ? 'GET' : 'POST'),
      headers: {
        Accept: 'application/json',
        ...(body === undefined ? {} : {'Content-Type': 'application/json', 'Content-Length': String(body.length)}),
        ...options.headers,
      },
      signal,
      // One connection per request: the server may close a reused one at that moment, and whether it performed the request would be
      // unknown.
      agent,
    });
    const head = setTimeout(() => outgoing.destroy(new Error(`no answer within ${options.timeoutMs} ms`)), options.timeoutMs);
    outgoing.once('response', (message) => {
      clearTimeout(head);
      resolve(message);
    });
    outgoing.once('error', (error) => {
      clearTimeout(head);
      reject(signal.aborted ? (signal.reason as Error) : error);
    });
    outgoing.end(body);
  });
}

function headersOf(message: IncomingMessage): HttpAnswer['headers'] {
  return Object.fromEntries(
    Object.entries(message.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}

/** AbortSignal.any for Node 18. `release` removes its listeners from long-lived signals, which would otherwise keep them. */
export function anySignal(signals: readonly AbortSignal[]): {readonly signal: AbortSignal; release(): void} {
  const controller = new AbortController();
  const follow = (event: Event) => controller.abort((event.target as AbortSignal).reason);
  for (const signal of signals) {
    if (signal.aborted) controller.abort(signal.reason);
    else signal.addEventListener('abort', follow, {once: true});
  }
  const release = () => {
    for (const signal of signals) signal.removeEventListener('abort', follow);
  };
  return {signal: controller.signal, release};
}
