/** Promise: each outcome, evidence and decision leads to the one next action that the protocol names. */

import { describe, expect, test } from 'vitest';
import { afterCall, afterFence } from '../../src/domain/checkout/after-call.ts';
import { afterGiveUp, afterNamedOrders, wrongOrder } from '../../src/domain/checkout/after-decision.ts';
import { afterEvidence, evidenceLater, evidenceRefused } from '../../src/domain/checkout/after-evidence.ts';
import { knownGroup } from '../../src/domain/checkout/apply-result.ts';
import type { Outcome } from '../../src/domain/checkout/call-outcome.ts';
import { inFlightEnd, listLagEnd } from '../../src/domain/checkout/deadlines.ts';
import {
  type Context,
  crashed,
  type GateAfterCall,
  putOff,
  type Repeat,
  unsent,
} from '../../src/domain/checkout/next-action.ts';
import type { Evidence } from '../../src/domain/checkout/reconcile-rules.ts';
import type { CheckoutRecord, Reason } from '../../src/domain/checkout/record.ts';
import { defaultTimes as times } from '../../src/domain/times.ts';
import { anOrder, aRecord } from '../support/records.ts';

const now = 1_000_000;
const context: Context = {
  now,
  times,
  rules: { maxAttempts: 6, repeatOrderedCart: true },
  fraction: 0,
  stopped: undefined,
  skew: undefined,
};
const open: GateAfterCall = { opensAt: undefined, othersPassedAt: undefined };
const reason: Reason = { code: 'x', description: 'It was refused.', remedy: 'Fix it.', at: now };
const sent = (change: Partial<CheckoutRecord> = {}) =>
  aRecord({ firstSend: now, lastSend: now, unansweredSends: 1, createdAt: now, ...change });
const follows = (
  outcome: Outcome,
  record: CheckoutRecord = sent(),
  gate: GateAfterCall = open,
  repeat?: Repeat,
  more: Partial<Context> = {},
) => afterCall(record, outcome, gate, repeat, { ...context, ...more });

