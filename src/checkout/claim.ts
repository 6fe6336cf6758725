/**
 * Third step of a delivery: take the right to act on the record, or end the delivery with a promise that the job is looked at again.
 */

import { afterGiveUp } from '../domain/checkout/after-decision.ts';
import { withDelivery } from '../domain/checkout/call-history.ts';
import {
  type ClaimStep,
  decideClaim,
  decideInsert,
  isOver,
  lackingOrders,
  needsCart,
  needsPermit,
  newRecord,
  type TakeOver,
} from '../domain/checkout/claim-rules.ts';
import { tooLate } from '../domain/checkout/endings.ts';
import { mergeMessage } from '../domain/checkout/merge-message.ts';
import { crashed, putOff } from '../domain/checkout/next-action.ts';
import { otherLines } from '../domain/checkout/other-lines.ts';
import { type CheckoutRecord, isSettled, transition } from '../domain/checkout/record.ts';
import type { LeasedRecord } from '../domain/checkout/send-fence.ts';
import type { Rejection } from '../domain/message/job.ts';
import { omitUndefined } from '../domain/omit-undefined.ts';
import { wholeMs } from '../domain/schedule-entry.ts';
import { cutText } from '../domain/text.ts';
import type { Stored } from '../ports/ledger.ts';
import { Unavailable } from '../ports/unavailable.ts';
import { carryOutUnleased } from './carry-out.ts';
import { comeBack, entryFor, leaveUntil } from './entries.ts';
import { finalize, finalizeOrComeBack, writeBatchRows } from './finalize.ts';
import { type Completed, contextOf, leftToSleep, type Run, returnPermit, stoppedNow } from './run.ts';
import { recordMissing } from './survive-error.ts';
import { waitForPermit } from './wait-for-permit.ts';

/** What a claim leaves to do. */
export type Claimed =
  | { readonly kind: 'done'; readonly completed: Completed }
  | { readonly kind: TakeOver; readonly leased: LeasedRecord }
  /** The order has other lines, and is bought or under way: nothing of this message is taken. */
  | { readonly kind: 'refused'; readonly rejection: Rejection }
  | {
      readonly kind: 'read-orders';
      readonly found: Stored<CheckoutRecord>;
      readonly orderIds: readonly string[];
    };

const done = (completed: Completed): Claimed => ({ kind: 'done', completed });

/** Conflicts with other runs in a row before the delivery is put off: each one means that somebody else got on. */
const maxTries = 6;

/**
 * Third step of the way: read, merge, decide, wait for a permit if a call follows, write with If-Match. A producer's first delivery
 * is almost always a new job, so its insert needs no read before it.
 */
export async function claim(run: Run): Promise<Claimed> {
  const { ledger, clock, times } = run.deps;
  const { jobKey, from } = run.delivery;
  let found = mayHaveRecord(run) ? await ledger.read(jobKey) : undefined;
  for (let tries = 0; tries < maxTries; tries += 1) {
    if (found !== undefined) {
      const refused = await refuseOtherLines(run, found);
      if (refused !== undefined) return { kind: 'refused', rejection: refused };
      // guard: Merge: the strictest times of all messages hold [replace: found]
      const merged = await merge(run, found);
      if (merged === 'conflict') {
        found = await ledger.read(jobKey);
        continue;
      }
      found = merged;
    }
    run.stopped = await stoppedNow(run, found?.value);
    const step = decide(run, found?.value);
    if (needsPermit(step) && run.permit === undefined) {
      const waited = await waitForPermit(run, times.callTimeout);
      // The wait took up to 90 s: what was decided before it may not hold any more.
      if (waited.kind !== 'none') continue;
      const completed = await withoutPermit(run, found, waited.until);
      if (completed !== undefined) return done(completed);
      found = await ledger.read(jobKey);
      continue;
    }
    if (!needsPermit(step)) returnPermit(run);
    const claimed = found === undefined ? await begin(run, step) : await carryOutStep(run, step, found);
    if (claimed !== undefined) return claimed;
    found = await ledger.read(jobKey);
  }
  // guard: Merge: a message that could not be merged comes again [negate]
  if (from.kind === 'producer')
    throw new Unavailable(
      'storage',
      `The record of job ${jobKey} changed ${maxTries} times while it was read`,
    );
  return done(await comeBack(run, found?.value, clock.now() + times.outageRetry));
}

const mayHaveRecord = ({ delivery }: Run): boolean =>
  delivery.from.kind === 'wake-up' || delivery.redelivered || delivery.count > 1;

