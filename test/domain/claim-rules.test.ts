/** Promise: a delivery may do with a record what the protocol says, and nothing else. */

import { describe, expect, test } from 'vitest';
import {
  type ClaimContext,
  decideClaim,
  decideInsert,
  isOpen,
  isOver,
  needsPermit,
} from '../../src/domain/checkout/claim-rules.ts';
import type { CheckoutRecord, PendingDecision } from '../../src/domain/checkout/record.ts';
import { aRecord, cartId, customerId } from '../support/records.ts';

const now = 10_000_000;
const claim = (record: Partial<CheckoutRecord>, context: Partial<ClaimContext> = {}) =>
  decideClaim(aRecord(record), { now, stopped: false, ...context });
const job = { customerId, cartId };
const settled = ['ordered', 'completed', 'partial', 'failed'] as const;
const decided = (
  decision: PendingDecision['decision'],
  orderIds: readonly string[] = [],
): PendingDecision => ({
  decision,
  who: 'maria@example.com',
  at: 1,
  orderIds,
});

describe('no record', () => {
  const insert = (change: object, context: Partial<ClaimContext> = {}, producer = true) =>
    decideInsert({ ...job, ...change }, producer, { now, stopped: false, ...context });
  test('a producer’s message begins the job', () => {
    expect(insert({})).toEqual({ kind: 'insert' });
  });
  test('before its time it begins as waiting', () => {
    expect(insert({ notBefore: now + 5 })).toEqual({ kind: 'insert-waiting', until: now + 5 });
    expect(insert({ notBefore: now })).toEqual({ kind: 'insert' });
  });
  test.each([
    ['past its time', { notAfter: now - 1 }, {}],
    ['without any time', { notBefore: now + 5, notAfter: now + 5 }, {}],
    ['of a stopped batch', {}, { stopped: true }],
  ])('%s it begins as ended', (_, change, context) => {
    expect(insert(change, context)).toEqual({ kind: 'insert-ended' });
  });
  test('a wake-up begins nothing', () => {
    expect(insert({}, {}, false)).toEqual({ kind: 'no-record' });
  });
});

describe('a result is never submitted again', () => {
  test.each(settled)('%s', (state) => {
    expect(claim({ state })).toEqual({ kind: 'settled' });
    expect(claim({ state, unfinishedClaims: 9, unansweredSends: 9 })).toEqual({ kind: 'settled' });
  });
  test.each(settled)('%s with orders in hand: they are read, if the record lacks them', (state) => {
    expect(claim({ state, ordersInHand: ['A', 'B'] })).toEqual({ kind: 'read-orders', orderIds: ['A', 'B'] });
  });
});

describe('another run', () => {
  const lease = { id: 'x', until: now + 5 };
  test.each(['submitting', 'waiting', 'unresolved', 'failed'] as const)(
    'with the lease of a %s job is waited for',
    (state) => {
      expect(claim({ state, lease })).toEqual({ kind: 'leased', until: now + 5 });
      expect(claim({ state, lease, decision: decided('retry') }).kind).toBe('leased');
      expect(claim({ state, lease, ordersInHand: ['A'] }).kind).toBe('leased');
    },
  );
  test('whose lease has ended is taken over', () => {
    expect(claim({ lease: { id: 'x', until: now } })).toEqual({ kind: 'take-over', next: 'reconcile' });
  });
});

describe('due', () => {
  test('not before the next try', () => {
    expect(claim({ state: 'waiting', nextTry: now + 5 })).toEqual({ kind: 'not-due', until: now + 5 });
    expect(claim({ state: 'waiting', nextTry: now })).toEqual({ kind: 'take-over', next: 'call' });
  });
  test('not before its notBefore, while it waits', () => {
    const notBefore = { ...job, notBefore: now + 9 };
    expect(claim({ state: 'waiting', nextTry: now + 5, job: notBefore })).toEqual({
      kind: 'not-due',
      until: now + 9,
    });
    expect(claim({ state: 'unresolved', job: notBefore }).kind).toBe('take-over');
  });
  test('at once with a decision, or with orders in hand', () => {
    expect(claim({ state: 'unresolved', nextTry: now + 5, ordersInHand: ['A'] })).toEqual({
      kind: 'take-over',
      next: 'reconcile',
    });
    expect(claim({ state: 'waiting', nextTry: now + 5, decision: decided('give-up') })).toEqual({
      kind: 'give-up',
    });
  });
});