describe('after an outcome', () => {
  test('all orders: a result', () => {
    expect(follows({ kind: 'result', orders: [anOrder('a')], errors: [] })).toEqual({
      kind: 'record-result',
      result: { orders: [anOrder('a')], failedGroups: [] },
    });
  });
  test('groups that may be tried again: their orders are recorded, and the job goes on', () => {
    const errors = [{ group: '1', code: 'c', description: 'No', retryable: true }];
    expect(follows({ kind: 'result', orders: [anOrder('a')], errors })).toMatchObject({
      kind: 'record-and-go-on',
      result: { orders: [{ id: 'a' }] },
      to: { step: 'wait', change: { attempts: 1, unansweredSends: 0 } },
    });
    expect(follows({ kind: 'result', orders: [], errors }, sent({ attempts: 5 })).kind).toBe('record-result');
  });
  test('groups that are refused for good: a result in part', () => {
    const errors = [{ group: '1', code: 'c', description: 'No', retryable: false }];
    expect(follows({ kind: 'result', orders: [anOrder('a')], errors })).toMatchObject({
      kind: 'record-result',
      result: { orders: [{ id: 'a' }], failedGroups: [{ group: '1' }] },
    });
  });
  test('of a repeat, only when every group is there', () => {
    const groups = ['0', '1'].map((group) =>
      knownGroup({ group, ...anOrder('x', 'completed', `offer-${group}`) }),
    );
    const unresolved = sent({ state: 'unresolved', groups });
    const one = { kind: 'result' as const, orders: [anOrder('a', 'completed', 'offer-0')], errors: [] };
    expect(follows(one, unresolved)).toMatchObject({
      kind: 'record-and-go-on',
      to: { step: 'doubt', at: listLagEnd(unresolved, times) },
    });
    const both = { ...one, orders: [...one.orders, anOrder('b', 'completed', 'offer-1')] };
    expect(follows(both, unresolved).kind).toBe('record-result');
  });
  test('orders that the repeat of an ordered cart made beside equal ones raise an alarm', () => {
    const repeat: Repeat = {
      until: undefined,
      ofOrderedCart: true,
      lastSendBefore: 0,
      known: new Set(['a']),
    };
    const history = {
      total: 1,
      first: [{ what: 'checkout' as const, at: now, correlationId: 'c', end: { ms: 5 } }],
      last: [],
    };
    const again = {
      kind: 'result' as const,
      orders: [anOrder('a'), { ...anOrder('b'), created: { earliest: now, latest: now } }],
      errors: [],
    };
    expect(follows(again, sent({ state: 'unresolved', history }), open, repeat)).toMatchObject({
      kind: 'record-result',
      result: { boughtAgain: { at: now, orderIds: ['b'] } },
    });
  });
  test('throttled: it waits until the gate opens', () => {
    const throttled = { kind: 'throttled' as const, retryAfterMs: 5, reason };
    expect(follows(throttled, sent(), { ...open, opensAt: now + 7 })).toMatchObject({
      kind: 'reschedule',
      to: { step: 'wait', at: now + 7, change: { reason, unansweredSends: 0 } },
    });
  });
  test.each(['renew-token', 'credential'] as const)('%s: it waits for the partner’s credential', (kind) => {
    expect(follows({ kind, reason })).toMatchObject({
      kind: 'reschedule',
      to: { step: 'wait', at: now + times.partnerRetry },
    });
  });
  test('partner-wide: it waits; refused again while others passed, it is refused itself', () => {
    expect(follows({ kind: 'partner-wide', reason })).toMatchObject({
      kind: 'reschedule',
      to: { step: 'wait', at: now + times.partnerRetry, change: { refusedSince: now } },
    });
    const passed = { ...open, othersPassedAt: now - 1 };
    expect(follows({ kind: 'partner-wide', reason }, sent({ refusedSince: now - 5 }), passed)).toMatchObject({
      kind: 'record-result',
      result: { orders: [], reason },
    });
    expect(
      follows({ kind: 'partner-wide', reason }, sent({ refusedSince: now - 5, state: 'unresolved' }), passed)
        .kind,
    ).toBe('reschedule');
  });
  test('not executed: it backs off, and ends after too many attempts unless it may have been bought', () => {
    expect(follows({ kind: 'not-executed', reason })).toMatchObject({
      kind: 'reschedule',
      to: { step: 'wait', change: { attempts: 1 } },
    });
    expect(follows({ kind: 'not-executed', reason }, sent({ attempts: 5 })).kind).toBe('record-result');
    expect(follows({ kind: 'not-executed', reason }, sent({ attempts: 5, state: 'unresolved' })).kind).toBe(
      'reschedule',
    );
  });
  test('slow: it waits for hours', () => {
    const action = follows({ kind: 'slow', reason });
    expect(action).toMatchObject({ kind: 'reschedule', to: { step: 'wait' } });
    if (action.kind === 'reschedule') expect(action.to.at - now).toBeGreaterThan(times.slowRetry / 2);
  });
  test('in progress: it is looked at again, later each time', () => {
    const first = follows({ kind: 'in-progress', reason });
    const second = follows({ kind: 'in-progress', reason }, sent({ reconciliations: 1 }));
    expect(first).toMatchObject({
      kind: 'reschedule',
      to: { step: 'doubt', change: { reconciliations: 1 } },
    });
    if (first.kind === 'reschedule' && second.kind === 'reschedule')
      expect(second.to.at).toBeGreaterThan(first.to.at);
  });
  test('already done: it is found out, and never repeated', () => {
    expect(follows({ kind: 'already-done', reason })).toMatchObject({
      kind: 'reschedule',
      to: { step: 'doubt', change: { repeated: { as: 'already-done', reason } } },
    });
  });
  test.each(['unknown', 'unreadable'] as const)('%s: evidence comes after the window', (kind) => {
    expect(follows({ kind, reason })).toMatchObject({
      kind: 'reschedule',
      to: { step: 'doubt', at: inFlightEnd(sent(), times), change: { attempts: 1, unansweredSends: 0 } },
    });
  });
  test('intercepted: evidence after the window, and no attempt is counted', () => {
    const action = follows({ kind: 'intercepted', reason });
    expect(action).toMatchObject({
      kind: 'reschedule',
      to: { step: 'doubt', at: inFlightEnd(sent(), times) },
    });
    if (action.kind === 'reschedule') expect(action.to.change.attempts).toBeUndefined();
  });
  describe('permanent', () => {
    const permanent = { kind: 'permanent' as const, reconcileFirst: false, reason };
    test('is the end of a job that cannot have been bought', () => {
      expect(follows(permanent)).toMatchObject({ kind: 'record-result', result: { orders: [], reason } });
    });
    test('is no end where it tells nothing, and the repeat stays open', () => {
      expect(follows({ ...permanent, reconcileFirst: true })).toMatchObject({
        kind: 'reschedule',
        to: { step: 'doubt', at: listLagEnd(sent(), times), change: { repeated: { as: 'refused-once' } } },
      });
    });
    test('is no end while it may have been bought', () => {
      expect(follows(permanent, sent({ state: 'unresolved' }))).toMatchObject({
        kind: 'reschedule',
        to: { step: 'doubt', change: { repeated: { as: 'refused' } } },
      });
    });
  });
  test('a job that has been under way for a day asks a person too', () => {
    const old = sent({ firstSend: now - times.pendingAlarm });
    expect(follows({ kind: 'not-executed', reason }, old)).toMatchObject({
      kind: 'escalate',
      question: { kind: 'pending-too-long', reason },
      to: { step: 'wait' },
    });
    const asked = { kind: 'needs-decision', since: 0 } as const;
    expect(follows({ kind: 'not-executed', reason }, { ...old, asked }).kind).toBe('reschedule');
  });
});

