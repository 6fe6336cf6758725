/** Promise: each state takes the decisions that fit it, and refuses the others with the reason. */

import { describe, expect, test } from 'vitest';
import {
  type Decision,
  isAsSeen,
  whyNotDecide,
  withPendingDecision,
} from '../../src/domain/checkout/decisions.ts';
import { givenUp } from '../../src/domain/checkout/endings.ts';
import { states } from '../../src/domain/checkout/record.ts';
import { aRecord, cartId, customerId } from '../support/records.ts';

const now = 1_000;
const decide = (decision: Decision['decision']): Decision => ({ decision, who: 'ann', orderIds: [] });
const allowed = (decision: Decision['decision']) =>
  states.filter((state) => whyNotDecide(aRecord({ state }), decide(decision), now) === undefined);

describe('which states take which decision', () => {
  test.each([
    ['retry', ['partial', 'failed']],
    ['not-bought', ['unresolved']],
    ['orders', ['unresolved']],
    ['give-up', ['submitting', 'waiting', 'unresolved']],
  ] as const)('%s: %j', (decision, expected) => {
    expect([...allowed(decision)].sort()).toEqual([...expected].sort());
  });
  test('a job that crashed its workers takes a retry in any state', () => {
    const asked = { kind: 'needs-decision', code: 'worker-crashed', since: 0 } as const;
    expect(whyNotDecide(aRecord({ state: 'waiting', asked }), decide('retry'), now)).toBeUndefined();
  });
});

describe('nobody decides', () => {
  test('while a worker has the job', () => {
    const lease = { id: 'x', until: now + 1 };
    expect(whyNotDecide(aRecord({ state: 'unresolved', lease }), decide('give-up'), now)).toContain(
      'has claimed',
    );
    expect(whyNotDecide(aRecord({ state: 'unresolved', lease }), decide('give-up'), now + 1)).toBeUndefined();
  });
  test('while another decision is pending', () => {
    const decision = { ...decide('retry'), who: 'ben', at: 1 };
    expect(whyNotDecide(aRecord({ state: 'failed', decision }), decide('retry'), now)).toContain(
      'ben decided "retry"',
    );
  });
  test('on a retry past notAfter', () => {
    const job = { customerId, cartId, notAfter: now - 1 };
    expect(whyNotDecide(aRecord({ state: 'failed', job }), decide('retry'), now)).toContain('notAfter');
  });
});

test('a decision makes the job due at once, with its counters at 0', () => {
  const before = aRecord({
    state: 'failed',
    nextTry: 9,
    putOffAt: 3,
    unfinishedClaims: 4,
    unansweredSends: 4,
  });
  const after = withPendingDecision(before, decide('retry'), now);
  expect(after).toMatchObject({
    state: 'failed',
    decision: { decision: 'retry', who: 'ann', at: now },
    decisions: [{ decision: 'retry', who: 'ann', at: now }],
    unfinishedClaims: 0,
    unansweredSends: 0,
  });
  expect(after.nextTry).toBeUndefined();
  expect(after.putOffAt).toBeUndefined();
});

test('a merged message or batch leaves the record as seen; a state, result, lease or decision does not', () => {
  const seen = aRecord({ state: 'unresolved' });
  expect(isAsSeen({ ...seen, batches: ['b'], job: { ...seen.job, notBefore: 1 } }, seen)).toBe(true);
  expect(isAsSeen({ ...seen, state: 'waiting' }, seen)).toBe(false);
  expect(isAsSeen({ ...seen, revision: 1 }, seen)).toBe(false);
  expect(isAsSeen({ ...seen, lease: { id: 'x', until: 1 } }, seen)).toBe(false);
  expect(isAsSeen(withPendingDecision(seen, decide('give-up'), now), seen)).toBe(false);
});

test.each([
  ['waiting', undefined],
  ['unresolved', true],
  ['submitting', true],
] as const)('who gives up on a %s job may have bought it: %s', (state, gaveUp) => {
  expect(givenUp(aRecord({ state }), 'ann', now).gaveUp).toBe(gaveUp);
});
