/**
 * Decides what follows from a checkout call, or from the fence that held it back. Between the fourth and the fifth step.
 */

import { isOrderJob } from '../message/job.ts';
import { omitUndefined } from '../omit-undefined.ts';
import type { Order } from '../order/order.ts';
import { contentOf, groupsWithoutOrder } from './apply-result.ts';
import { lastCheckout } from './call-history.ts';
import type { Outcome } from './call-outcome.ts';
import { backOff, inFlightEnd, listLagEnd, withJitter } from './deadlines.ts';
import { tooLate } from './endings.ts';
import {
  type Change,
  type Context,
  type GateAfterCall,
  type NextAction,
  orAlarm,
  type Repeat,
  unsent,
  whenAsked,
} from './next-action.ts';
import type { CheckoutRecord, FailedGroup, Reason } from './record.ts';
import { madeByRepeat } from './repeat-alarm.ts';
import type { Fence } from './send-fence.ts';

/** An outcome was written: the counter of unanswered sends starts anew, and a question about crashes is closed. */
const answered = { unansweredSends: 0 } as const;

/** What follows from the outcome of a checkout call: one branch for each row of the table in docs/ways-to-fail.md. */
export function afterCall(
  record: CheckoutRecord,
  outcome: Outcome,
  gate: GateAfterCall,
  repeat: Repeat | undefined,
  context: Context,
): NextAction {
  const { now, times, fraction } = context;
  switch (outcome.kind) {
    case 'result':
      return withAlarm(afterResult(record, outcome, context), record, outcome.orders, repeat, context);
    case 'throttled':
      return wait(record, whenGateOpens(gate, 0, context), outcome.reason, context);
    case 'renew-token':
    case 'credential':
      return wait(record, whenGateOpens(gate, times.partnerRetry, context), outcome.reason, context);
    case 'partner-wide':
      return partnerWide(record, outcome.reason, gate, context);
    case 'not-executed':
      return notExecuted(record, outcome.reason, context);
    case 'slow':
      // A review takes days.
      return wait(record, now + withJitter(times.slowRetry, fraction), outcome.reason, context);
    case 'person':
      return held(outcome.reason, context);
    case 'in-progress': {
      const pause = withJitter(
        record.reconciliations === 0 ? times.inProgressFirst : times.inProgressLater,
        fraction,
      );
      return doubt(
        record,
        now + pause,
        outcome.reason,
        { reconciliations: record.reconciliations + 1 },
        context,
      );
    }
    case 'already-done': {
      const repeated = { as: 'already-done' as const, reason: outcome.reason };
      return doubt(
        record,
        now + withJitter(times.inProgressFirst, fraction),
        outcome.reason,
        {
          // guard: Evidence: at most one repeat until it is known (800065 is kept)
          repeated,
        },
        context,
      );
    }
    case 'unknown':
    case 'unreadable':
      return doubt(
        record,
        afterInFlight(record, context),
        outcome.reason,
        { attempts: record.attempts + 1 },
        context,
      );
    case 'intercepted': {
      // Every call meets what stands in between, so no attempt of this job is counted.
      const at = Math.max(afterInFlight(record, context), whenGateOpens(gate, 0, context));
      return doubt(record, at, outcome.reason, {}, context);
    }
    case 'stale-item':
      return staleItem(record, outcome.reason, context);
    case 'permanent': {
      const unknown = record.state === 'unresolved';
      if (
        // guard: Evidence: a permanent answer while unknown is no end
        !unknown &&
        // guard: Evidence: a refusal that tells nothing is reconciled first
        !outcome.reconcileFirst
      )
        return refused(record, outcome.reason);
      const repeated = {
        // guard: Evidence: a refusal that tells nothing leaves the repeat open [replace: 'refused' as const]
        as: unknown ? ('refused' as const) : ('refused-once' as const),
        reason: outcome.reason,
      };
      return doubt(record, listLagEnd(record, times), outcome.reason, { repeated }, context);
    }
  }
}

/** Somebody has to do something first. It is tried again every hour, and a person can give up on it. */
const held = (reason: Reason, context: Context): NextAction => ({
  kind: 'escalate',
  question: { kind: 'needs-decision', reason },
  to: { step: 'wait', at: whenAsked(context), why: reason.description, change: { reason, ...answered } },
});

