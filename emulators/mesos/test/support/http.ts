import {request} from 'node:http';

export interface HttpResponse {
  readonly status: number;
  readonly text: string;
  readonly bytes: Buffer;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export const JSON_HEADERS = {'Content-Type': 'application/json'};

/** Sends an HTTP request to a server on loopback and waits for the complete response. */
export function sendRequest(
  port: number,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body?: string | Buffer,
  host = '127.0.0.1',
): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const outgoing = request({host, port, method, path, headers, agent: false}, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const bytes = Buffer.concat(chunks);
        resolve({status: response.statusCode ?? 0, text: bytes.toString(), bytes, headers: response.headers});
      });
      response.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
