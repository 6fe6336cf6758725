/** Promise: a result becomes the state, the orders and the entries that follow from it. */

import { describe, expect, test } from 'vitest';
import { contentOf, withResult } from '../../src/domain/checkout/apply-result.ts';
import { withCall } from '../../src/domain/checkout/call-history.ts';
import { givenUp } from '../../src/domain/checkout/endings.ts';
import type { CheckoutRecord } from '../../src/domain/checkout/record.ts';
import { fence } from '../../src/domain/checkout/send-fence.ts';
import { eventsOf } from '../../src/domain/events/event-list.ts';
import { afterPoll } from '../../src/domain/order/after-poll.ts';
import { defaultTimes as times } from '../../src/domain/times.ts';
import { anOrder, aRecord } from '../support/records.ts';

const at = { now: 100, firstPoll: 200 };
const failedGroup = { group: '0', code: '800010', description: 'no inventory', retryable: false };

describe('a result', () => {
  const lease = { id: 'mine', until: 999 };
  test('all orders complete', () => {
    const record = withResult(
      aRecord({ lease }),
      { orders: [anOrder('a'), anOrder('b')], failedGroups: [] },
      at,
    );
    expect(record).toMatchObject({ state: 'completed', revision: 1, reached: { final: 1 } });
    expect(record.lease).toBeUndefined();
  });
  test('some pending: ordered, and every pending order names its entry', () => {
    const record = withResult(
      aRecord(),
      { orders: [anOrder('a'), anOrder('b', 'pending')], failedGroups: [] },
      at,
    );
    expect(record).toMatchObject({ state: 'ordered', reached: { ordered: 1 } });
    expect(record.orders.map((mark) => mark.entryKey)).toEqual([undefined, '000000000000200:b']);
  });
  test('some groups failed: partial; none succeeded: failed', () => {
    expect(withResult(aRecord(), { orders: [anOrder('a')], failedGroups: [failedGroup] }, at).state).toBe(
      'partial',
    );
    expect(withResult(aRecord(), { orders: [], failedGroups: [failedGroup] }, at).state).toBe('failed');
  });
  test('a cancelled order makes it partial', () => {
    expect(withResult(aRecord(), { orders: [anOrder('a', 'cancelled')], failedGroups: [] }, at).state).toBe(
      'partial',
    );
  });
  test('a negative end keeps the orders that the record has', () => {
    const waiting = {
      ...withResult(aRecord(), { orders: [anOrder('a')], failedGroups: [failedGroup] }, at),
      state: 'waiting' as const,
    };
    expect(withResult(waiting, { orders: [], failedGroups: [failedGroup] }, at)).toMatchObject({
      state: 'partial',
      revision: 2,
    });
  });
  test('the same content in another order of lines, or another case, is the same', () => {
    const lines = [
      { offerId: 'A:1:X', quantity: 2, term: 'P1Y' },
      { offerId: 'B:1:Y', quantity: 1, term: '' },
    ];
    expect(contentOf({ billingCycle: 'monthly', lines })).toBe(
      contentOf({
        billingCycle: 'Monthly',
        lines: lines.toReversed().map((line) => ({ ...line, offerId: line.offerId.toLowerCase() })),
      }),
    );
    expect(contentOf({ billingCycle: 'monthly', lines })).not.toBe(
      contentOf({ billingCycle: 'annual', lines }),
    );
  });
});

