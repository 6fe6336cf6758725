import { describe, expect, test } from 'vitest';
import { decideClaim } from '../../src/domain/checkout/claim-rules.ts';
import type { State } from '../../src/domain/checkout/record.ts';
import type { Decision } from '../../src/domain/message/delivery.ts';
import { defaultTimes } from '../../src/domain/times.ts';
import { aDelivery, aRecord } from '../support/records.ts';

const now = 10_000_000;
const claim = (
  record: Parameters<typeof aRecord>[0] | undefined,
  delivery: Parameters<typeof aDelivery>[0] = {},
) => decideClaim(record && aRecord(record), aDelivery(delivery), now, defaultTimes);

test('a cart that nobody knows is inserted', () => {
  expect(claim(undefined)).toEqual({ kind: 'insert' });
});

describe('a result is never submitted again', () => {
  for (const state of ['ordered', 'completed', 'partial', 'failed'] as const)
    test(state, () => {
      expect(claim({ state, ticket: 3 }, { ticket: 0 })).toEqual({ kind: 'settled' });
      expect(claim({ state, ticket: 3 }, { ticket: 9 })).toEqual({ kind: 'settled' });
    });
});

describe('tickets', () => {
  test('an older copy is a twin', () => {
    expect(claim({ state: 'waiting', ticket: 2, nextTry: now }, { ticket: 1 })).toEqual({ kind: 'twin' });
  });
  test('a twin revives a copy that is an hour late, and only then', () => {
    const late = (ms: number) => claim({ state: 'waiting', ticket: 2, nextTry: now - ms }, { ticket: 1 });
    expect(late(defaultTimes.reviveAfter)).toEqual({ kind: 'twin' });
    expect(late(defaultTimes.reviveAfter + 1)).toEqual({ kind: 'revive' });
  });
  test('a twin never revives a job that somebody holds', () => {
    const lease = { id: 'x', until: now + 1 };
    expect(claim({ ticket: 2, nextTry: 0, lease }, { ticket: 1 })).toEqual({ kind: 'twin' });
  });
  test('of a job that is being submitted, the hour runs from the end of the lease', () => {
    const lease = { id: 'x', until: now - defaultTimes.reviveAfter };
    expect(claim({ ticket: 2, lease }, { ticket: 1 })).toEqual({ kind: 'twin' });
    expect(claim({ ticket: 2, lease: { ...lease, until: lease.until - 1 } }, { ticket: 1 })).toEqual({
      kind: 'revive',
    });
  });
});

describe('taking over', () => {
  test('not while somebody has the lease', () => {
    expect(claim({ lease: { id: 'x', until: now + 5 } })).toEqual({ kind: 'leased', until: now + 5 });
  });
  test('not before the next try, unless the copy has orders in hand', () => {
    expect(claim({ state: 'waiting', nextTry: now + 5 })).toEqual({ kind: 'early', until: now + 5 });
    expect(claim({ state: 'unresolved', nextTry: now + 5 }, { found: ['order-1'] })).toEqual({
      kind: 'take-over',
      inDoubt: true,
    });
  });
  test('from waiting nothing is in doubt; from all else it may have been bought', () => {
    expect(claim({ state: 'waiting', nextTry: now })).toEqual({ kind: 'take-over', inDoubt: false });
    expect(claim({ state: 'unresolved', nextTry: now })).toEqual({ kind: 'take-over', inDoubt: true });
    expect(claim({ state: 'submitting', lease: { id: 'x', until: now } })).toEqual({
      kind: 'take-over',
      inDoubt: true,
    });
  });
});

describe('a decision of a person', () => {
  const decision = (name: Decision['decision'], seen: State): Decision => ({
    decision: name,
    seen,
    who: 'maria@example.com',
    orderIds: [],
  });
  test('applies to the record that was seen, once', () => {
    const retry = decision('retry', 'failed');
    expect(claim({ state: 'failed', ticket: 4 }, { ticket: 5, decision: retry })).toEqual({
      kind: 'decide',
      decision: retry,
    });
    expect(claim({ state: 'failed', ticket: 5 }, { ticket: 5, decision: retry })).toEqual({
      kind: 'settled',
    });
    expect(claim({ state: 'failed', ticket: 3 }, { ticket: 5, decision: retry })).toEqual({
      kind: 'settled',
    });
  });
  test('not when an answer overtook it', () => {
    const resolve = decision('not-bought', 'unresolved');
    expect(claim({ state: 'completed', ticket: 4 }, { ticket: 5, decision: resolve })).toEqual({
      kind: 'settled',
    });
  });
  test('not while a worker has the job', () => {
    const resolve = decision('give-up', 'unresolved');
    const lease = { id: 'x', until: now + 9 };
    expect(claim({ state: 'unresolved', ticket: 4, lease }, { ticket: 5, decision: resolve })).toEqual({
      kind: 'leased',
      until: now + 9,
    });
  });
  test('a retry past its notAfter is refused', () => {
    const retry = decision('retry', 'partial');
    const record = aRecord({ state: 'partial', ticket: 4 });
    const late = { ...record, job: { ...record.job, notAfter: now - 1 } };
    expect(decideClaim(late, aDelivery({ ticket: 5, decision: retry }), now, defaultTimes)).toEqual({
      kind: 'settled',
    });
  });
  test('a retry is not a way to reopen what is unresolved', () => {
    const retry = decision('retry', 'unresolved');
    expect(claim({ state: 'unresolved', ticket: 4, nextTry: 0 }, { ticket: 5, decision: retry }).kind).toBe(
      'take-over',
    );
  });
});