function afterResult(
  record: CheckoutRecord,
  outcome: Extract<Outcome, { kind: 'result' }>,
  context: Context,
): NextAction {
  // guard: Evidence: a repeat is done only when every group is there
  if (!isWhole(record, outcome.orders)) return partlyDone(record, outcome, context);
  if (outcome.errors.length > 0) return partlyDone(record, outcome, context);
  return { kind: 'record-result', result: { orders: outcome.orders, failedGroups: [] } };
}

/** Orders that the repeat of an ordered cart made beside equal ones are in the books, and a person hears of them at once. */
function withAlarm(
  action: NextAction,
  record: CheckoutRecord,
  orders: readonly Order[],
  repeat: Repeat | undefined,
  { now, skew }: Context,
): NextAction {
  const sentAt = lastCheckout(record)?.at;
  if (repeat?.ofOrderedCart !== true || sentAt === undefined) return action;
  const { groups = [], orders: recorded } = record;
  const made = madeByRepeat(orders, { sentAt, known: repeat.known, skew, groups, recorded });
  if (made.length === 0) return action;
  const boughtAgain = { at: now, orderIds: made.map((order) => order.id) };
  if (action.kind === 'record-result') return { ...action, result: { ...action.result, boughtAgain } };
  return action.kind === 'record-and-go-on'
    ? { ...action, to: { ...action.to, change: { ...action.to.change, boughtAgain } } }
    : action;
}

/** What follows when the fence let nothing leave. `claim-again` and `new-permit` are for the caller to try first. */
export function afterFence(
  record: CheckoutRecord,
  closed: Exclude<Fence, 'go' | 'claim-again' | 'new-permit'>,
  repeat: Repeat | undefined,
  context: Context,
): NextAction {
  const { now, stopped } = context;
  switch (closed) {
    case 'over':
      // What may have been bought is found out first. A job of which nothing runs ends here.
      if (record.state === 'unresolved')
        return unsent(now, 'its time is over, so it is not repeated', repeat);
      return { kind: 'record-result', result: tooLate(record, stopped, now) };
    case 'too-early':
      return unsent(record.job.notBefore ?? now, 'its time has not come', repeat);
    case 'lock-ends':
      return unsent(now, 'the lock would end during the call', repeat);
  }
}

/** Nothing of ours is running; or, if it may have been bought before, that is still so: the state machine sees to it. */
function wait(
  record: CheckoutRecord,
  at: number,
  reason: Reason,
  context: Context,
  change: Change = {},
): NextAction {
  const to = {
    step: 'wait' as const,
    at,
    why: reason.description,
    change: { reason, ...answered, ...change },
  };
  return orAlarm(record, to, reason, context);
}

function doubt(
  record: CheckoutRecord,
  at: number,
  reason: Reason,
  change: Change,
  context: Context,
): NextAction {
  const to = {
    step: 'doubt' as const,
    at,
    why: reason.description,
    change: { reason, ...answered, ...change },
  };
  return orAlarm(record, to, reason, context);
}

/** A little after the window: clocks differ, and a reconciliation that comes too early only reschedules. */
const afterInFlight = (record: CheckoutRecord, { times, fraction }: Context): number =>
  inFlightEnd(record, times) + fraction * times.permitLife * 5;

const whenGateOpens = (
  { opensAt }: GateAfterCall,
  atLeast: number,
  { now, times, fraction }: Context,
): number => (opensAt ?? now + atLeast) + fraction * times.permitLife * 5;

/** Refused for good, and nothing of it was bought but what the record already holds. */
const refused = (record: CheckoutRecord, reason: Reason): NextAction => ({
  kind: 'record-result',
  result: { orders: [], failedGroups: record.failedGroups, reason },
});

/**
 * A repeat may answer with the orders of this try alone. Where the cart's groups are known, those of which no order is in
 * hand are still unknown.
 */
function isWhole(record: CheckoutRecord, orders: readonly Order[]): boolean {
  if (record.state !== 'unresolved' || record.groups === undefined) return true;
  const known = new Set(record.orders.map((orderSummary) => orderSummary.id));
  const fresh = orders.filter((order) => !known.has(order.id));
  const contents = [...record.orders.map((orderSummary) => orderSummary.content), ...fresh.map(contentOf)];
  return groupsWithoutOrder(record.groups, contents).length === 0;
}

