import {describe, expect, it} from 'vitest';
import {parseCredentials} from '../../src/master/credentials.js';

describe('a credentials file', () => {
  it('is JSON or lines; the error for an invalid one does not contain its content', () => {
    expect([...parseCredentials('{"credentials": [{"principal": "kon", "secret": "x"}]}', 'f')]).toEqual([['kon', 'x']]);
    expect([...parseCredentials('kon x\nbob y\n', 'f')]).toEqual([
      ['kon', 'x'],
      ['bob', 'y'],
    ]);
    expect(() => parseCredentials('kon secret with spaces', '/etc/f')).toThrow(/^(?!.*spaces).*\/etc\/f/);
  });
});
