import {expect, it} from 'vitest';
import {redact} from '../../../src/support/redact.js';

it.each([
  ['http://127.0.0.1:8888/lab?token=0123abc&x=1', 'http://127.0.0.1:8888/lab?token=***&x=1'],
  [
    'started with --secret=abc, TOKEN="def" and {"password": "ghi"}',
    'started with --secret=***, TOKEN="***" and {"password": "***"}',
  ],
  ['password="one, two;three&four" next', 'password="***" next'],
  [`passwd='it is' api_key: xyz`, `passwd='***' api_key: ***`],
  ['--api-token abc --verbose', '--api-token *** --verbose'],
  ['Authorization: token 0123abc', 'Authorization: token ***'],
  ['{"Authorization":"Bearer abc.def"}', '{"Authorization":"Bearer ***"}'],
  ['dial https://user:hunter2@registry:5000/v2/', 'dial https://user:***@registry:5000/v2/'],
  ['connect to http://198.18.0.10:2379/v2/keys: EHOSTUNREACH', 'connect to http://198.18.0.10:2379/v2/keys: EHOSTUNREACH'],
  ['--password --verbose', '--password --verbose'],
])('%s', (line, expected) => {
  expect(redact(line)).toBe(expected);
});

it('leaves nothing of a secret in JSON within JSON', () => {
  expect(redact(String.raw`{"log":"{\"secret\":\"hunter2\"}"}`)).not.toContain('hunter2');
});