describe('taking over', () => {
  test('from waiting it calls; from all else it may have been bought, and evidence comes first', () => {
    expect(claim({ state: 'waiting' })).toEqual({ kind: 'take-over', next: 'call' });
    expect(claim({ state: 'unresolved' })).toEqual({ kind: 'take-over', next: 'reconcile' });
    expect(claim({ state: 'submitting' })).toEqual({ kind: 'take-over', next: 'reconcile' });
    expect(claim({ state: 'waiting', ordersInHand: ['A'] })).toEqual({
      kind: 'take-over',
      next: 'reconcile',
    });
  });
  test('past its time, or stopped, a job of which nothing runs ends; one in doubt is found out', () => {
    const late = { ...job, notAfter: now - 1 };
    expect(claim({ state: 'waiting', job: late })).toEqual({ kind: 'end' });
    expect(claim({ state: 'waiting' }, { stopped: true })).toEqual({ kind: 'end' });
    expect(claim({ state: 'unresolved', job: late })).toEqual({ kind: 'take-over', next: 'reconcile' });
    expect(claim({ state: 'submitting' }, { stopped: true })).toEqual({
      kind: 'take-over',
      next: 'reconcile',
    });
    expect(claim({ state: 'waiting', job: late, ordersInHand: ['A'] })).toEqual({
      kind: 'take-over',
      next: 'reconcile',
    });
  });
});

describe('a decision of a person', () => {
  test.each([
    ['retry', 'failed', 'call'],
    ['retry', 'partial', 'call'],
    ['not-bought', 'unresolved', 'reconcile'],
    ['orders', 'unresolved', 'named-orders'],
  ] as const)('"%s" of a %s job: %s', (decision, state, next) => {
    expect(claim({ state, decision: decided(decision) })).toEqual({ kind: 'take-over', next });
  });
  test('a retry of a job that may have been bought looks first', () => {
    expect(claim({ state: 'failed', gaveUp: true, decision: decided('retry') })).toEqual({
      kind: 'take-over',
      next: 'reconcile',
    });
  });
  test.each(['waiting', 'unresolved', 'submitting'] as const)('"give-up" of a %s job ends it', (state) => {
    expect(claim({ state, decision: decided('give-up') })).toEqual({ kind: 'give-up' });
  });
});

describe('the crash counters', () => {
  const unfinished = (unfinishedClaims: number, change: Partial<CheckoutRecord> = {}) =>
    claim({ state: 'waiting', unfinishedClaims, ...change }).kind;
  test('the first and second unfinished claim run', () => {
    expect(unfinished(0)).toBe('take-over');
    expect(unfinished(1)).toBe('take-over');
  });
  test('the third, fourth and fifth are put off once each, then run', () => {
    for (const claims of [2, 3, 4]) {
      expect(unfinished(claims)).toBe('put-off');
      expect(unfinished(claims, { putOffAt: claims })).toBe('put-off');
      expect(unfinished(claims, { putOffAt: claims + 1 })).toBe('take-over');
    }
  });
  test('the sixth of either counter does not run', () => {
    expect(unfinished(5)).toBe('escalate-crash');
    expect(unfinished(5, { putOffAt: 6 })).toBe('escalate-crash');
    expect(unfinished(0, { unansweredSends: 4 })).toBe('take-over');
    expect(unfinished(0, { unansweredSends: 5 })).toBe('escalate-crash');
  });
  test('not before its next try', () => {
    expect(unfinished(5, { nextTry: now + 1 })).toBe('not-due');
  });
  test('a decision of a person runs whatever they say', () => {
    expect(unfinished(9, { decision: decided('give-up') })).toBe('give-up');
  });
});

test('only what leads to a request needs a permit', () => {
  const steps = [
    { kind: 'insert' },
    { kind: 'take-over', next: 'call' },
    { kind: 'read-orders', orderIds: ['A'] },
    { kind: 'settled' },
    { kind: 'leased', until: 1 },
    { kind: 'not-due', until: 1 },
    { kind: 'put-off' },
    { kind: 'escalate-crash' },
    { kind: 'give-up' },
    { kind: 'end' },
    { kind: 'insert-waiting', until: 1 },
    { kind: 'insert-ended' },
    { kind: 'no-record' },
  ] as const;
  expect(steps.filter(needsPermit).map(({ kind }) => kind)).toEqual(['insert', 'take-over', 'read-orders']);
});

test('a record is open while there is something to do', () => {
  for (const state of settled) {
    expect(isOpen(aRecord({ state }))).toBe(false);
    expect(isOpen(aRecord({ state, decision: decided('retry') }))).toBe(true);
    expect(isOpen(aRecord({ state, ordersInHand: ['A'] }))).toBe(true);
  }
  for (const state of ['waiting', 'submitting', 'unresolved'] as const)
    expect(isOpen(aRecord({ state }))).toBe(true);
});

test('the last millisecond of notAfter still counts', () => {
  expect(isOver({ notAfter: now }, now)).toBe(false);
  expect(isOver({ notAfter: now - 1 }, now)).toBe(true);
});