describe('after a fence that let nothing leave', () => {
  test('over: a job that cannot have been bought ends; one in doubt is found out', () => {
    const late = aRecord({ job: { ...aRecord().job, notAfter: now - 1 } });
    expect(afterFence(late, 'over', undefined, context)).toMatchObject({
      kind: 'record-result',
      result: { reason: { code: 'too-late' } },
    });
    expect(afterFence({ ...late, state: 'unresolved' }, 'over', undefined, context)).toMatchObject({
      kind: 'reschedule',
      to: { at: now },
    });
  });
  test('too early: it waits for its time; the lock ends: another delivery goes on at once', () => {
    const early = aRecord({ job: { ...aRecord().job, notBefore: now + 9 } });
    expect(afterFence(early, 'too-early', undefined, context)).toMatchObject({ to: { at: now + 9 } });
    expect(afterFence(early, 'lock-ends', undefined, context)).toMatchObject({ to: { at: now } });
  });
  test('a repeat that never left does not move the last send', () => {
    const repeat: Repeat = { until: undefined, ofOrderedCart: false, lastSendBefore: 5, known: new Set() };
    expect(unsent(now, 'why', repeat)).toMatchObject({ to: { step: 'wait', change: { lastSend: 5 } } });
    expect(unsent(now, 'why')).toMatchObject({ to: { change: {} } });
  });
});

