import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import {gzipSync} from 'node:zlib';

/** The response to a request; undefined when the handler writes to the response itself (a stream or a file). */
export type Reply =
  | {
      readonly status: number;
      readonly text?: string;
      readonly json?: unknown;
      /** A body in another format, with its Content-Type in the headers. */
      readonly bytes?: Buffer;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | undefined;

export interface Request {
  readonly method: string;
  /** Without the query and without trailing slashes. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  readonly response: ServerResponse;
}

export type Handler = (request: Request) => Reply | Promise<Reply>;

const REASONS: Readonly<Record<number, string>> = {404: '404 Not Found.', 401: '401 Unauthorized.'};

export function notFound(): Reply {
  return {status: 404, text: REASONS[404]!};
}

/** A 405 with the message of libprocess. */
export function methodNotAllowed(method: string, ...allowed: readonly string[]): Reply {
  const text = `405 Method Not Allowed. Expecting one of { '${allowed.join("', '")}' }, but received '${method}'.`;
  return {status: 405, text, headers: {Allow: allowed.join(', ')}};
}

/** An HTTP server that behaves like libprocess: connections are kept open, and every response but a stream has a Content-Length. */
export function createHttpServer(handle: Handler, onError: (error: unknown) => void): Server {
  const server = createServer({keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0}, (incoming, response) => {
    const respond = async (): Promise<void> => {
      const url = new URL(incoming.url ?? '/', 'http://localhost');
      const reply = await handle({
        method: incoming.method ?? 'GET',
        path: url.pathname.length > 1 ? url.pathname.replace(/\/+$/, '') : url.pathname,
        query: url.searchParams,
        headers: incoming.headers,
        body: await readBody(incoming),
        response,
      });
      if (reply) send(reply, url.searchParams.get('jsonp'), incoming, response);
    };
    respond().catch((error: unknown) => {
      onError(error);
      if (!response.headersSent) send({status: 500, text: '500 Internal Server Error.'}, null, incoming, response);
      else response.destroy();
    });
  });
  return server;
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function send(reply: NonNullable<Reply>, jsonp: string | null, incoming: IncomingMessage, response: ServerResponse): void {
  const headers: Record<string, string | number> = {...reply.headers};
  let body: Buffer = reply.bytes ?? Buffer.from(reply.text ?? '');
  if (reply.json !== undefined) {
    const json = JSON.stringify(reply.json);
    body = Buffer.from(jsonp === null ? json : `${jsonp}(${json});`);
    headers['Content-Type'] ??= jsonp === null ? 'application/json' : 'text/javascript';
    if (/\bgzip\b/.test(String(incoming.headers['accept-encoding'] ?? '')) && body.length > 1024) {
      body = gzipSync(body);
      headers['Content-Encoding'] = 'gzip';
    }
  } else if (body.length > 0) headers['Content-Type'] ??= 'text/plain; charset=utf-8';
  headers['Content-Length'] = body.length;
  writeHead(response, reply.status, headers);
  response.end(body);
}

/** Writes the head of a response: like that of libprocess, without the header Connection, although the connection stays open. */
export function writeHead(response: ServerResponse, status: number, headers: Readonly<Record<string, string | number>>): void {
  const isKept = response.shouldKeepAlive;
  response.removeHeader('Connection');
  response.writeHead(status, headers);
  // Node.js 18 closes the connection after a response without this header. It has no public property to prevent that.
  Object.assign(response, {_last: !isKept});
}
