import {request as httpRequest} from 'node:http';

export interface EtcdRequest {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  /** Path and query below the endpoint, as `/v2/keys/calico?recursive=true`. */
  readonly path: string;
  /** Form fields of a PUT. */
  readonly form?: URLSearchParams;
}

export interface EtcdReply {
  readonly status: number;
  readonly body: string;
  /** The X-Etcd-Index header: the store's index when the request was served. */
  readonly index: number;
}

/** The connection failed. `mayHaveSucceeded`: the request was sent, so the server may have performed it. */
export class RequestError extends Error {
  readonly mayHaveSucceeded: boolean;

  constructor(message: string, mayHaveSucceeded: boolean) {
    super(message);
    this.mayHaveSucceeded = mayHaveSucceeded;
  }
}

export interface Timeouts {
  /** Limit for the TCP connection, milliseconds: a machine that is off does not reply at all. */
  readonly connectMs: number;
  /** Limit for the complete reply, milliseconds. */
  readonly replyMs: number;
}

/** One HTTP request to one etcd member. */
export function requestOnce(
  endpoint: string,
  request: EtcdRequest,
  timeouts: Timeouts,
  signal?: AbortSignal,
): Promise<EtcdReply> {
  return new Promise((resolve, reject) => {
    const url = new URL(request.path, endpoint);
    const where = `dial tcp ${url.host}`;
    let isConnected = false;
    const body = request.form?.toString();
    const call = httpRequest(url, {
      method: request.method,
      ...(signal === undefined ? {} : {signal}),
      headers:
        body === undefined
          ? {}
          : {'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body)},
    });
    const fail = (message: string) => {
      clearTimeout(timer);
      call.destroy();
      reject(new RequestError(message, isConnected));
    };
    let timer = setTimeout(() => fail(`${where}: i/o timeout`), timeouts.connectMs);
    const onConnected = () => {
      isConnected = true;
      clearTimeout(timer);
      timer = setTimeout(
        () => fail('net/http: request canceled (Client.Timeout exceeded while awaiting headers)'),
        timeouts.replyMs,
      );
    };
    call.on('socket', (socket) => (socket.connecting ? socket.once('connect', onConnected) : onConnected()));
    call.on('error', (error: NodeJS.ErrnoException) =>
      fail(error.code === 'ECONNREFUSED' ? `${where}: getsockopt: connection refused` : `${where}: ${error.message}`),
    );
    call.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', (error) => fail(`${where}: ${error.message}`));
      response.on('aborted', () => fail(`${where}: connection closed`));
      response.on('end', () => {
        clearTimeout(timer);
        resolve({
          status: response.statusCode ?? 0,
          body: Buffer.concat(chunks).toString(),
          index: Number(response.headers['x-etcd-index'] ?? 0),
        });
      });
    });
    call.end(body);
  });
}
