import {describe, expect, it} from 'vitest';
import {errorsJson, summarize} from '../../../src/cli/commands/validate.js';
import {parseCluster} from '../../../src/cluster/load.js';
import {ConfigError, Hw5Errors} from '../../../src/support/errors.js';

describe('hw5 validate', () => {
  it('lists the nodes with their roles', () => {
    expect(summarize(parseCluster('nodes: [172.16.1.137, {name: b, address: 10.0.0.2}]', 'c.yaml'))).toBe(
      `✓ cluster zzw: 2 nodes, 5 tasks on 192.168.0.0/16
  node0  172.16.1.137  etcd, master, agent, proxy, framework
  b      10.0.0.2      agent, proxy, framework`,
    );
  });

  it('prints errors with their places as JSON', () => {
    const error = new Hw5Errors([new ConfigError('a: bad', {file: 'f', line: 1, column: 2, path: 'a'}, {hint: 'fix it'})]);
    expect(JSON.parse(errorsJson(error))).toEqual({
      errors: [{message: 'a: bad', hint: 'fix it', file: 'f', line: 1, column: 2, path: 'a'}],
    });
  });
});
