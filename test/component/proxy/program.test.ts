import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, rm} from 'node:fs/promises';
import {createServer, type IncomingMessage, type RequestOptions, request} from 'node:http';
import {type AddressInfo, createServer as createTcpServer} from 'node:net';
import {tmpdir} from 'node:os';
import {fileURLToPath} from 'node:url';
import {afterAll, beforeAll, expect, test} from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const notebook = createServer((_, response) => response.end('notebook'));
notebook.on('upgrade', (message, socket) => {
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
  socket.write(`origin ${message.headers.origin} host ${message.headers.host}`);
});
let directory: string;
let proxy: ReturnType<typeof spawn>;

beforeAll(async () => {
  directory = await mkdtemp(`${tmpdir()}/hw5-proxy-test-`);
  await once(notebook.listen(0, '127.0.0.1'), 'listening');
  proxy = startProxy([
    `--default-target=http://127.0.0.1:${(notebook.address() as AddressInfo).port}`,
    `--socket=${directory}/proxy`,
    `--api-socket=${directory}/api`,
    `--error-path=${root}templates/proxy`,
  ]);
  let output = '';
  await new Promise<void>((resolve) => {
    proxy.stdout!.on('data', (text) => {
      output += text;
      if (output.includes('Proxy API at')) resolve();
    });
  });
});
afterAll(async () => {
  proxy.kill('SIGKILL');
  notebook.closeAllConnections();
  notebook.close();
  await rm(directory, {recursive: true});
});

function startProxy(flags: string[]) {
  return spawn(process.execPath, ['--import', 'tsx', 'src/proxy/main.ts', ...flags], {
    cwd: root,
    env: {...process.env, CONFIGPROXY_AUTH_TOKEN: 'api-secret'},
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function ask(socket: string, options: RequestOptions = {}) {
  const [response] = (await once(request({socketPath: `${directory}/${socket}`, ...options}).end(), 'response')) as [
    IncomingMessage,
  ];
  let body = '';
  for await (const chunk of response) body += chunk;
  return {status: response.statusCode, type: response.headers['content-type'], body};
}

test('requests reach the notebook', async () => {
  expect(await ask('proxy', {path: '/tree'})).toMatchObject({status: 200, body: 'notebook'});
});

test('web sockets reach the notebook, with the host and origin it compares', async () => {
  const headers = {Connection: 'Upgrade', Upgrade: 'websocket', Host: 'node0:8888', Origin: 'http://node0:8888'};
  const [, socket, head] = await once(request({socketPath: `${directory}/proxy`, headers}).end(), 'upgrade');
  const data = head.length > 0 ? head : (await once(socket, 'data'))[0];
  socket.destroy();
  expect(String(data)).toBe('origin http://node0:8888 host node0:8888');
});

test('the API rejects clients without its secret', async () => {
  expect(await ask('api', {path: '/api/routes'})).toMatchObject({status: 403});
  expect(await ask('api', {path: '/api/routes', headers: {Authorization: 'token api-secret'}})).toMatchObject({status: 200});
});

test('while the notebook does not answer, users get a readable page with status 503', async () => {
  const closed = createTcpServer();
  await once(closed.listen(0, '127.0.0.1'), 'listening');
  const {port} = closed.address() as AddressInfo;
  await new Promise((done) => closed.close(done));
  const headers = {Authorization: 'token api-secret'};
  const route = request({socketPath: `${directory}/api`, method: 'POST', path: '/api/routes/away', headers});
  await once(route.end(JSON.stringify({target: `http://127.0.0.1:${port}`})), 'response');
  const page = await ask('proxy', {path: '/away'});
  expect(page).toMatchObject({status: 503, type: 'text/html'});
  expect(page.body).toContain('The notebook does not answer');
});

test('a proxy that cannot listen exits, so that systemd starts it again', async () => {
  const second = startProxy([`--socket=${directory}/proxy`, `--api-socket=${directory}/second-api`]);
  const [code] = await once(second, 'exit');
  expect(code).toBe(1);
});
