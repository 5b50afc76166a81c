import {describe, expect, it} from 'vitest';
import {desiredRoutes, parseRoutes} from '../../src/agent/routes.js';
import {snapshot} from '../support/snapshot.js';

describe('routes', () => {
  it('are desired for local endpoints whose interface exists', () => {
    expect(desiredRoutes('node0', snapshot.endpoints, new Set(['caliaaaaaaaaaaa', 'calibbbbbbbbbbb']))).toEqual([
      {dst: '192.168.0.100', dev: 'caliaaaaaaaaaaa', mac: 'ee:ee:ee:ee:ee:ee'},
    ]);
    expect(desiredRoutes('node0', snapshot.endpoints, new Set())).toEqual([]);
  });

  it('are parsed from the output of ip, those over other interfaces left out', () => {
    const json = JSON.stringify([
      {dst: 'default', gateway: '198.18.0.1', dev: 'host0'},
      {type: 'blackhole', dst: '192.168.0.64/26', protocol: 'bird'},
      {dst: '192.168.0.100', dev: 'caliaaaaaaaaaaa', scope: 'link'},
    ]);
    expect(parseRoutes(json)).toEqual([{dst: '192.168.0.100', dev: 'caliaaaaaaaaaaa'}]);
    expect(parseRoutes('')).toEqual([]);
  });
});