function decide(run: Run, record: CheckoutRecord | undefined): ClaimStep {
  const context = { now: run.deps.clock.now(), stopped: run.stopped !== undefined };
  if (record !== undefined) return decideClaim(record, context);
  const { from } = run.delivery;
  return from.kind === 'producer' ? decideInsert(from.job, true, context) : { kind: 'no-record' };
}

/** A producer's message adds its times and its batch, and any message the orders that it has in hand, whatever state and lease are. */
async function merge(run: Run, found: Stored<CheckoutRecord>): Promise<Stored<CheckoutRecord> | 'conflict'> {
  const { deps, delivery } = run;
  const { from, messageId, ordersInHand } = delivery;
  const merged =
    from.kind === 'producer'
      ? mergeMessage(found.value, from.job, { messageId, at: run.startedAt, body: from.body })
      : found.value;
  const record = withOrdersInHand(merged, ordersInHand);
  if (record === found.value) return found;
  const next = withDelivery(record, delivery, run.startedAt, 'its message was merged');
  const written = await deps.ledger.replace(next, found.etag, deps.random.guid());
  if (written.kind === 'conflict') return 'conflict';
  if (record.batches.length > found.value.batches.length) await writeBatchRows(deps, next, 'not-newer');
  return { value: next, etag: written.etag };
}

/** A message of the same number with other lines than the record, which it may not replace. Its job's story keeps that it came. */
async function refuseOtherLines(
  run: Run,
  { value: record, etag }: Stored<CheckoutRecord>,
): Promise<Rejection | undefined> {
  const { deps, delivery } = run;
  const { from } = delivery;
  if (from.kind !== 'producer') return undefined;
  const rejection = otherLines(record, from.job);
  if (rejection === undefined) return undefined;
  const told = withDelivery(
    // Its first delivery may have asked a person about a bug.
    delivery.redelivered ? { ...record, attentionMayBeOpen: true } : record,
    delivery,
    run.startedAt,
    `refused: ${cutText(rejection.reason, 500)}`,
  );
  // Whoever changed the record meanwhile goes first: the message itself is kept as rejected either way.
  await deps.ledger.replace(told, etag, deps.random.guid());
  returnPermit(run);
  // The row about that bug stands in place of the row of the result.
  if (delivery.redelivered && isSettled(record.state))
    await finalize(deps, { ...record, attentionMayBeOpen: true });
  return rejection;
}

function withOrdersInHand(record: CheckoutRecord, ids: readonly string[]): CheckoutRecord {
  const known = new Set([...(record.ordersInHand ?? []), ...record.orders.map((order) => order.id)]);
  const fresh = ids.filter((id) => !known.has(id));
  return fresh.length === 0
    ? record
    : { ...record, ordersInHand: [...(record.ordersInHand ?? []), ...fresh] };
}

/** Undefined: somebody else was faster; read and decide again. */
async function begin(run: Run, step: ClaimStep): Promise<Claimed | undefined> {
  const { deps, delivery } = run;
  const now = deps.clock.now();
  switch (step.kind) {
    case 'insert':
      return insert(run, now);
    case 'insert-waiting': {
      if (await slept(run, step.until)) return undefined;
      return orUndefined(await insertWaiting(run, step.until));
    }
    case 'insert-ended': {
      const fresh = newRecord(delivery, deps.random.guid(), now);
      // It has no entry: this message alone comes back if the worker dies before the result is finalized.
      const record = withDelivery({ ...fresh, claimedBy: delivery.source }, delivery, run.startedAt);
      const action = { kind: 'record-result' as const, result: tooLate(record, run.stopped, now) };
      const completed = await carryOutUnleased(run, record, undefined, action);
      return completed === undefined ? undefined : done(completed);
    }
    default:
      return done(await recordMissing(run));
  }
}

async function insert(run: Run, now: number): Promise<Claimed | undefined> {
  const { deps, delivery } = run;
  const leaseId = deps.random.guid();
  const fresh = newRecord(delivery, deps.random.guid(), now);
  // Orders in hand and no record: the ledger has lost it. Evidence comes before any POST.
  const inHand = lackingOrders(fresh).length > 0;
  const makesCart = !inHand && needsCart(fresh, now);
  const record = withDelivery(
    {
      ...fresh,
      state: inHand ? 'unresolved' : makesCart ? 'waiting' : 'submitting',
      lease: { id: leaseId, until: now + deps.times.lease },
      claimedBy: delivery.source,
      unfinishedClaims: delivery.redelivered ? 0 : 1,
      // Its first delivery may have asked a person about a bug.
      attentionMayBeOpen: delivery.redelivered,
      ...(makesCart
        ? {}
        : {
            firstSend: now,
            ...omitUndefined({ firstSendSkew: deps.clockSkew() }),
            // guard: Last send: written by the insert
            lastSend: now,
            unansweredSends: inHand ? 0 : 1,
          }),
    },
    delivery,
    run.startedAt,
  );
  const written = await deps.ledger.insert(record, leaseId);
  if (written.kind === 'conflict') return undefined;
  run.leased = { record, etag: written.etag, leaseId };
  return { kind: inHand ? 'reconcile' : makesCart ? 'make-cart' : 'call', leased: run.leased };
}