function partlyDone(
  record: CheckoutRecord,
  { orders, errors }: Extract<Outcome, { kind: 'result' }>,
  context: Context,
): NextAction {
  const { now, times, rules, fraction } = context;
  const attempts = record.attempts + 1;
  const result = { orders, failedGroups: errors, reason: groupsReason(errors, now, record) };
  const why = result.reason.description;
  // An earlier call may still be making the other groups: only evidence, after the list lag, says that they failed.
  if (record.state === 'unresolved') {
    const refusedWhole = orders.length === 0 && errors.every((error) => !error.retryable);
    // All that this cart makes is made: a group without an order is contested, and no repeat tells more.
    const repeated = refusedWhole
      ? { repeated: { as: 'refused' as const, reason: result.reason } }
      : errors.length === 0
        ? { repeated: { as: 'already-done' as const, reason: unlikeCart(now, record) } }
        : {};
    const change = { attempts, ...answered, ...repeated };
    return {
      kind: 'record-and-go-on',
      result,
      to: { step: 'doubt', at: listLagEnd(record, times), why, change },
    };
  }
  if (errors.every((error) => error.retryable) && attempts < rules.maxAttempts) {
    const at = now + Math.max(times.inProgressFirst, backOff(attempts, times, fraction));
    return {
      kind: 'record-and-go-on',
      result,
      to: { step: 'wait', at, why, change: { attempts, ...answered } },
    };
  }
  return { kind: 'record-result', result };
}

function groupsReason(errors: readonly FailedGroup[], at: number, record: CheckoutRecord): Reason {
  const [first] = errors;
  const groups = errors.map((error) => error.group).join(', ');
  return {
    code: first?.code ?? 'group',
    description: `${errors.length === 1 ? '1 order group of the cart was' : `${errors.length} order groups of the cart were`} refused (${groups}): ${first?.description ?? ''}`,
    remedy: 'Fix what the description names, then retry the failed groups. The orders that were made stay.',
    at,
    ...callIds(record),
  };
}

const unlikeCart = (at: number, record: CheckoutRecord): Reason => ({
  code: 'other-lines',
  description: 'Partner Center answered with orders that do not match every order group of the cart.',
  remedy: 'Compare the cart with its orders in Partner Center, then name its orders.',
  at,
  ...callIds(record),
});

function callIds(record: CheckoutRecord): Partial<Reason> {
  const call = lastCheckout(record);
  return omitUndefined({
    status: call?.end?.status,
    requestId: call?.requestId,
    correlationId: call?.correlationId,
    cv: call?.end?.cv,
  });
}

function notExecuted(record: CheckoutRecord, reason: Reason, context: Context): NextAction {
  const { now, times, rules, fraction } = context;
  const attempts = record.attempts + 1;
  if (attempts >= rules.maxAttempts && record.state !== 'unresolved') return refused(record, reason);
  return wait(record, now + backOff(attempts, times, fraction), reason, context, { attempts });
}

/** Refused for the whole partner: the job waits. One that is refused again while others pass is refused itself. */
function partnerWide(
  record: CheckoutRecord,
  reason: Reason,
  gate: GateAfterCall,
  context: Context,
): NextAction {
  const { now, times } = context;
  const refusedSince = record.refusedSince ?? now;
  const { othersPassedAt } = gate;
  if (record.state !== 'unresolved' && othersPassedAt !== undefined && othersPassedAt > refusedSince)
    return refused(record, reason);
  return wait(record, whenGateOpens(gate, times.partnerRetry, context), reason, context, { refusedSince });
}

/**
 * The checkout was refused because an availability is gone. A job with lines can look them up anew, once; evidence comes first, as the
 * code does not say that no group was bought. The cart of a producer is not ours to change.
 */
function staleItem(record: CheckoutRecord, reason: Reason, context: Context): NextAction {
  const at = listLagEnd(record, context.times);
  const attempts = record.attempts + 1;
  // guard: Repair: once
  if (!isOrderJob(record.job) || record.repair !== undefined) {
    const as = record.state === 'unresolved' ? ('refused' as const) : ('refused-once' as const);
    return doubt(record, at, reason, { attempts, repeated: { as, reason } }, context);
  }
  return doubt(record, at, reason, { attempts, repair: { reason } }, context);
}
