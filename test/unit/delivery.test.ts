/** Promise: a message becomes a delivery, or is refused with the path of the field. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeDelivery, joinIds, wakeUp } from '../../src/domain/message/delivery.ts';
import { jobEntry } from '../../src/domain/schedule-entry.ts';
import { cartId, customerId, jobKey } from '../support/records.ts';

const bytes = (value: unknown) =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const decode = (body: Uint8Array, properties: Record<string, unknown> = {}, deliveryCount = 1) =>
  decodeDelivery({
    body,
    properties,
    deliveryCount,
    messageId: 'm',
    queue: 'urgent',
    sequenceNumber: '1',
    enqueuedAt: 5,
  });
const rejection = (body: Uint8Array, properties: Record<string, unknown> = {}) => {
  const decoded = decode(body, properties);
  return decoded.kind === 'rejected' ? decoded.rejection : decoded.kind;
};
const good = { customerId, cartId };

describe('a body that is a job', () => {
  test('ids are lower-cased, instants are read', () => {
    const decoded = decode(
      bytes({
        customerId: customerId.toUpperCase(),
        cartId,
        notAfter: '2026-11-24T02:00:00+01:00',
        batchId: 'night 1',
      }),
    );
    expect(decoded).toMatchObject({
      kind: 'delivery',
      delivery: {
        jobKey,
        from: {
          kind: 'producer',
          job: { customerId, cartId, batchId: 'night 1', notAfter: Date.UTC(2026, 10, 24, 1) },
        },
        source: 'urgent:1',
        urgent: true,
        redelivered: false,
        ordersInHand: [],
        firstEnqueued: 5,
      },
    });
  });
  test('a message is redelivered because it says so: the delivery count is no evidence', () => {
    const redelivered = (properties: Record<string, string>, count = 1) => {
      const decoded = decode(bytes(good), properties, count);
      return decoded.kind === 'delivery' && decoded.delivery.redelivered;
    };
    expect(redelivered({})).toBe(false);
    expect(redelivered({}, 2)).toBe(false);
    expect(redelivered({ 'checkout-redelivered': '1' })).toBe(true);
  });
});

describe('a body that is none is refused with the path', () => {
  const cases: readonly [string, Uint8Array, string, string][] = [
    ['empty', new Uint8Array(), 'empty', ''],
    ['not UTF-8', new Uint8Array([0xff, 0xfe, 0x00]), 'not-text', ''],
    ['200 KB', bytes('x'.repeat(200_000)), 'too-large', ''],
    ['not JSON', bytes('{"customerId":'), 'not-json', ''],
    ['a list', bytes([good]), 'not-valid', ''],
    ['null', bytes('null'), 'not-valid', ''],
    ['no customer', bytes({ cartId }), 'not-valid', 'customerId'],
    ['a number for an id', bytes({ ...good, cartId: 7 }), 'not-valid', 'cartId'],
    ['a path for an id', bytes({ ...good, cartId: '../carts' }), 'not-valid', 'cartId'],
    ['quotes in an id', bytes({ ...good, customerId: `'${customerId}'` }), 'not-valid', 'customerId'],
    ['10 KB of id', bytes({ ...good, cartId: 'a'.repeat(10_240) }), 'not-valid', 'cartId'],
    ['a typo', bytes({ ...good, notafter: '2026-11-24T02:00:00Z' }), 'not-valid', 'notafter'],
    ['names of metadata', bytes({ ...good, messageId: 'x', deliveryCount: 9 }), 'not-valid', 'messageId'],
    ['no zone', bytes({ ...good, notBefore: '2026-11-24T02:00:00' }), 'not-valid', 'notBefore'],
    ['a batch that is no key', bytes({ ...good, batchId: 'a/b' }), 'not-valid', 'batchId'],
    ['a size of nothing', bytes({ ...good, batchSize: 0 }), 'not-valid', 'batchSize'],
    [
      'an end before the beginning',
      bytes({ ...good, notBefore: '2026-11-24T03:00:00Z', notAfter: '2026-11-24T02:00:00Z' }),
      'not-valid',
      'notAfter',
    ],
  ];
  for (const [name, body, kind, path] of cases)
    test(name, () => {
      expect(rejection(body)).toMatchObject({ kind, path });
    });
  test('a readable batch id is kept, so that the line counts for its batch', () => {
    expect(rejection(bytes({ cartId, batchId: 'night' }))).toMatchObject({ batchId: 'night' });
  });
  test('whatever the bytes are, there is an answer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (body) => {
        expect(decode(body).kind).toBe('rejected');
      }),
    );
  });
});

describe('the properties that the worker and its operators add', () => {
  for (const [name, value] of [
    ['checkout-redelivered', '2'],
    ['checkout-redelivered', true],
    ['checkout-first-enqueued', 'yesterday'],
    ['checkout-Redelivered', '1'],
    ['checkout-nonsense', '1'],
    ['checkout-ticket', '1'],
    ['checkout-orders', 'a,,b'],
    ['checkout-orders', ''],
    ['checkout-traceparent', 'none'],
  ] as const)
    test(`${name} = ${JSON.stringify(value)} is refused with its name`, () => {
      expect(rejection(bytes(good), { [name]: value })).toMatchObject({ kind: 'not-valid', path: name });
    });
  test("a newer version's message is left to the newer version", () => {
    expect(decode(bytes('{}'), { 'checkout-version': '2' })).toEqual({ kind: 'newer', version: '2' });
  });
  test('other properties are the producer’s own business', () => {
    expect(decode(bytes(good), { tenant: 'x' }).kind).toBe('delivery');
  });
});

describe('a wake-up', () => {
  const entry = {
    ...jobEntry({ jobKey, urgent: true, since: 0, state: 'waiting' }, 1_700_000_000_000.2),
    wakes: 4,
  };
  const message = wakeUp(entry, 'guid');
  test('says which entry woke which job, and how often', () => {
    expect(decode(message.body, message.properties)).toMatchObject({
      kind: 'delivery',
      delivery: {
        jobKey,
        from: { kind: 'wake-up', entryKey: entry.key, origin: 1_700_000_000_001, wakes: 5 },
        redelivered: false,
      },
    });
  });
  test('of a newer version is known by its job', () => {
    expect(decode(message.body, { 'checkout-version': '2' })).toMatchObject({
      kind: 'newer',
      wakeUp: { jobKey, entryKey: entry.key },
    });
  });
  test.each([
    ['a key of nothing', { wake: { entry: 'job:1', wakes: 1 } }],
    ['no key', { wake: {} }],
    ['a job beside it', { wake: { entry: 'x' }, ...good }],
    ['null', { wake: null }],
  ])('with %s is rejected: it cannot buy', (_, body) => {
    expect(rejection(bytes(body))).toMatchObject({ kind: 'not-valid' });
  });
  test.each([0, -1, 'many', undefined])('that counts %j wakes counts as the first', (wakes) => {
    expect(decode(bytes({ wake: { entry: entry.key, wakes } }))).toMatchObject({
      delivery: { from: { wakes: 1 } },
    });
  });
});

test('order ids of any characters pass through one property', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }), { maxLength: 8 }),
      (ids) => {
        const properties: Record<string, string> =
          ids.length === 0 ? {} : { 'checkout-orders': joinIds(ids) };
        expect(decode(bytes(good), properties)).toMatchObject({ delivery: { ordersInHand: ids } });
      },
    ),
  );
});