/**
 * A job that may not call now begins as `waiting`: its entry first, as an entry without a record is harmless. Undefined: somebody else began
 * it. This message's times and batch count too, so read and decide again.
 */
async function insertWaiting(run: Run, at: number): Promise<Completed | undefined> {
  const { deps, delivery } = run;
  const nextTry = wholeMs(at);
  // guard: Waiting: the entry comes before the record
  await deps.schedule.ensure(entryFor(run, undefined, nextTry));
  const fresh = newRecord(delivery, deps.random.guid(), deps.clock.now());
  const record = withDelivery(
    { ...fresh, nextTry, entryOrigin: nextTry },
    delivery,
    run.startedAt,
    `waits until ${new Date(nextTry).toISOString()}`,
  );
  const written = await deps.ledger.insert(record, deps.random.guid());
  if (written.kind === 'conflict') return undefined;
  await writeBatchRows(deps, record, 'not-newer');
  return 'entry';
}

/** No permit: nothing is claimed, and the ledger stays as it is. Undefined: somebody else began the job; read and decide again. */
async function withoutPermit(
  run: Run,
  found: Stored<CheckoutRecord> | undefined,
  until: number,
): Promise<Completed | undefined> {
  if (found === undefined) return insertWaiting(run, until);
  const { from } = run.delivery;
  return comeBack(
    run,
    found.value,
    from.kind === 'wake-up' ? until : (found.value.nextTry ?? run.deps.clock.now()),
  );
}

async function carryOutStep(
  run: Run,
  step: ClaimStep,
  found: Stored<CheckoutRecord>,
): Promise<Claimed | undefined> {
  const { deps } = run;
  const { value: record, etag } = found;
  switch (step.kind) {
    case 'settled':
      return done(await finishSettled(run, record));
    case 'read-orders':
      return { kind: 'read-orders', found, orderIds: step.orderIds };
    case 'leased':
      return done(await leaveUntil(run, record, withinHours(run, step.until)));
    case 'not-due':
      if (await slept(run, step.until)) return undefined;
      return done(await leaveUntil(run, record, withinHours(run, step.until)));
    case 'put-off':
      return orUndefined(await carryOutUnleased(run, record, etag, putOff(record, contextOf(run))));
    case 'escalate-crash':
      return orUndefined(await carryOutUnleased(run, record, etag, crashed(record, contextOf(run))));
    case 'give-up':
      return orUndefined(
        await carryOutUnleased(
          run,
          record,
          etag,
          afterGiveUp(record, record.decision?.who ?? '', contextOf(run)),
        ),
      );
    case 'end':
      return orUndefined(
        await carryOutUnleased(run, record, etag, {
          kind: 'record-result',
          result: tooLate(record, run.stopped, deps.clock.now()),
        }),
      );
    case 'take-over':
      return takeOver(run, found, step.next);
    case 'insert':
    case 'insert-waiting':
    case 'insert-ended':
    case 'no-record':
      throw new Error(`Job ${record.jobKey} has a record, so the step "${step.kind}" is impossible`);
  }
}

/** A time that somebody edited into the record may be years away. */
const withinHours = ({ deps }: Run, until: number): number =>
  Math.min(until, deps.clock.now() + 2 * deps.times.slowRetry);

const orUndefined = (completed: Completed | undefined): Claimed | undefined =>
  completed === undefined ? undefined : done(completed);

/** A message is responsible for what a result leaves to do if it may be the only one that knows of it. */
async function finishSettled(run: Run, record: CheckoutRecord): Promise<Completed> {
  const { deps, delivery } = run;
  const { from, redelivered, source } = delivery;
  // guard: Settled: finalized by whoever may be the last to know [replace: run.delivery.count > 1]
  const responsible = from.kind === 'wake-up' || redelivered || record.claimedBy === source;
  if (!responsible) {
    // Whoever added its batch to the record may have died before the batch had its row.
    // guard: Batch: a settled job has its row in the batch of a later message
    if (from.kind === 'producer' && from.job.batchId !== undefined)
      await writeBatchRows(deps, { ...record, batches: [from.job.batchId] }, 'not-newer');
    return 'finalized';
  }
  // An earlier delivery may have asked a person about a bug, or about a row that could not be read: the record does not say so.
  return finalizeOrComeBack(run, { ...record, attentionMayBeOpen: true });
}

