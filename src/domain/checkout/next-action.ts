/**
 * Decides between the fourth and the fifth step: what follows from an outcome, from evidence or from a decision.
 */

import { isOrderJob } from '../message/job.ts';
import { omitUndefined } from '../omit-undefined.ts';
import type { Order } from '../order/order.ts';
import type { SkewBounds, Times } from '../times.ts';
import { contentOf, type Result } from './apply-result.ts';
import { lastCheckout } from './call-history.ts';
import type { Outcome } from './call-outcome.ts';
import { countersAfterEscalation } from './claim-rules.ts';
import { backOff, inFlightEnd, listLagEnd, withJitter } from './deadlines.ts';
import { givenUp, gone, notFound, partlyFound, type StoppedBatch, tooLate } from './endings.ts';
import {
  decideReconciliation,
  type Evidence,
  groupsWithoutOrder,
  isOrdered,
  type Rules,
  repeatDeadline,
} from './reconcile-rules.ts';
import type { CheckoutRecord, FailedGroup, KnownGroup, Question, Reason } from './record.ts';
import { mayRepair } from './repair-rules.ts';
import { madeByRepeat } from './repeat-alarm.ts';
import type { Fence } from './send-fence.ts';

/**
 * What follows from an outcome, from evidence or from a decision. Pure: `src/checkout/carry-out.ts` alone does it.
 *
 * - `record-result`: the job has a result.
 * - `record-and-go-on`: some orders are known; the other groups are tried again, or found out.
 * - `reschedule`: nothing can be done before `at`.
 * - `escalate`: the same, and a person is asked.
 * - `repeat`: one more POST with the stored request id.
 * - `repair-cart`: the same cart gets the present availabilities first, and is checked; then it is sent again.
 * - `end`: another run is in charge.
 */
export type NextAction =
  | { readonly kind: 'record-result'; readonly result: Result }
  | { readonly kind: 'record-and-go-on'; readonly result: Result; readonly to: Destination }
  | { readonly kind: 'reschedule'; readonly to: Destination }
  | { readonly kind: 'escalate'; readonly question: Asked; readonly to: Destination }
  | { readonly kind: 'repeat'; readonly repeat: Repeat }
  | { readonly kind: 'repair-cart'; readonly repeat: Repeat }
  | { readonly kind: 'end'; readonly why: string };

/** The actions that end a delivery: the others lead to a call first. */
export type FinalAction = Exclude<NextAction, { kind: 'repeat' | 'repair-cart' }>;

export type Change = Partial<CheckoutRecord>;

/** One more POST for a call that may have been executed. */
export interface Repeat {
  /** It must not leave later, by the local clock. Undefined: the API need not remember the call before it. */
  readonly until: number | undefined;
  readonly ofOrderedCart: boolean;
  /** Of the record, before the claim for this repeat. */
  readonly lastSendBefore: number | undefined;
  /** Orders that were there before it. */
  readonly known: ReadonlySet<string>;
}

/** Where a job that goes on stands until then. */
export interface Destination {
  /** `wait`: nothing of ours is running. `doubt`: it may have been bought. */
  readonly step: 'wait' | 'doubt';
  /** Epoch ms. */
  readonly at: number;
  readonly why: string;
  readonly change: Change;
}

export interface Asked {
  readonly kind: Question['kind'];
  readonly code?: Question['code'];
  readonly reason: Reason;
  /** What is known, for the person who decides. JSON. */
  readonly evidence?: string;
}

/** What a decision is made in view of. */
export interface Context {
  readonly now: number;
  readonly times: Times;
  readonly rules: Rules;
  /** From 0 (included) to 1 (excluded): spreads what would come back together. */
  readonly fraction: number;
  readonly stopped: StoppedBatch | undefined;
  /** How far the services' clocks are ahead of ours; undefined: not measured. */
  readonly skew: SkewBounds | undefined;
}

/** How the gate stood after the call. Epoch ms, local time. */
export interface GateAfterCall {
  /** When it opens, for everybody or for this customer; undefined: it is open. */
  readonly opensAt: number | undefined;
  /** When a call of another customer last passed; undefined: never. */
  readonly othersPassedAt: number | undefined;
}

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

/**
 * Nothing of this claim was sent: the job stands where it stood before. A repeat that never left must not put off the end of the time
 * in which it may.
 */