describe('a poll', () => {
  const ordered = withResult(
    aRecord(),
    { orders: [anOrder('a', 'pending'), anOrder('b', 'pending')], failedGroups: [] },
    at,
  );
  const poll = (record: CheckoutRecord, order: ReturnType<typeof anOrder>) =>
    afterPoll(record, order, { now: 300, nextPoll: 400 });
  test('is no result while an order is pending', () => {
    expect(poll(ordered, anOrder('a'))).toMatchObject({ state: 'ordered', revision: 1 });
  });
  test('ends the record with its last order', () => {
    const ended = poll(poll(ordered, anOrder('a')), anOrder('b'));
    expect(ended).toMatchObject({ state: 'completed', revision: 2, reached: { ordered: 1, final: 2 } });
    expect(eventsOf(ended).map((event) => event.id.replace(/:.*:/, ' '))).toEqual([
      'checkout.ordered 1',
      'order.completed 1',
      'order.completed 2',
      'checkout.completed 2',
    ]);
  });
  test('never moves a status back', () => {
    const cancelled = poll(ordered, anOrder('a', 'cancelled'));
    expect(poll(cancelled, anOrder('a', 'pending')).orders[0]?.status).toBe('cancelled');
  });
  test('does not finalise a record that a worker still has in hand', () => {
    const waiting = { ...ordered, state: 'waiting' as const };
    expect(poll(poll(waiting, anOrder('a')), anOrder('b'))).toMatchObject({ state: 'waiting', revision: 1 });
  });
  test.each([
    ['of which nobody read the groups', undefined, 'partial'],
    ['that has all its groups now', [{ group: '0', content: contentOf(anOrder('a')) }], 'completed'],
    [
      'that lacks a group',
      [
        { group: '0', content: contentOf(anOrder('a')) },
        { group: '1', content: 'another' },
      ],
      'partial',
    ],
  ] as const)('an order of a cart that a person gave up on, %s', (_, groups, state) => {
    const asked = aRecord({ state: 'unresolved', ...(groups === undefined ? {} : { groups }) });
    const given = withResult(asked, givenUp(asked, 'ann', 200), at);
    expect(given).toMatchObject({ state: 'failed', gaveUp: true });
    expect(poll(given, anOrder('a'))).toMatchObject({ state, orders: [{ id: 'a' }] });
  });
  test('an unknown status is still pending', () => {
    expect(poll(ordered, anOrder('a', 'unknown'))).toMatchObject({ state: 'ordered' });
  });
});

describe('the fence, in the instant before a POST', () => {
  const held = (until: number, notAfter?: number) => ({
    record: {
      ...aRecord({ lease: { id: 'mine', until } }),
      ...(notAfter === undefined ? {} : { job: { ...aRecord().job, notAfter } }),
    },
    etag: '1',
    leaseId: 'mine',
  });
  const permit = { lane: 'worker', notBefore: 1_000 } as const;
  const lockEnd = 1_000_000;
  test('lets a call through with a fresh permit and time enough on the lease', () => {
    expect(fence(held(1_000 + times.callTimeout), permit, lockEnd, 1_000, times, false)).toBe('go');
  });
  test('a lease that the call could outlast', () => {
    expect(fence(held(999 + times.callTimeout), permit, lockEnd, 1_000, times, false)).toBe('claim-again');
    expect(fence({ ...held(999_999), leaseId: 'theirs' }, permit, lockEnd, 1_000, times, false)).toBe(
      'claim-again',
    );
  });
  test('a stale permit, or none', () => {
    expect(fence(held(999_999), permit, lockEnd, 1_000 + times.permitLife, times, false)).toBe('new-permit');
    expect(fence(held(999_999), undefined, lockEnd, 1_000, times, false)).toBe('new-permit');
    expect(fence(held(999_999), permit, lockEnd, 1_000, times, false, 1_000)).toBe('go');
    expect(fence(held(999_999), permit, lockEnd, 1_000, times, false, 999)).toBe('over');
  });
  test('past notAfter, before anything else', () => {
    expect(fence(held(0, 999), undefined, 0, 1_000, times, false)).toBe('over');
  });
  test('a stopped batch, before anything else', () => {
    expect(fence(held(999_999), permit, lockEnd, 1_000, times, true)).toBe('over');
  });
  test('a lock that would end during the call', () => {
    expect(fence(held(999_999), permit, 999 + times.callTimeout, 1_000, times, false)).toBe('lock-ends');
  });
});

test('the history keeps the first 20 calls, the last 80, and counts all', () => {
  let record = aRecord();
  for (let n = 0; n < 150; n += 1) record = withCall(record, { what: 'cart', at: n, correlationId: `c${n}` });
  expect(record.history.total).toBe(150);
  expect(record.history.first.map((call) => call.at)).toEqual(Array.from({ length: 20 }, (_, n) => n));
  expect(record.history.last.map((call) => call.at)).toEqual(Array.from({ length: 80 }, (_, n) => n + 70));
});