async function takeOver(
  run: Run,
  found: Stored<CheckoutRecord>,
  next: TakeOver,
): Promise<Claimed | undefined> {
  const { deps, delivery } = run;
  const { value: record } = found;
  // Its events may still wait for a topic that was unavailable, and the record after a retry no longer names them.
  if (isSettled(record.state)) await finalize(deps, record);
  const now = deps.clock.now();
  const until = now + deps.times.lease;
  const leaseId = deps.random.guid();
  const decided = withDecision(record);
  const sends = next === 'call' && run.stopped === undefined && !isOver(record.job, now);
  const { nextTry: _, ...rest } = decided;
  const first = delivery.redelivered && record.claimedBy !== delivery.source;
  const entryOrigin = await promiseLeaseEnd(run, record, until);
  const leased: CheckoutRecord = withDelivery(
    {
      ...rest,
      state: transition(decided.state, (isSettled(decided.state) ? reopening : claiming)[next]),
      lease: { id: leaseId, until },
      claimedBy: delivery.source,
      // guard: Crash: a claim is counted before it runs
      unfinishedClaims: record.unfinishedClaims + (first ? 0 : 1),
      attentionMayBeOpen: true,
      entryOrigin,
      updatedAt: now,
      // Only what is about to send may move the last send: a reconciliation that did would put off its own evidence for ever.
      // guard: Last send: written by the take-over from waiting
      // guard: Last send: never moved by a reconciliation [replace: { lastSend: now }]
      ...(sends
        ? { ...firstSendOf(run, record, now), lastSend: now, unansweredSends: record.unansweredSends + 1 }
        : {}),
    },
    delivery,
    run.startedAt,
  );
  const written = await deps.ledger.replace(
    leased,
    // guard: Claim: with If-Match [replace: (await deps.ledger.read(record.jobKey))?.etag ?? found.etag]
    found.etag,
    leaseId,
  );
  if (written.kind === 'conflict') return undefined;
  run.leased = { record: leased, etag: written.etag, leaseId };
  return { kind: next, leased: run.leased };
}

const claiming = {
  call: 'submit',
  reconcile: 'doubt',
  'named-orders': 'doubt',
  'make-cart': 'wait',
} as const;
const reopening = {
  call: 'reopen',
  reconcile: 'reopen-in-doubt',
  'named-orders': 'reopen-in-doubt',
  'make-cart': 'make-anew',
} as const;

/** The clock's own error beside each send: evidence compares orders with it. `firstInDoubt`: the earlier sends were all answered. */
export function firstSendOf({ deps }: Run, record: CheckoutRecord, now: number): Partial<CheckoutRecord> {
  const skew = deps.clockSkew();
  if (record.firstSend === undefined) return omitUndefined({ firstSend: now, firstSendSkew: skew });
  return { firstInDoubt: omitUndefined({ at: now, skew }) };
}

/** A producer's message completes in the end, so what it takes over needs an entry of its own; a wake-up has one. */
async function promiseLeaseEnd(run: Run, record: CheckoutRecord, until: number): Promise<number> {
  const { from } = run.delivery;
  if (from.kind === 'wake-up') return from.origin;
  const entry = entryFor(run, record, until);
  // guard: Claim: a producer's message has an entry at the end of its lease
  await run.deps.schedule.ensure(entry);
  run.leaseEntry = entry;
  return entry.origin;
}

/** What a pending decision changes in the record. `orders` stays pending until it is carried out or refused. */
function withDecision(record: CheckoutRecord): CheckoutRecord {
  const { decision, ...rest } = record;
  if (decision === undefined) return record;
  switch (decision.decision) {
    case 'retry': {
      if (!isSettled(record.state)) return rest;
      const { asked, gaveUp, refusedSince, goneSince, reason, repeated, badLines, repair, ...fresh } = rest;
      // What its cart left out stays true as long as the cart is the same.
      const leftOut = record.firstSend === undefined ? {} : omitUndefined({ badLines });
      return { ...fresh, ...leftOut, attempts: 0, reconciliations: 0 };
    }
    case 'not-bought':
      return { ...rest, repeatAllowed: true };
    case 'orders':
    case 'give-up':
      // guard: People: names outlast a read that had to wait [replace: rest]
      return record;
  }
}

/** Sleeps in place if the rest of the sleep budget covers the wait. No permit is held meanwhile. */
async function slept(run: Run, until: number): Promise<boolean> {
  const { clock } = run.deps;
  const wait = until - clock.now();
  if (wait > leftToSleep(run)) return false;
  returnPermit(run);
  run.slept += wait;
  await clock.sleep(wait);
  return true;
}
