/**
 * Decides the third step of a delivery: what may be done with the record that was found, and how a new one begins.
 */

import type { Delivery } from '../message/delivery.ts';
import { isOrderJob, type Job } from '../message/job.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { emptyHistory, none } from './call-history.ts';
import { type CheckoutRecord, isInDoubt, isSettled } from './record.ts';

/**
 * Third step of the way: what a delivery may do with the record that it found, in the order of docs/protocol.md. Pure.
 * Only `call`, `reconcile`, `named-orders` and `read-orders` lead to a request to Partner Center, so only they need a permit.
 */
export type ClaimStep =
  /** No record: a producer's message begins the job. */
  | { readonly kind: 'insert' }
  | { readonly kind: 'insert-waiting'; readonly until: number }
  | { readonly kind: 'insert-ended' }
  /** A wake-up whose record is not there. */
  | { readonly kind: 'no-record' }
  /** There is a result: finalize what may be unfinished, never submit. */
  | { readonly kind: 'settled' }
  /** There is a result, and orders in hand that it lacks. */
  | { readonly kind: 'read-orders'; readonly orderIds: readonly string[] }
  | { readonly kind: 'leased'; readonly until: number }
  | { readonly kind: 'not-due'; readonly until: number }
  /** It crashed several workers: those who crash with it are not to be blamed, so it runs apart from them. */
  | { readonly kind: 'put-off' }
  /** It crashed too many workers. */
  | { readonly kind: 'escalate-crash' }
  | { readonly kind: 'give-up' }
  /** Nothing of it is running and its time is over, or its batches are stopped. */
  | { readonly kind: 'end' }
  | { readonly kind: 'take-over'; readonly next: TakeOver };

/** `make-cart`: its lines become a cart first, which costs nothing; nothing of it was ever sent. */
export type TakeOver = 'call' | 'reconcile' | 'named-orders' | 'make-cart';

export interface ClaimContext {
  readonly now: number;
  /** Every batch that names the job is stopped. */
  readonly stopped: boolean;
}

/** From the third unfinished claim on the run is put off once; the sixth of either counter does not run. */
const firstPutOff = 3;
const crashLimit = 6;
/** Counters after an escalation: the wake-up hours later runs the job once more before it is escalated again. */
export const countersAfterEscalation = 4;

export function decideInsert(job: Job, producer: boolean, { now, stopped }: ClaimContext): ClaimStep {
  if (!producer) return { kind: 'no-record' };
  if (stopped || isOver(job, now)) return { kind: 'insert-ended' };
  if (job.notBefore !== undefined && job.notBefore > now)
    return { kind: 'insert-waiting', until: job.notBefore };
  return { kind: 'insert' };
}

export function decideClaim(record: CheckoutRecord, { now, stopped }: ClaimContext): ClaimStep {
  const leasedUntil = leaseEnd(record, now);
  // guard: Claim: a lease of another is waited for
  if (leasedUntil !== undefined) return { kind: 'leased', until: leasedUntil };
  const decided = record.decision?.decision;
  if (isSettled(record.state) && decided === undefined) {
    const lacking = lackingOrders(record);
    // guard: Claim: orders in hand of a settled job are recorded
    if (lacking.length > 0) return { kind: 'read-orders', orderIds: lacking };
    // guard: Claim: settled is never submitted
    return { kind: 'settled' };
  }
  // guard: Claim: nothing runs before its next try
  if (!isDue(record, now)) return { kind: 'not-due', until: dueAt(record) };
  // The other decisions are carried out by the claim itself. Named orders are read, and whatever crashes then does so each time.
  if (decided === undefined || decided === 'orders') {
    const claims = record.unfinishedClaims + 1;
    // guard: Crash: the sixth unfinished run is escalated
    if (claims >= crashLimit || record.unansweredSends + 1 >= crashLimit) return { kind: 'escalate-crash' };
    // guard: Crash: the third unfinished run is put off
    if (decided === undefined && claims >= firstPutOff && record.putOffAt !== claims)
      return { kind: 'put-off' };
  }
  if (decided === 'give-up') return { kind: 'give-up' };
  const over = stopped || isOver(record.job, now);
  if (over && !isInDoubt(record.state) && !isSettled(record.state) && lackingOrders(record).length === 0)
    return { kind: 'end' };
  if (decided === 'orders') return { kind: 'take-over', next: 'named-orders' };
  return { kind: 'take-over', next: firstStepOf(record, now) };
}

