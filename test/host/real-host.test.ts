/** Promise: real host does what its page says, with bad input too. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import { bodyData, triggerMetadata } from '../../local/functions-host/service-bus-message.ts';

// What the real host sends, recorded: the local host must hand over the same.

const typed = z.looseObject({ data: z.string() });
const recorded = z
  .object({
    invocations: z.array(
      z.object({
        functionId: z.string(),
        inputData: z.tuple([z.object({ data: typed })]),
        triggerMetadata: z.record(z.string(), typed),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/host-invocations.json'), 'utf8')));

/** `protobufjs` says in `data` which member of a one-of is set. */
const shown = (value: z.infer<typeof typed>) => ({ kind: value.data, value: value[value.data] });
const kindsOf = (metadata: Readonly<Record<string, object>>) =>
  Object.fromEntries(
    Object.entries(metadata)
      .map(([name, value]) => [name, Object.keys(value)[0]] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

const deliveries = recorded.invocations.filter(({ functionId }) => functionId === 'checkout');

/** The message that such an invocation was made of, as the JavaScript SDK receives it. */
function received({ triggerMetadata: metadata, inputData: [input] }: (typeof deliveries)[number]) {
  const json = (name: string): unknown => JSON.parse(String(metadata[name]?.['json']));
  const bytes = z.object({ base64: z.string() }).parse(input.data['bytes']);
  return {
    body: Buffer.from(bytes.base64, 'base64'),
    messageId: String(metadata['MessageId']?.['string']),
    lockToken: String(metadata['LockToken']?.['string']),
    deliveryCount: 0,
    sequenceNumber: { toNumber: () => Number(json('SequenceNumber')) },
    enqueuedTimeUtc: new Date(`${json('EnqueuedTimeUtc')}Z`),
    expiresAtUtc: new Date(`${json('ExpiresAtUtc')}Z`),
    applicationProperties: z.record(z.string(), z.string()).parse(json('ApplicationProperties')),
    _rawAmqpMessage: { bodyType: 'data' as const },
  };
}

test('there are deliveries and timers in the recording', () => {
  expect(deliveries.length).toBe(3);
  expect(recorded.invocations.length).toBeGreaterThan(3);
});

test.each(deliveries.map((each, index) => [index, each] as const))(
  'delivery %i: names, kinds and values of the metadata are those of the real host',
  (_, invocation) => {
    const message = received(invocation);
    const data = bodyData(message, true);
    const ours = triggerMetadata(message, data);
    expect(kindsOf(ours)).toEqual(
      Object.fromEntries(
        Object.entries(invocation.triggerMetadata)
          .map(([name, value]) => [name, shown(value).kind] as const)
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      ),
    );
    // Of the client only that it is there: its fields are .NET's.
    for (const [name, value] of Object.entries(invocation.triggerMetadata))
      if (name !== 'Client')
        expect([name, Object.values(ours[name] ?? {})[0]]).toEqual([name, shown(value).value]);
    expect(Object.keys(data)).toEqual(['bytes']);
  },
);

test('a message that never expires ends with .NET’s last moment', () => {
  const [first] = deliveries;
  if (first === undefined) throw new Error('nothing is recorded');
  const message = { ...received(first), expiresAtUtc: new Date(8_640_000_000_000_000) };
  const { ExpiresAtUtc } = triggerMetadata(message, bodyData(message, true));
  expect(ExpiresAtUtc).toEqual({ json: '"9999-12-31T23:59:59.9999999"' });
});

const withBody = (bodyType: 'value' | 'sequence', body: unknown) => ({
  messageId: 'm',
  body,
  _rawAmqpMessage: { bodyType },
});

test.each([
  ['a value that is text', withBody('value', 'text')],
  ['a value that is a map', withBody('value', { a: 1 })],
  ['a sequence', withBody('sequence', [1])],
])('%s cannot become bytes, and so fails a binary trigger', (_, message) => {
  expect(() => bodyData(message, true)).toThrow(/cannot be converted/);
});

test('a value that is text is text for a trigger that asks for text', () => {
  expect(bodyData(withBody('value', 'text'), false)).toEqual({ string: 'text' });
});
