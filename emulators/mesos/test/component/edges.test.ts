import {symlinkSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {encodeRecord} from '../../src/common/recordio.js';
import {TestCluster} from '../support/cluster.js';
import {eventually} from '../support/eventually.js';
import {exchange, shellTask} from '../support/framework.js';
import {readExchange} from '../support/transcripts.js';

let cluster: TestCluster;
beforeEach(() => {
  cluster = new TestCluster();
});
afterEach(() => cluster.close());

describe('a master with authentication', () => {
  const basic = (pair: string) => ({Authorization: `Basic ${Buffer.from(pair).toString('base64')}`});

  it('answers as a genuine one does (570 to 577)', async () => {
    const credentials = join(cluster.directory, 'credentials');
    writeFileSync(credentials, 'kon sikrit\n', {mode: 0o600});
    const master = await cluster.master(
      '--authenticate_http_frameworks',
      '--http_framework_authenticators=basic',
      '--authenticate_http_readonly',
      '--authenticate_http_readwrite',
      `--credentials=${credentials}`,
    );
    const framework = await cluster.framework(master, basic('kon:sikrit')).subscribe();
    for (const name of [
      '570-auth-none',
      '571-auth-wrong',
      '573-auth-missing-on-call',
      '574-auth-principal-differs',
      '575-auth-health',
      '576-auth-state',
    ]) {
      const recorded = readExchange(name);
      const headers = Object.fromEntries(
        Object.entries(recorded.headers).filter(([key]) => key !== 'Host' && key !== 'Content-Length'),
      );
      const answer = await exchange(master.port, recorded.method, recorded.path, headers, recorded.body);
      expect([name, answer.status, answer.text]).toEqual([name, recorded.status, recorded.text]);
      expect(answer.headers['www-authenticate']).toBe(recorded.responseHeaders['WWW-Authenticate']);
    }
    expect((await framework.call('REVIVE')).status).toBe(202);
    expect((await framework.call('REVIVE', {}, {Authorization: 'none'})).status).toBe(401);
    expect((await exchange(master.port, 'GET', '/version')).status).toBe(200);
    expect((await exchange(master.port, 'GET', '/state', basic('kon:sikrit'))).status).toBe(200);
    const health = {'Content-Type': 'application/json'};
    expect((await exchange(master.port, 'POST', '/api/v1', health, '{"type": "GET_HEALTH"}')).status).toBe(401);
  });
});

describe('an agent’s files', () => {
  it('are those of its sandboxes, and no others', async () => {
    const master = await cluster.master();
    const agent = await cluster.agent(master);
    const framework = await cluster.framework(master).subscribe();
    const secret = join(cluster.directory, 'secret');
    writeFileSync(secret, 'secret');
    await framework.launch(
      await framework.offer(),
      shellTask('t-env', `env | sort > env.txt; echo hello; ln -s ${secret} link; sleep 1000`),
    );
    await framework.status('t-env', 'TASK_RUNNING');
    const get = async (path: string) => exchange(agent.port, 'GET', path);
    const state = JSON.parse((await get('/slave(1)/state')).text);
    const [executor] = state.frameworks[0].executors;
    expect(executor).toMatchObject({id: 't-env', tasks: [{id: 't-env', state: 'TASK_RUNNING'}]});
    const {directory} = executor;
    await eventually(async () => (await get(`/files/read?path=${directory}/stdout&offset=0&length=100`)).text).toBe(
      '{"data":"hello\\n","offset":0}',
    );
    expect((await get(`/files/read?path=${directory}/stdout&offset=3&length=2`)).text).toBe('{"data":"lo","offset":3}');
    expect((await get(`/files/read?path=${directory}/stdout&offset=-1`)).text).toBe('{"data":"","offset":6}');
    const listed = JSON.parse((await get(`/files/browse?path=${directory}`)).text);
    expect(listed).toContainEqual(
      expect.objectContaining({path: `${directory}/stdout`, mode: '-rw-r--r--', size: 6, uid: 'root', gid: 'root'}),
    );
    const environment = JSON.parse((await get(`/files/read?path=${directory}/env.txt&offset=0`)).text).data;
    expect(environment).toContain(`MESOS_SANDBOX=${directory}\n`);
    expect(environment).not.toContain('npm_');
    symlinkSync('/etc', join(directory, 'etc'));
    for (const path of [
      secret,
      `${directory}/link`,
      `${directory}/../../../../../../../../secret`,
      `${directory}/etc/passwd`,
      '/etc/passwd',
    ]) {
      expect([path, (await get(`/files/read?path=${path}&offset=0`)).status]).toEqual([path, 404]);
    }
    expect((await get('/files/read')).status).toBe(400);
    expect(JSON.parse((await get('/containers')).text)).toMatchObject([{executor_id: 't-env'}]);
    expect((await get('/nothing')).status).toBe(404);
  });
});

describe('an agent whose master falls silent', () => {
  it('registers again, though the connection looks alive', async () => {
    let registrations = 0;
    const server = createServer((incoming, response) => {
      registrations++;
      incoming.resume();
      response.writeHead(200, {'Mesos-Stream-Id': 'x'});
      response.write(encodeRecord({type: 'REGISTERED', agent_id: 'M-S0', master_id: 'M', silence_limit_seconds: 0.2, tasks: []}));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      await cluster.agent({port: (server.address() as AddressInfo).port});
      await eventually(() => registrations).toBeGreaterThanOrEqual(3);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
