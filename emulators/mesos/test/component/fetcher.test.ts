import {execFileSync} from 'node:child_process';
import {chmodSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {createServer, type Server} from 'node:http';
import type {AddressInfo} from 'node:net';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {findUser} from '../../src/agent/users.js';
import type {RunningMaster} from '../../src/master/start.js';
import {TestCluster} from '../support/cluster.js';
import {eventually} from '../support/eventually.js';
import {shellTask, type TestFramework} from '../support/framework.js';

let cluster: TestCluster;
let master: RunningMaster;
let framework: TestFramework;
let server: Server;
let requests: string[];

/** `/silent` never responds, `/stalled` never finishes its response, `/redirect/N` redirects N times; other paths return a text. */
beforeEach(async () => {
  cluster = new TestCluster();
  master = await cluster.master();
  framework = await cluster.framework(master).subscribe();
  requests = [];
  server = createServer((incoming, response) => {
    requests.push(incoming.url!);
    if (incoming.url === '/silent') return;
    if (incoming.url === '/stalled') return void response.write('a part');
    const steps = Number(/^\/redirect\/(\d+)/.exec(incoming.url!)?.[1] ?? 0);
    if (steps === 0) response.end('fetched\n');
    else response.writeHead(302, {Location: `/redirect/${steps - 1}`}).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await cluster.close();
});

const url = (path: string): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

async function launch(id: string, value: string, uris: object[], user?: string): Promise<void> {
  const command = {shell: true, value, uris, ...(user === undefined ? {} : {user})};
  await framework.launch(await framework.offer(), shellTask(id, '', {command}));
}

const sandbox = (taskId: string): string => cluster.sandbox(framework, taskId);

describe('a URI whose server does not respond, or does not finish its response', () => {
  it.each(['/silent', '/stalled'])('(%s) does not prevent the task from being killed', async (path) => {
    await cluster.agent(master);
    await launch('t-hang', 'true', [{value: url(path)}]);
    await eventually(() => requests).toEqual([path]);
    await framework.call('KILL', {kill: {task_id: {value: 't-hang'}}});
    expect(await framework.status('t-hang', 'TASK_KILLED')).toMatchObject({reason: 'REASON_TASK_KILLED_DURING_LAUNCH'});
  });

  it('fails the task when the launch times out', async () => {
    await cluster.agent(master, '--executor_registration_timeout=30secs');
    await launch('t-late', 'true', [{value: url('/silent')}]);
    await eventually(() => requests).toEqual(['/silent']);
    cluster.clock.advance(31);
    expect(await framework.status('t-late', 'TASK_FAILED')).toMatchObject({
      reason: 'REASON_CONTAINER_LAUNCH_FAILED',
      message: 'Failed to launch container: it was not ready within 30 s',
    });
  });
});

describe('the files that a task fetches', () => {
  it('may be redirected ten times, but not eleven times', async () => {
    await cluster.agent(master);
    await launch('t-ten', 'cat 0', [{value: url('/redirect/10'), output_file: '0'}]);
    await framework.status('t-ten', 'TASK_FINISHED');
    expect(readFileSync(join(sandbox('t-ten'), 'stdout'), 'utf8')).toBe('fetched\n');
    await launch('t-eleven', 'true', [{value: url('/redirect/11')}]);
    await framework.status('t-eleven', 'TASK_FAILED');
    expect(readFileSync(join(sandbox('t-eleven'), 'stderr'), 'utf8')).toContain('more than 10 redirects');
  });

  it('belong to the user of the task, including those of extracted archives', async () => {
    // By default, only its owner can access the directory of a test.
    chmodSync(cluster.directory, 0o755);
    await cluster.agent(master);
    writeFileSync(join(cluster.directory, 'inside'), 'x');
    execFileSync('tar', ['-C', cluster.directory, '-cf', join(cluster.directory, 'a.tar'), 'inside']);
    await launch('t-own', 'echo more >> inside', [{value: join(cluster.directory, 'a.tar')}], 'nobody');
    await framework.status('t-own', 'TASK_FINISHED');
    const {uid} = findUser('nobody')!;
    for (const name of ['a.tar', 'inside']) expect([name, statSync(join(sandbox('t-own'), name)).uid]).toEqual([name, uid]);
  });

  it('are extracted from zip files, unless the task disables that', async () => {
    await cluster.agent(master);
    writeFileSync(join(cluster.directory, 'inside'), 'zipped');
    execFileSync('zip', ['-qj', join(cluster.directory, 'a.zip'), join(cluster.directory, 'inside')]);
    await launch('t-zip', 'cat inside', [{value: join(cluster.directory, 'a.zip')}]);
    await framework.status('t-zip', 'TASK_FINISHED');
    expect(readFileSync(join(sandbox('t-zip'), 'stdout'), 'utf8')).toBe('zipped');
    await launch('t-packed', 'test ! -e inside', [{value: join(cluster.directory, 'a.zip'), extract: false}]);
    await framework.status('t-packed', 'TASK_FINISHED');
  });
});

describe('an agent with --no-switch_user', () => {
  it('runs a task as its own user, even if the user of the task does not exist', async () => {
    await cluster.agent(master, '--no-switch_user');
    await launch('t-no-user', 'id -u', [], 'no-such-user');
    await framework.status('t-no-user', 'TASK_FINISHED');
    expect(readFileSync(join(sandbox('t-no-user'), 'stdout'), 'utf8').trim()).toBe(String(process.getuid!()));
  });
});
