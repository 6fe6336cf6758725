/** Promise: the broker passes a message on byte for byte, with the headers of its own. */

import rhea from 'rhea';
import { expect, test } from 'vitest';
import { readBatch, readMessage, withProperties, writeMessage } from '../../local/service-bus/message.ts';
import { section, types } from '../../local/service-bus/typed.ts';

const envelope = {
  sequenceNumber: 7,
  topicNumber: 3,
  enqueuedAt: 1_700_000_000_000,
  deliveryCount: 2,
  timeToLive: 1_000,
  state: 0,
  lockedUntil: 1_700_000_060_000,
} as const;

/** Values that decoding and encoding again would turn into others. */
const delicate = {
  int: types.wrap_int(5),
  long: types.wrap_long(5),
  wholeDouble: rhea.types.wrap_double(2),
  huge: types.wrap_long(Buffer.from('7fffffffffffffff', 'hex') as unknown as number),
  uuid: types.wrap_uuid(Buffer.alloc(16, 7)),
  symbol: rhea.types.wrap_symbol('s'),
  nothing: null,
};
const application = section(0x74, types.wrap_map(delicate));
const properties = section(0x73, types.wrap_list([rhea.types.wrap_binary(Buffer.alloc(16, 9))]));
const body = section(0x75, rhea.types.wrap_binary(Buffer.from('{"a":1}')));

test('properties, application properties and body go out as the bytes that came in', () => {
  const written = writeMessage(readMessage(Buffer.concat([properties, application, body])), envelope);
  expect(written.subarray(-(properties.length + application.length + body.length))).toEqual(
    Buffer.concat([properties, application, body]),
  );
});

test('header and annotations are ours, those of the sender kept', () => {
  const annotations = section(
    0x72,
    types.wrap_symbolic_map({ 'x-opt-partition-key': 'p', 'x-opt-sequence-number': types.wrap_long(99) }),
  );
  const header = section(0x70, types.wrap_list([true, null, types.wrap_uint(5_000)]));
  const content = readMessage(Buffer.concat([header, annotations, body]));
  expect(content.timeToLive).toBe(5_000);
  const decoded = rhea.message.decode(writeMessage(content, envelope));
  expect(decoded).toMatchObject({
    durable: true,
    ttl: 1_000,
    delivery_count: 2,
    message_id: content.messageId,
  });
  expect(decoded['message_annotations']).toMatchObject({
    'x-opt-partition-key': 'p',
    'x-opt-sequence-number': 7,
    'x-opt-enqueue-sequence-number': 3,
    'x-opt-message-state': 0,
  });
});

test('new properties leave the types of the others alone', () => {
  const content = withProperties(
    readMessage(Buffer.concat([application, body])),
    new Map([
      ['int', types.wrap_string('new')],
      ['more', types.wrap_int(1)],
    ]),
  );
  const { int: _, ...others } = delicate;
  const expected = section(
    0x74,
    types.wrap_map({ int: types.wrap_string('new'), ...others, more: types.wrap_int(1) }),
  );
  expect(content.application).toEqual(expected);
});

test('a batch is its messages, each by itself', () => {
  const inner = [1, 2].map((n) => Buffer.from(rhea.message.encode({ message_id: `m${n}`, body: n })));
  const bytes = Buffer.concat(inner.map((message) => section(0x75, rhea.types.wrap_binary(message))));
  expect(readBatch(bytes).map(({ messageId }) => messageId)).toEqual(['m1', 'm2']);
  expect(readBatch(Buffer.alloc(0))).toEqual([]);
});

test('bytes that are no message are refused', () => {
  expect(() => readMessage(Buffer.from('hello'))).toThrow();
});
