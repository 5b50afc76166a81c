import {readdirSync} from 'node:fs';
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {boolean, bytes, double, field, integer, map, message, oneOf, repeated, string} from '../../src/common/message.js';
import {decodeMessage, encodeMessage} from '../../src/common/protobuf.js';
import {CALL} from '../../src/master/call-spec.js';
import {EVENT} from '../../src/master/event-spec.js';
import type {Event} from '../support/framework.js';
import {readCall, readEvents} from '../support/transcripts.js';

describe('the protobuf encoding', () => {
  const inner = message({text: field(1, string), numbers: repeated(2, integer)});
  const spec = {
    number: field(1, integer),
    word: field(2, string),
    inner: field(3, inner),
    ratio: field(4, double),
    isOn: field(5, boolean),
    data: field(6, bytes),
    color: field(7, oneOf({RED: 0, BLUE: 5})),
    many: repeated(8, inner),
    sizes: field(16, map(double)),
  };
  const hex = (value: object) => encodeMessage(spec, value as Record<string, unknown>).toString('hex');

  it('matches the examples in the documentation of protobuf', () => {
    expect(hex({number: 150})).toBe('089601');
    expect(hex({word: 'testing'})).toBe('120774657374696e67');
    expect(hex({number: -2})).toBe('08feffffffffffffffff01');
  });

  it('encodes each type of value, in the order of the field numbers', () => {
    const value = {sizes: {a: 1}, many: [{text: 'x'}, {}], color: 'BLUE', data: 'AP8=', isOn: false, ratio: 0.5};
    const expected = [
      '21000000000000e03f', // ratio
      '2800', // isOn
      '320200ff', // data
      '3805', // color
      ...['42030a0178', '4200'], // many
      '82010c0a016111000000000000f03f', // sizes
    ];
    expect(hex(value)).toBe(expected.join(''));
    expect(decodeMessage(spec, encodeMessage(spec, value))).toEqual(value);
  });

  it('is decoded in any order, with packed numbers and unknown fields', () => {
    const packed = Buffer.from('1a' + '07' + '12' + '03' + '01ac02' + '1801', 'hex');
    expect(decodeMessage(spec, packed)).toEqual({inner: {numbers: [1, 300]}});
    const unknown = Buffer.from('a206027878' + 'a8060a' + 'b50601020304' + '3803' + '0801', 'hex');
    expect(decodeMessage(spec, unknown)).toEqual({number: 1});
  });

  it.each(['08', '1205', '0f00', '08ffffffffffffffffffffff01', '0a0161', '1001'])('%s is rejected', (bytes) => {
    expect(() => decodeMessage(spec, Buffer.from(bytes, 'hex'))).toThrow();
  });

  it('preserves every value', () => {
    const value = fc.record(
      {
        number: fc.integer({min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER}),
        word: fc.string({unit: 'grapheme'}),
        ratio: fc.double({noNaN: true}),
        isOn: fc.boolean(),
        data: fc.uint8Array().map((data) => Buffer.from(data).toString('base64')),
        color: fc.constantFrom('RED', 'BLUE'),
      },
      {requiredKeys: []},
    );
    fc.assert(
      fc.property(value, (given) => {
        expect(decodeMessage(spec, encodeMessage(spec, given))).toEqual({...given});
      }),
    );
  });
});

describe('the specs of calls and events', () => {
  const names = readdirSync(new URL('../fixtures/', import.meta.url));

  it('contain every field of every recorded event', () => {
    const events = names.flatMap((name) => (name.endsWith('.events.jsonl') ? readEvents(name.replace('.events.jsonl', '')) : []));
    expect(events.length).toBeGreaterThan(200);
    for (const recorded of events) {
      // The output of docker inspect was removed from the fixtures.
      const event = JSON.parse(JSON.stringify(recorded).replace('(docker inspect)', 'W3t9XQ=='));
      expect(decodeMessage(EVENT, encodeMessage(EVENT, event))).toEqual(withoutEmptyLists(event));
    }
  });

  it('contain every field of the recorded launches', () => {
    for (const name of [
      '186-healthcheck',
      '701-host',
      '702-running',
      '711-no-network',
      '714-argv',
      '717-portmap-on-host',
      '495-reserve',
    ]) {
      const call = readCall(name);
      expect([name, decodeMessage(CALL, encodeMessage(CALL, call))]).toEqual([name, withoutEmptyLists(call)]);
    }
  });

  it('produce records of the same length as an upstream master (transcript 480)', () => {
    const id = '064dc8fd-fe71-49fe-a925-3d269cf4a166';
    const capabilities = ['AGENT_UPDATE', 'AGENT_DRAINING', 'QUOTA_V2'].map((type) => ({type}));
    const address = {hostname: '127.0.0.1', ip: '127.0.0.1', port: 5050};
    const master_info = {
      id,
      ip: 16777343,
      port: 5050,
      pid: 'master@127.0.0.1:5050',
      hostname: '127.0.0.1',
      version: '1.12.0',
      address,
      capabilities,
    };
    const subscribed = {framework_id: {value: `${id}-0005`}, heartbeat_interval_seconds: 15, master_info};
    expect(encodeMessage(EVENT, {type: 'SUBSCRIBED', subscribed})).toHaveLength(188);
    expect(encodeMessage(EVENT, {type: 'HEARTBEAT'}).toString('hex')).toBe('0808');
  });
});

/** In protobuf, an empty list is the same as no list. */
function withoutEmptyLists(value: Event): Event {
  if (Array.isArray(value)) return value.map(withoutEmptyLists);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([, content]) => !Array.isArray(content) || content.length > 0);
  return Object.fromEntries(kept.map(([key, content]) => [key, withoutEmptyLists(content)]));
}
