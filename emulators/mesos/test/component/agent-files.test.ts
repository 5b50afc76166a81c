import {symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {TestCluster} from '../support/cluster.js';
import {eventually} from '../support/eventually.js';
import {shellTask} from '../support/framework.js';
import {sendRequest} from '../support/http.js';

let cluster: TestCluster;
beforeEach(() => {
  cluster = new TestCluster();
});
afterEach(() => cluster.close());

describe('the files of an agent', () => {
  it('can be read in its sandboxes, and nowhere else', async () => {
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
    const get = async (path: string) => sendRequest(agent.port, 'GET', path);
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
