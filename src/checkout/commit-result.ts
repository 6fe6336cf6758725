/**
 * Fifth step, with a result: write orders and record in one transaction, whatever became of the lease. Called by `carry-out.ts`.
 */

import {
  mergeMarks,
  type Result,
  stillFailed,
  withOrders,
  withResult,
} from '../domain/checkout/apply-result.ts';
import { withDelivery } from '../domain/checkout/call-history.ts';
import type { Destination } from '../domain/checkout/next-action.ts';
import { type CheckoutRecord, isSettled, transition } from '../domain/checkout/record.ts';
import type { LeasedRecord } from '../domain/checkout/send-fence.ts';
import { omitUndefined } from '../domain/omit-undefined.ts';
import { boughtIn } from '../domain/order/bought-subscription.ts';
import { isTerminal, type Order } from '../domain/order/order.ts';
import { cancellationEntry, type PollEntry, pollEntryKey, wholeMs } from '../domain/schedule-entry.ts';
import { Unavailable } from '../ports/unavailable.ts';
import { comeBack, entryFor, removeReplaced } from './entries.ts';
import { type Finalizing, finalize, finalizeOrComeBack, reportFinished } from './finalize.ts';
import { type Completed, learnedBy, lockEnds, type RunWith, withLearned } from './run.ts';

/** The ports of a result: those of the last step, and of the transaction. */
type Committing = Finalizing | 'ledger' | 'random';

/** Another job has one of the orders, so this job has to be found out again. */
interface Disowned {
  readonly leased: LeasedRecord;
  readonly to: Destination;
}

/**
 * Records a result: entries of pending orders, then one transaction with the orders and the record, then what a result leaves to do.
 * An entry without its order is harmless; an order without its entry would be forgotten. With `to` the job goes on: its own entry
 * comes before all of that.
 */
export async function commitResult(
  run: RunWith<Committing>,
  leased: LeasedRecord,
  result: Result,
  to: Destination | undefined,
): Promise<Completed | Disowned> {
  const { deps } = run;
  const { orders } = result;
  run.inHand = orders.map((order) => order.id);
  const nextTry = to === undefined ? undefined : wholeMs(to.at);
  // guard: Result: a job that goes on has its entry before the transaction
  if (to !== undefined && nextTry !== undefined) {
    const state = transition(leased.record.state, to.step);
    await whileLocked(run, () => deps.schedule.ensure(entryFor(run, leased.record, nextTry, state)));
  }
  const firstPoll = deps.clock.now() + (deps.times.pollSteps[0] ?? 0);
  await insertOrderEntries(run, leased.record, orders, firstPoll);
  const change = (record: CheckoutRecord, mine: boolean): CheckoutRecord | undefined => {
    const at = { now: deps.clock.now(), firstPoll };
    // guard: Result: negatives need my claim [replace: false]
    if (!mine)
      return factsOnly(record, result, {
        ...at,
        isWhole: to === undefined && result.failedGroups.length === 0,
      });
    if (to === undefined || nextTry === undefined) return withResult(record, result, at);
    return goingOn(record, result, to, nextTry, at);
  };
  let { record, etag } = leased;
  let mine = true;
  const learned = learnedBy(record);
  for (;;) {
    const changed = change(record, mine);
    // guard: Result: orders are written whatever the lease says [replace: changed === undefined || !mine]
    if (changed === undefined) break;
    const next = withDelivery(changed, run.delivery, run.startedAt, `recorded: ${changed.state}`);
    const written = await whileLocked(run, () =>
      deps.ledger.commit({ record: next, etag, orders, writeId: deps.random.guid() }),
    );
    if (written.kind === 'written') {
      run.inHand = [];
      return afterCommit(run, record, next, mine, nextTry);
    }
    if (written.kind === 'owned') {
      run.inHand = [];
      if (!mine) break;
      return disowned(run, { ...leased, record, etag }, written.orderId, written.jobKey);
    }
    const found = await whileLocked(run, () => deps.ledger.read(record.jobKey));
    if (found === undefined) throw new Error(`The ledger record of job ${record.jobKey} is gone`);
    mine = found.value.lease?.id === leased.leaseId;
    // That a cart was bought twice is a fact, as its orders are.
    const { boughtAgain } = learned;
    record = mine ? withLearned(found.value, learned) : { ...found.value, ...omitUndefined({ boughtAgain }) };
    etag = found.etag;
  }
  // Another run is in charge, or was, and the record lacks nothing of what this one has in hand.
  run.inHand = [];
  if (isSettled(record.state)) return finalizeOrComeBack(run, record);
  return comeBack(run, record, deps.clock.now() + deps.times.outageRetry);
}

async function afterCommit(
  run: RunWith<Committing>,
  before: CheckoutRecord,
  record: CheckoutRecord,
  mine: boolean,
  nextTry: number | undefined,
): Promise<Completed> {
  const { deps } = run;
  if (record.state !== before.state && isSettled(record.state)) reportFinished(run, record);
  if (isSettled(record.state)) return finalizeOrComeBack(run, record);
  await finalize(deps, record);
  if (mine && nextTry !== undefined) {
    await removeReplaced(run, nextTry);
    return 'entry';
  }
  return comeBack(run, record, deps.clock.now() + deps.times.outageRetry);
}