/** From `submitting` or `unresolved` the cart may have been bought: evidence comes before any POST. */
function firstStepOf(record: CheckoutRecord, now: number): 'call' | 'reconcile' | 'make-cart' {
  if (lackingOrders(record).length > 0) return 'reconcile';
  if (needsCart(record, now)) return 'make-cart';
  // guard: Claim: evidence when it may have been bought [replace: true]
  if (!isInDoubt(record.state) && !isSettled(record.state)) return 'call';
  // A person's retry of a job that somebody gave up on without knowing whether it was bought looks first.
  if (isSettled(record.state)) return record.gaveUp === true ? 'reconcile' : 'call';
  return 'reconcile';
}

/** A cart with less left is made anew: the checkout must not meet its end. */
const expiryMargin = 10 * 60_000;

/** Its lines have no cart yet, or one that expires; past the first send, that cart is the only one. */
export const needsCart = (record: CheckoutRecord, now: number): boolean =>
  isOrderJob(record.job) &&
  // guard: Cart: no new cart once a checkout may have been sent
  record.firstSend === undefined &&
  (record.cartId === undefined || (record.made?.expiresAt ?? Infinity) <= now + expiryMargin);

export const needsPermit = (step: ClaimStep): boolean =>
  step.kind === 'insert' || step.kind === 'take-over' || step.kind === 'read-orders';

/** Orders that a delivery received and that the record does not name yet. */
export function lackingOrders(record: CheckoutRecord): readonly string[] {
  const known = new Set(record.orders.map((order) => order.id));
  return (record.ordersInHand ?? []).filter((id) => !known.has(id));
}

/** There is something to do: a wake-up has to come. */
export const isOpen = (record: CheckoutRecord): boolean =>
  !isSettled(record.state) || record.decision !== undefined || lackingOrders(record).length > 0;

/** When the lease of another run ends; undefined: nobody holds one. */
export const leaseEnd = (record: CheckoutRecord, now: number): number | undefined =>
  record.lease !== undefined && record.lease.until > now ? record.lease.until : undefined;

/** The earliest time at which the job may run. */
export const dueAt = (record: CheckoutRecord): number =>
  Math.max(record.nextTry ?? 0, record.state === 'waiting' ? (record.job.notBefore ?? 0) : 0);

const isDue = (record: CheckoutRecord, now: number): boolean =>
  dueAt(record) <= now || record.decision !== undefined || lackingOrders(record).length > 0;

export const isLate = (notAfter: number | undefined, now: number): boolean =>
  notAfter !== undefined && now > notAfter;

/** Nothing is bought any more: it is too late, or its messages leave no time at all. */
export const isOver = ({ notBefore, notAfter }: Pick<Job, 'notBefore' | 'notAfter'>, now: number): boolean =>
  isLate(notAfter, now) || (notBefore !== undefined && notAfter !== undefined && notAfter <= notBefore);

/** The record of a job whose first message has just come, before anything was sent. Pure. Throws for a wake-up: that is a bug. */
export function newRecord(delivery: Delivery, requestId: string, now: number): CheckoutRecord {
  const { from } = delivery;
  if (from.kind !== 'producer') throw new Error(`A wake-up cannot begin job ${delivery.jobKey}`);
  const { job, body } = from;
  return omitUndefined({
    jobKey: delivery.jobKey,
    version: 1 as const,
    customerId: job.customerId,
    cartId: isOrderJob(job) ? undefined : job.cartId,
    state: 'waiting' as const,
    job,
    body,
    batches: job.batchId === undefined ? [] : [job.batchId],
    urgent: delivery.urgent,
    revision: 0,
    attempts: 0,
    reschedules: 0,
    unfinishedClaims: 0,
    unansweredSends: 0,
    ordersInHand: delivery.ordersInHand.length === 0 ? undefined : delivery.ordersInHand,
    requestId,
    attentionMayBeOpen: false,
    orders: [],
    failedGroups: [],
    reconciliations: 0,
    reached: {},
    history: emptyHistory,
    deliveries: none,
    polls: none,
    decisions: [],
    firstEnqueued: delivery.firstEnqueued,
    traceparent: delivery.traceparent,
    createdAt: now,
    updatedAt: now,
  });
}
