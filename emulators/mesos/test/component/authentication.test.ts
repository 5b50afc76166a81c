import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {TestCluster} from '../support/cluster.js';
import {JSON_HEADERS, sendRequest} from '../support/http.js';
import {readExchange} from '../support/transcripts.js';

let cluster: TestCluster;
beforeEach(() => {
  cluster = new TestCluster();
});
afterEach(() => cluster.close());

describe('a master with authentication', () => {
  const basic = (pair: string) => ({Authorization: `Basic ${Buffer.from(pair).toString('base64')}`});

  it('responds like an upstream master (transcripts 570 to 576)', async () => {
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
      const response = await sendRequest(master.port, recorded.method, recorded.path, headers, recorded.body);
      expect([name, response.status, response.text]).toEqual([name, recorded.status, recorded.text]);
      expect(response.headers['www-authenticate']).toBe(recorded.responseHeaders['WWW-Authenticate']);
    }
    expect((await framework.call('REVIVE')).status).toBe(202);
    expect((await framework.call('REVIVE', {}, {Authorization: 'none'})).status).toBe(401);
    expect((await sendRequest(master.port, 'GET', '/version')).status).toBe(200);
    expect((await sendRequest(master.port, 'GET', '/state', basic('kon:sikrit'))).status).toBe(200);
    expect((await sendRequest(master.port, 'POST', '/api/v1', JSON_HEADERS, '{"type": "GET_HEALTH"}')).status).toBe(401);
  });
});