export function unsent(at: number, why: string, repeat?: Repeat): FinalAction {
  const before = repeat?.lastSendBefore;
  return {
    kind: 'reschedule',
    to: { step: 'wait', at, why, change: before === undefined ? {} : { lastSend: before } },
  };
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

/** A job that has been under way for long: a person hears of it too, as whatever it waits for may need a push. */
export function orAlarm(
  record: CheckoutRecord,
  to: Destination,
  reason: Reason,
  { now, times }: Context,
): FinalAction {
  const { asked, decisions, firstSend, createdAt } = record;
  const since = Math.max(firstSend ?? createdAt, ...decisions.map(({ at }) => at));
  if (asked?.kind === 'needs-decision' || now - since < times.pendingAlarm) return { kind: 'reschedule', to };
  return { kind: 'escalate', question: { kind: 'pending-too-long', reason }, to };
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

/** What follows from the evidence about a call that may have been executed. `inHand`: orders of this job that were read by id. */
export function afterEvidence(
  evidence: Evidence,
  record: CheckoutRecord,
  inHand: readonly Order[],
  context: Context,
): NextAction {
  const { now, times, rules, stopped } = context;
  const reconcileRules = { times, ...rules };
  const reconciliation = decideReconciliation(evidence, reconcileRules);
  switch (reconciliation.kind) {
    case 'repeat': {
      const repeat: Repeat = {
        until: repeatDeadline(evidence, reconcileRules),
        ofOrderedCart: isOrdered(evidence),
        lastSendBefore: record.lastSend,
        known: new Set([...record.orders, ...evidence.unowned].map(({ id }) => id)),
      };
      return record.repair === undefined || record.repair.done === true
        ? { kind: 'repeat', repeat }
        : repairOrAsk(evidence, repeat, context);
    }
    case 'reschedule':
      return reconcileAgain(record, reconciliation, { reconciliations: record.reconciliations + 1 }, context);
    case 'ask':
      return askWhatBecame(record, evidence, reconciliation.why, context);
    case 'found':
      return {
        kind: 'record-result',
        result: {
          orders: [...inHand, ...reconciliation.orders],
          failedGroups: reconciliation.missing.map((group) => notFound(group, record)),
          ...(reconciliation.missing.length === 0 ? {} : { reason: partlyFound(record, now) }),
        },
      };
    case 'denied':
      // A person said that it was not bought, and it is not sent again. The person may be wrong, so a retry looks first.
      return {
        kind: 'record-result',
        result: {
          ...tooLate(record, stopped, now),
          ...(reconciliation.why === 'refused' ? omitUndefined({ reason: record.repeated?.reason }) : {}),
          orders: inHand,
          ...(evidence.record.orders.length === 0
            ? {}
            : { failedGroups: reconciliation.missing.map((group) => notFound(group, record)) }),
          gaveUp: true,
        },
      };
    case 'nothing':
      return {
        kind: 'record-result',
        result: {
          ...tooLate(record, stopped, now),
          ...(reconciliation.why === 'gone' ? { reason: record.repeated?.reason ?? gone(record, now) } : {}),
        },
      };
  }
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

function repairOrAsk(evidence: Evidence, repeat: Repeat, context: Context): NextAction {
  const { record } = evidence;
  const { now, times } = context;
  switch (mayRepair(evidence, now, times)) {
    case 'now':
      return { kind: 'repair-cart', repeat: { ...repeat, until: undefined } };
    case 'later': {
      const until = listLagEnd(record, times);
      return reconcileAgain(
        record,
        { until, why: 'the order list may lag, and its cart is to be changed' },
        { reconciliations: record.reconciliations + 1 },
        context,
      );
    }
    case 'never':
      return askWhatBecame(
        record,
        evidence,
        'its checkout was refused for a gone availability, and part of it may be bought',
        context,
      );
  }
}

/** The evidence could not be gathered now. */
export const evidenceLater = (
  record: CheckoutRecord,
  { at, why }: { readonly at: number; readonly why: string },
  context: Context,
): NextAction =>
  reconcileAgain(record, { until: at, why }, { reconciliations: record.reconciliations + 1 }, context);

/** The cart or the list is refused to us for good: there can be no evidence, so a person has to say. */
export function evidenceRefused(record: CheckoutRecord, reason: Reason, context: Context): NextAction {
  const { now, times } = context;
  const listCompleteAt = listLagEnd(record, times);
  const change = { reconciliations: record.reconciliations + 1 };
  if (now < listCompleteAt)
    return { kind: 'reschedule', to: { step: 'doubt', at: listCompleteAt, why: reason.description, change } };
  return escalate({ kind: 'needs-decision', reason }, change, context);
}

function reconcileAgain(
  record: CheckoutRecord,
  { until, why }: { readonly until: number; readonly why: string },
  change: Change,
  context: Context,
): NextAction {
  const reason: Reason = {
    code: 'unknown-outcome',
    description: `The outcome is not known yet: ${why}.`,
    remedy: 'The worker keeps checking. The record shows what is known so far, if you want to decide sooner.',
    at: context.now,
  };
  return orAlarm(record, { step: 'doubt', at: until, why, change }, reason, context);
}

function askWhatBecame(
  record: CheckoutRecord,
  evidence: Evidence,
  why: string,
  context: Context,
): NextAction {
  const shown = {
    cart: evidence.cart,
    groups: evidence.groups,
    ordersFound: evidence.unowned.map(({ id, status, createdAt }) => ({ id, status, createdAt })),
    equalCartsInDoubt: evidence.equalCarts.map((equalCart) => equalCart.record.cartId),
    unreadableRecords: evidence.unreadable,
    repeated: record.repeated,
    attempts: record.attempts,
  };
  const reason: Reason = {
    ...(record.repeated?.reason ?? record.reason),
    code: record.repeated?.reason.code ?? record.reason?.code ?? 'unknown-outcome',
    description: `The outcome is unknown: ${why}.`,
    remedy:
      'Look for the order in Partner Center. Then name it, say that it was not bought, or give up on it.',
    at: context.now,
  };
  const question = { kind: 'needs-decision' as const, reason, evidence: JSON.stringify(shown) };
  return escalate(question, {}, context);
}

const escalate = (question: Asked, change: Change, context: Context): NextAction => ({
  kind: 'escalate',
  question,
  to: { step: 'doubt', at: whenAsked(context), why: 'a person is asked', change },
});

export const whenAsked = ({ now, times, fraction }: Context): number =>
  now + withJitter(times.askedRetry, fraction);

/** The job crashed its workers: a person is asked, and it runs once more six hours later. */
export function crashed(record: CheckoutRecord, context: Context): NextAction {
  const { now, times } = context;
  const reason: Reason = {
    code: 'worker-crashed',
    description: `This job was claimed ${record.unfinishedClaims} times and sent ${record.unansweredSends} times without an end: ${record.lastError ?? 'its workers died, so there is no error text'}.`,
    remedy: 'Read the worker’s log at the times of its deliveries. Fix what stopped it, then retry the job.',
    at: now,
  };
  return {
    kind: 'escalate',
    question: { kind: 'needs-decision', code: 'worker-crashed', reason },
    to: {
      step: record.state === 'waiting' ? 'wait' : 'doubt',
      at: now + times.slowRetry,
      why: 'it crashed its workers',
      change: { unfinishedClaims: countersAfterEscalation, unansweredSends: countersAfterEscalation },
    },
  };
}

/** The third, fourth and fifth unfinished claim waits once, so that the culprit among several parts from its neighbours. */
export const putOff = (record: CheckoutRecord, { now, times, fraction }: Context): NextAction => ({
  kind: 'reschedule',
  to: {
    step: record.state === 'waiting' ? 'wait' : 'doubt',
    at: now + fraction * times.putOffMax,
    why: 'runs of it did not end; it is put off to run apart from others',
    change: { putOffAt: record.unfinishedClaims + 1, unfinishedClaims: record.unfinishedClaims },
  },
});

/** The orders that a person named, as they were read. */
export function afterNamedOrders(
  record: CheckoutRecord,
  orders: readonly Order[],
  groups: readonly { readonly group: string; readonly content: string }[],
  who: string,
  { now }: Context,
): NextAction {
  const named = new Set(orders.map((order) => order.id));
  const others = record.orders.filter((orderSummary) => !named.has(orderSummary.id));
  const contents = [...others.map((orderSummary) => orderSummary.content), ...orders.map(contentOf)];
  const failedGroups = groupsNotNamed(groups, contents).map(
    (group): FailedGroup => ({
      group: group.group,
      code: 'not-named',
      description: `${who} named the orders of this cart; this group has none.`,
      retryable: false,
    }),
  );
  const reason: Reason = {
    code: 'not-named',
    description: `${who} named the orders of this cart. Some of its order groups have none.`,
    remedy: 'Retry the missing groups if they are still needed.',
    at: now,
  };
  return {
    kind: 'record-result',
    result: { orders, failedGroups, ...(failedGroups.length === 0 ? {} : { reason }) },
  };
}

/** A person knows which order belongs to the cart, even where its lines differ from the cart's: it fills a group too. */
export function groupsNotNamed(
  groups: readonly KnownGroup[],
  contents: readonly string[],
): readonly KnownGroup[] {
  const missing = groupsWithoutOrder(groups, contents);
  const matched = groups.length - missing.length;
  return missing.slice(contents.length - matched);
}

/** The question stays open, with the reason why this answer to it does not hold. */
export function wrongOrder(description: string, context: Context): NextAction {
  const remedy = 'Look at the order in Partner Center, and name orders of this customer and cart.';
  const reason: Reason = { code: 'wrong-order', description, remedy, at: context.now };
  return escalate({ kind: 'needs-decision', reason }, {}, context);
}

export const afterGiveUp = (record: CheckoutRecord, who: string, { now }: Context): NextAction => ({
  kind: 'record-result',
  result: givenUp(record, who, now),
});
