import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decisionCopy, nextTry, sameAgain } from '../../src/checkout/copies.ts';
import { decodeDelivery } from '../../src/domain/message/delivery.ts';
import { systemChance } from '../../src/ports/chance.ts';
import type { Copy } from '../../src/ports/checkout-queue.ts';
import { aDelivery, aRecord, cartId, customerId } from '../support/records.ts';

const bytes = (value: unknown) =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const decode = (body: Uint8Array, properties: Record<string, unknown> = {}, deliveryCount = 1) =>
  decodeDelivery({ body, properties, deliveryCount, messageId: 'm', sequenceNumber: '1', enqueuedAt: 5 });
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
        job: { customerId, cartId, batchId: 'night 1', notAfter: Date.UTC(2026, 10, 24, 1) },
        ticket: 0,
        mayHaveTail: false,
        firstEnqueued: 5,
      },
    });
  });
  test('a redelivery, a copy and a requeue may have a tail to finish', () => {
    const tail = (properties: Record<string, string>, count = 1) => {
      const decoded = decode(bytes(good), properties, count);
      return decoded.kind === 'delivery' && decoded.delivery.mayHaveTail;
    };
    expect(tail({})).toBe(false);
    expect(tail({}, 2)).toBe(true);
    expect(tail({ 'checkout-ticket': '1' })).toBe(true);
    expect(tail({ 'checkout-requeued': '1' })).toBe(true);
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

describe('the properties that the worker and people add', () => {
  for (const [name, value] of [
    ['checkout-ticket', '-1'],
    ['checkout-ticket', '1.5'],
    ['checkout-ticket', true],
    ['checkout-decision', 'buy'],
    ['checkout-first-enqueued', 'yesterday'],
    ['checkout-Ticket', '1'],
    ['checkout-nonsense', '1'],
    ['checkout-who', 'a\u0000b'],
    ['checkout-found', 'a,,b'],
    ['checkout-found', 'a\u0007b'],
    ['checkout-who', 'a\ud83d'],
  ] as const)
    test(`${name} = ${JSON.stringify(value)} is refused with its name`, () => {
      expect(rejection(bytes(good), { [name]: value })).toMatchObject({ kind: 'not-valid', path: name });
    });
  test('a decision needs the state seen, the name and the ticket', () => {
    const all = {
      'checkout-decision': 'retry',
      'checkout-seen': 'failed',
      'checkout-who': 'm',
      'checkout-ticket': '1',
    };
    expect(decode(bytes(good), all)).toMatchObject({
      delivery: { decision: { decision: 'retry', seen: 'failed' } },
    });
    for (const missing of ['checkout-seen', 'checkout-who', 'checkout-ticket'] as const) {
      const { [missing]: _, ...rest } = all;
      expect(rejection(bytes(good), rest)).toMatchObject({ path: missing });
    }
  });
  test("a newer version's copy is left to the newer version", () => {
    expect(decode(bytes('{}'), { 'checkout-version': '2' })).toEqual({ kind: 'newer', version: '2' });
  });
  test('other properties are the producer’s own business', () => {
    expect(decode(bytes(good), { tenant: 'x' }).kind).toBe('delivery');
  });
});

describe('a copy reads as what it was made of', () => {
  const read = (copy: Copy) => {
    const decoded = decode(copy.body, copy.properties);
    if (decoded.kind !== 'delivery') throw new Error(decoded.kind);
    return decoded.delivery;
  };
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  test('the same again: ticket, decision, first-enqueue time, trace, orders in hand', () => {
    const decision = { decision: 'orders', seen: 'unresolved', who: 'm', orderIds: ['A', 'b'] } as const;
    const delivery = aDelivery({
      ticket: 7,
      decision,
      firstEnqueued: 1_700_000_000_000,
      traceparent,
      found: ['A'],
    });
    const copy = sameAgain(delivery, ['B', 'A'], systemChance);
    const asRead = { messageId: 'm', mayHaveTail: true, enqueuedAt: 5 };
    expect(read(copy)).toEqual({ ...delivery, ...asRead, found: ['A', 'B'] });
    expect(copy.messageId).not.toBe(sameAgain(delivery, [], systemChance).messageId);
  });
  test('the next try', () => {
    const record = aRecord({ firstEnqueued: 1_700_000_000_000, traceparent });
    expect(read(nextTry(record, 3, [], systemChance))).toMatchObject({ ticket: 3, traceparent, found: [] });
  });
  test('a decision has the next ticket', () => {
    const record = aRecord({ ticket: 4, firstEnqueued: 1_700_000_000_000 });
    const decision = { decision: 'retry', seen: 'failed', who: 'm', orderIds: [] } as const;
    expect(read(decisionCopy(record, decision, systemChance))).toMatchObject({ ticket: 5, decision });
  });
});