/** Records orders of a job that has a result: facts are written whatever its state, by nobody in particular. */
export async function commitFacts(
  run: RunWith<Committing>,
  found: { readonly value: CheckoutRecord; readonly etag: string },
  orders: readonly Order[],
): Promise<Completed> {
  const { deps } = run;
  let { value: record, etag } = found;
  const firstPoll = deps.clock.now() + (deps.times.pollSteps[0] ?? 0);
  await insertOrderEntries(run, record, orders, firstPoll);
  for (;;) {
    const now = deps.clock.now();
    const { revision } = record;
    const failedGroups = stillFailed(record, mergeMarks(record, orders, { now, revision, firstPoll }));
    const at = { now, firstPoll, isWhole: failedGroups.length === 0 };
    const next = factsOnly(record, { orders, failedGroups }, at);
    if (next === undefined) break;
    const written = await deps.ledger.commit({ record: next, etag, orders, writeId: deps.random.guid() });
    if (written.kind === 'written') {
      record = next;
      break;
    }
    if (written.kind === 'owned') {
      const { jobKey } = record;
      deps.telemetry.warn(`order ${written.orderId} belongs to job ${written.jobKey}, not to ${jobKey}`, {
        jobKey,
      });
      return commitFacts(
        run,
        { value: record, etag },
        orders.filter(({ id }) => id !== written.orderId),
      );
    }
    const again = await deps.ledger.read(record.jobKey);
    if (again === undefined) throw new Error(`The ledger record of job ${record.jobKey} is gone`);
    record = again.value;
    etag = again.etag;
  }
  return isSettled(record.state)
    ? finalizeOrComeBack(run, record)
    : comeBack(run, record, deps.clock.now() + deps.times.outageRetry);
}

function goingOn(
  record: CheckoutRecord,
  result: Result,
  to: Destination,
  nextTry: number,
  at: { readonly now: number; readonly firstPoll: number },
): CheckoutRecord {
  const { lease, lastError, ...rest } = withOrders(record, result.orders, at);
  return {
    ...rest,
    unfinishedClaims: 0,
    ...to.change,
    state: transition(record.state, to.step),
    failedGroups: result.failedGroups,
    reschedules: record.reschedules + 1,
    nextTry,
    entryOrigin: nextTry,
  };
}

/** Entries of pending orders, and of completed ones whose subscriptions can be cancelled for a time. */
async function insertOrderEntries(
  run: RunWith<Committing>,
  record: CheckoutRecord,
  orders: readonly Order[],
  dueAt: number,
): Promise<void> {
  const { clock, times } = run.deps;
  const { jobKey } = record;
  const known = new Set(record.orders.map((orderSummary) => orderSummary.id));
  const now = clock.now();
  const entries = orders
    .filter(({ id }) => !known.has(id))
    .flatMap((order): readonly PollEntry[] => {
      const { id: orderId, status } = order;
      if (!isTerminal(status))
        return [{ key: pollEntryKey(dueAt, orderId), dueAt, orderId, jobKey, since: wholeMs(now), polls: 0 }];
      const [first] = times.cancellationSteps;
      if (first === undefined || boughtIn(order, [], 1).length === 0) return [];
      return [cancellationEntry({ jobKey, orderId }, 0, now + first)];
    });
  if (entries.length === 0) return;
  // guard: Result: entries of pending orders come before the transaction
  // guard: Result: an answer in hand waits for its entries [replace: await run.deps.schedule.insert(entries)]
  await whileLocked(run, () => run.deps.schedule.insert(entries));
}

/**
 * Orders are facts: they are written whatever the lease says. The negative part of a run that is no longer in charge is not.
 * Undefined: the record lacks nothing.
 */
function factsOnly(
  record: CheckoutRecord,
  result: Result,
  at: { readonly now: number; readonly firstPoll: number; readonly isWhole: boolean },
): CheckoutRecord | undefined {
  const { orders, failedGroups } = result;
  const known = new Set(record.orders.map((orderSummary) => orderSummary.id));
  const lacks = orders.some((order) => !known.has(order.id));
  if (orders.length === 0 || (!lacks && isSettled(record.state))) return undefined;
  // What became of the other groups is for the run in charge to find out.
  if (!isSettled(record.state) && !at.isWhole) return lacks ? withOrders(record, orders, at) : undefined;
  const stillFailed =
    record.state === 'failed'
      ? failedGroups
      : failedGroups.filter((group) => record.failedGroups.some((other) => other.group === group.group));
  return withResult(record, { orders, failedGroups: stillFailed }, at);
}

/** With an answer in hand: try again as long as the lock is renewed. After that the message is sent again with the order ids. */
async function whileLocked<T>(run: RunWith<Committing>, write: () => Promise<T>): Promise<T> {
  const { clock, times } = run.deps;
  for (let pause = times.permitLife; ; pause = Math.min(pause * 2, times.throwDelay)) {
    try {
      return await write();
    } catch (error) {
      const patient = run.inHand.length > 0 && clock.now() + pause + 2 * times.throwDelay <= lockEnds(run);
      if (!(error instanceof Unavailable) || !patient) throw error;
      await clock.sleep(pause);
    }
  }
}

/** An order in the books of another job is not ours, whatever led to it. */
function disowned(run: RunWith<Committing>, leased: LeasedRecord, orderId: string, owner: string): Disowned {
  const { clock, telemetry, times } = run.deps;
  const { jobKey, attempts } = leased.record;
  telemetry.warn(`order ${orderId} belongs to job ${owner}, not to ${jobKey}`, { jobKey });
  const at = clock.now() + times.inProgressLater;
  return {
    leased,
    to: { step: 'doubt', at, why: 'an order belongs to another job', change: { attempts: attempts + 1 } },
  };
}