describe('after evidence', () => {
  const group = knownGroup({ group: '0', ...anOrder('x') });
  const gathered = (change: Partial<Evidence> = {}): Evidence => ({
    now: context.now,
    record: sent({ state: 'unresolved', firstSend: 0, lastSend: 0, createdAt: 0 }),
    stopped: false,
    cart: 'ordered',
    groups: [group],
    unowned: [],
    equalCarts: [],
    unreadable: [],
    ...change,
  });
  const evidence = (change: Partial<Evidence> = {}, at = context.now) => {
    const seen = gathered({ now: at, ...change });
    return afterEvidence(seen, seen.record, [], { ...context, now: at });
  };
  test('found: a result', () => {
    const record = sent({ state: 'unresolved', orders: [], groups: [] });
    expect(evidence({ groups: [], record })).toMatchObject({ kind: 'record-result' });
  });
  test('an ordered cart within its time is repeated, after the window', () => {
    expect(evidence({}, 60_000).kind).toBe('reschedule');
    expect(evidence({}, inFlightEnd(gathered().record, times))).toMatchObject({
      kind: 'repeat',
      repeat: { ofOrderedCart: true, lastSendBefore: 0 },
    });
  });
  test('nothing tells whose an order is: a person is asked', () => {
    const asked = evidence({ unowned: [anOrder('a'), anOrder('b')] }, 10 * times.listLag);
    expect(asked).toMatchObject({
      kind: 'escalate',
      question: { kind: 'needs-decision', evidence: expect.stringContaining('"a"') },
      to: { step: 'doubt' },
    });
  });
  test('nothing was bought, and its time is over: it ends', () => {
    const record = { ...gathered().record, job: { ...gathered().record.job, notAfter: 1 } };
    expect(evidence({ cart: 'active', record }, 10 * times.listLag)).toMatchObject({
      kind: 'record-result',
      result: { reason: { code: 'too-late' } },
    });
  });
  test('that cannot be gathered now is gathered later', () => {
    expect(
      evidenceLater(sent({ reconciliations: 3 }), { at: now + 5, why: 'a pause' }, context),
    ).toMatchObject({
      kind: 'reschedule',
      to: { step: 'doubt', at: now + 5, change: { reconciliations: 4 } },
    });
  });
  test('that is refused for good: a person is asked after the list lag', () => {
    expect(evidenceRefused(sent(), reason, context)).toMatchObject({
      kind: 'reschedule',
      to: { step: 'doubt' },
    });
    const listLag = { ...context, now: listLagEnd(sent(), times) };
    expect(evidenceRefused(sent(), reason, listLag)).toMatchObject({
      kind: 'escalate',
      question: { kind: 'needs-decision', reason },
    });
  });
});

describe('after a decision', () => {
  test('the orders that a person named end the job; a group without one failed', () => {
    const groups = ['0', '1'].map((name) =>
      knownGroup({ group: name, ...anOrder('x', 'completed', `offer-${name}`) }),
    );
    const one = anOrder('a', 'completed', 'offer-0');
    expect(afterNamedOrders(sent(), [one], groups.slice(0, 1), 'ann', context)).toEqual({
      kind: 'record-result',
      result: { orders: [one], failedGroups: [] },
    });
    expect(afterNamedOrders(sent(), [one], groups, 'ann', context)).toMatchObject({
      result: { failedGroups: [{ group: '1', code: 'not-named' }], reason: { code: 'not-named' } },
    });
  });
  test('a wrong order keeps the question open', () => {
    expect(wrongOrder('It is another’s.', context)).toMatchObject({
      kind: 'escalate',
      question: { kind: 'needs-decision', reason: { code: 'wrong-order', description: 'It is another’s.' } },
    });
  });
  test('giving up is an end', () => {
    expect(afterGiveUp(aRecord({ state: 'waiting' }), 'ann', context)).toMatchObject({
      kind: 'record-result',
      result: { reason: { code: 'given-up' } },
    });
  });
});

describe('after crashes', () => {
  test('a run is put off by up to ten minutes, and its counter stays', () => {
    const record = aRecord({ state: 'waiting', unfinishedClaims: 3 });
    for (const fraction of [0, 0.5, 0.999])
      expect(putOff(record, { ...context, fraction })).toMatchObject({
        kind: 'reschedule',
        to: {
          step: 'wait',
          at: now + fraction * times.putOffMax,
          change: { putOffAt: 4, unfinishedClaims: 3 },
        },
      });
    expect(putOff({ ...record, state: 'submitting' }, context)).toMatchObject({ to: { step: 'doubt' } });
  });
  test('a person is asked with the last error, and both counters are four', () => {
    expect(crashed(aRecord({ state: 'waiting', lastError: 'boom' }), context)).toMatchObject({
      kind: 'escalate',
      question: { code: 'worker-crashed', reason: { description: expect.stringContaining('boom') } },
      to: { step: 'wait', at: now + times.slowRetry, change: { unfinishedClaims: 4, unansweredSends: 4 } },
    });
  });
});
