import {readFile} from 'node:fs/promises';
import {request} from 'node:http';
import {beforeAll, describe, expect, test} from 'vitest';
import {freshBrowser} from '../support/browser.js';
import {ensureCluster, onLab} from '../support/lab.js';
import {logIn, openTerminal, runAll} from '../support/notebook-ui.js';

const SSH_CONTAINERS = ['ssh-1', 'ssh-2', 'ssh-3', 'ssh-4'];

let notebook: {readonly token: string; readonly urls: readonly string[]};
let origins: readonly string[];

beforeAll(async () => {
  notebook = JSON.parse(await printedByHw5());
  origins = notebook.urls.map((url) => new URL(url).origin);
  expect(origins.length).toBeGreaterThan(0);
});

/** What `hw5 notebook --json` prints. HW5_E2E_NOTEBOOK names a file with that, to test another cluster than the lab's. */
async function printedByHw5(): Promise<string> {
  const file = process.env.HW5_E2E_NOTEBOOK;
  if (file) return readFile(file, 'utf8');
  await ensureCluster();
  return (await onLab(['notebook', '--json'])).stdout as string;
}

test('through every node one logs in with the token, opens a terminal and reaches every ssh container by its name', async () => {
  for (const origin of origins) {
    await using browser = await freshBrowser();
    const tree = await logIn(browser.context, origin, notebook.token);
    await using terminal = await openTerminal(tree);
    for (const name of SSH_CONTAINERS) await terminal.run(`ssh ${name} hostname`, name);
  }
});

test('the printed link opens the notebook without asking for the token', async () => {
  await using browser = await freshBrowser();
  const page = await browser.context.newPage();
  await page.goto(notebook.urls[0]!);
  await page.waitForSelector('#notebook_list .list_item');
  expect(new URL(page.url()).pathname).toBe('/tree');
});

test('the starter notebook shows the containers, runs a command on each, and each reaches the next', async () => {
  await using browser = await freshBrowser();
  await logIn(browser.context, origins[0]!, notebook.token);
  const [list, commands, , pings] = await runAll(browser.context, `${origins[0]}/notebooks/start.ipynb`);
  for (const [index, name] of SSH_CONTAINERS.entries()) {
    const next = SSH_CONTAINERS[(index + 1) % SSH_CONTAINERS.length];
    expect(list).toMatch(new RegExp(`^${name} +\\d+\\.\\d+\\.\\d+\\.\\d+`, 'm'));
    expect(commands).toContain(`── ${name}\n${name}\n`);
    expect(pings).toMatch(new RegExp(`^${name} → ${next}: .* ttl=\\d+`, 'm'));
  }
});

describe('without the token access is denied', () => {
  test('a browser sees the login page, through every node', async () => {
    await using browser = await freshBrowser();
    const page = await browser.context.newPage();
    for (const origin of origins) {
      await page.goto(`${origin}/notebooks/start.ipynb`);
      expect(new URL(page.url()).pathname).toBe('/login');
    }
  });

  test('a wrong token is rejected', async () => {
    await using browser = await freshBrowser();
    const page = await browser.context.newPage();
    await page.goto(origins[0]!);
    await page.fill('#password_input', `${notebook.token}x`);
    const [response] = await Promise.all([page.waitForResponse('**/login**'), page.click('#login_submit')]);
    expect(response.status()).toBe(401);
    await page.goto(`${origins[0]}/tree`);
    expect(new URL(page.url()).pathname).toBe('/login');
  });

  test.each(['/api/contents', '/api/terminals', '/api/kernels', '/api/contents?token=', '/api/contents?token=wrong'])(
    '%s answers 403',
    async (path) => {
      for (const origin of origins) expect((await fetch(origin + path)).status).toBe(403);
    },
  );

  test('a terminal cannot be opened with a web socket alone', async () => {
    const headers = {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'c2l4dGVlbiBieXRlcyE9PQ==',
    };
    const handshake = request(`${origins[0]}/terminals/websocket/1`, {headers}).end();
    const status = await new Promise((resolve, reject) => {
      handshake.on('response', (response) => resolve(response.resume().statusCode));
      handshake.on('upgrade', () => resolve('opened'));
      handshake.on('error', reject);
    });
    expect(status).toBe(403);
  });
});

test("the proxy's own API is not behind any node's address", async () => {
  for (const origin of origins) {
    expect((await fetch(`${origin}/api/routes`)).status).not.toBe(200);
    await expect(fetch(`http://${new URL(origin).hostname}:8001/api/routes`)).rejects.toThrow();
  }
});
