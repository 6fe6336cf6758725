import { type Result, settled, withOrders } from '../domain/checkout/apply-result.ts';
import { withDelivery } from '../domain/checkout/call-history.ts';
import { type CheckoutRecord, isSettled } from '../domain/checkout/record.ts';
import { transition } from '../domain/checkout/state-machine.ts';
import { ticketAfter } from '../domain/message/delivery.ts';
import { omitUndefined } from '../domain/omit-undefined.ts';
import { isTerminal, type Order } from '../domain/order/order.ts';
import { pollEntryKey } from '../domain/schedule-entry.ts';
import { Unavailable } from '../ports/unavailable.ts';
import { nextTry } from './copies.ts';
import { runTail } from './finalize.ts';
import { learnedBy, park, parkWithoutResult, withLearned } from './park.ts';
import { type Held, lockEnds, type Run } from './run.ts';

/**
 * Records a result that ends this run's work on the job: entries, then one transaction with the orders and the record,
 * then the tail. An entry without its order is harmless; an order without its entry would be forgotten.
 */
export async function recordResult(run: Run, held: Held, result: Result): Promise<void> {
  const firstPoll = run.deps.clock.now() + firstStep(run);
  // guard: Result: entries before the transaction [later]
  if ((await insertEntries(run, held.record, result.orders, firstPoll)) === 'parked') return;
  await commit(run, held, result.orders, (record, mine) => {
    const now = run.deps.clock.now();
    // guard: Result: negatives need my claim [replace: mine || !isSettled(record.state)]
    if (mine) return settled(record, result, { now, firstPoll });
    return factsOnly(record, result, { now, firstPoll, isWhole: result.failedGroups.length === 0 });
  });
}

/**
 * Records orders of a result that is not the end: some groups are to be tried again (`wait`), or what became of them has
 * to be found out (`doubt`). The copy goes first: it drives what comes next.
 */
export async function recordAndGoOn(
  run: Run,
  held: Held,
  result: Result,
  next: { readonly step: 'wait' | 'doubt'; readonly until: number },
  change: Partial<CheckoutRecord>,
): Promise<void> {
  const { deps } = run;
  const ticket = ticketAfter(held.record.ticket);
  const copy = nextTry(held.record, ticket, [], deps.chance);
  // guard: Result: a retryable group: first the copy, then the transaction
  if ((await whileLocked(run, result.orders, () => deps.queue.send(copy, next.until))) === 'parked') return;
  const firstPoll = deps.clock.now() + firstStep(run);
  if ((await insertEntries(run, held.record, result.orders, firstPoll)) === 'parked') return;
  await commit(run, held, result.orders, (record, mine) => {
    const now = deps.clock.now();
    if (!mine) return factsOnly(record, result, { now, firstPoll, isWhole: false });
    const { lease: _, ...rest } = { ...withOrders(record, result.orders, { now, firstPoll }), ...change };
    const state = transition(record.state, next.step);
    return { ...rest, state, failedGroups: result.failedGroups, ticket, nextTry: next.until };
  });
}

const firstStep = (run: Run): number => run.deps.times.pollSteps[0] ?? 0;

async function insertEntries(
  run: Run,
  record: CheckoutRecord,
  orders: readonly Order[],
  dueAt: number,
): Promise<undefined | 'parked'> {
  const { customerId, cartId } = record;
  const known = new Set(record.orders.map((mark) => mark.id));
  const pending = orders.filter((order) => !isTerminal(order.status) && !known.has(order.id));
  if (pending.length === 0) return undefined;
  const rows = pending.map(({ id: orderId }) => ({
    key: pollEntryKey(dueAt, orderId),
    dueAt,
    orderId,
    customerId,
    cartId,
    polls: 0,
  }));
  // guard: Result: an answer in hand waits for its entries [replace: await run.deps.schedule.insert(rows)]
  return (await whileLocked(run, orders, () => run.deps.schedule.insert(rows))) ?? undefined;
}

/**
 * Orders are facts: they are written whatever the lease says, the negatives of a run that is no longer in charge are not.
 * Undefined: the record lacks nothing.
 */
function factsOnly(
  record: CheckoutRecord,
  result: Result,
  at: { readonly now: number; readonly firstPoll: number; readonly isWhole: boolean },
): CheckoutRecord | undefined {
  const { orders, failedGroups } = result;
  const known = new Set(record.orders.map((mark) => mark.id));
  const lacks = orders.some((order) => !known.has(order.id));
  // guard: Result: orders are written whatever the lease says [replace: true]
  if (orders.length === 0 || (!lacks && isSettled(record.state))) return undefined;
  // What became of the other groups is for the run in charge to find out.
  if (!isSettled(record.state) && !at.isWhole) return lacks ? withOrders(record, orders, at) : undefined;
  const stillFailed =
    record.state === 'failed'
      ? failedGroups
      : failedGroups.filter((group) => record.failedGroups.some((other) => other.group === group.group));
  return settled(record, { orders, failedGroups: stillFailed }, at);
}

async function commit(
  run: Run,
  held: Held,
  orders: readonly Order[],
  change: (record: CheckoutRecord, mine: boolean) => CheckoutRecord | undefined,
): Promise<void> {
  const { deps } = run;
  let { record, etag } = held;
  let mine = true;
  const learned = learnedBy(record);
  for (;;) {
    const changed = change(record, mine);
    if (changed === undefined) break;
    const next = withDelivery(changed, run, `recorded: ${changed.state}`);
    const written = await whileLocked(run, orders, () =>
      deps.ledger.commit({ record: next, etag, orders, writeId: deps.chance.guid() }),
    );
    if (written === 'parked') return;
    if (written.kind === 'written') {
      if (next.state !== record.state && isSettled(next.state)) tellFinished(run, next);
      await finishTail(run, next);
      if (mine || isSettled(next.state)) return;
      record = next;
      break;
    }
    if (written.kind === 'owned')
      return disowned(run, { ...held, record, etag }, written.orderId, written.cartId);
    const found = await whileLocked(run, orders, () => deps.ledger.read(record));
    if (found === 'parked') return;
    if (found === undefined) throw new Error(`The ledger record of cart ${record.cartId} is gone`);
    mine = found.value.lease?.id === held.leaseId;
    // That a cart was bought twice is a fact, as its orders are.
    const { boughtAgain } = learned;
    record = mine ? withLearned(found.value, learned) : { ...found.value, ...omitUndefined({ boughtAgain }) };
    etag = found.etag;
  }
  // Another worker is in charge, or was: if it has settled the job, its tail is run once more; else the job lives on.
  if (isSettled(record.state)) return finishTail(run, record);
  await parkWithoutResult(run, deps.clock.now() + deps.times.outageRetry, 'the lease was lost');
}

/** A tail that fails is finished by a copy: events and rows are delayed, never the purchase. */
async function finishTail(run: Run, record: CheckoutRecord): Promise<void> {
  const { deps } = run;
  try {
    // guard: Tail: before the message is completed [replace: void runTail(deps, record).catch(() => {})]
    await runTail(deps, record);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    await parkWithoutResult(
      run,
      deps.clock.now() + deps.times.outageRetry,
      `the tail failed: ${error.message}`,
    );
  }
}

/** With an answer in hand: try again as long as the lock is renewed, then park a copy that carries the order ids. */
async function whileLocked<T>(
  run: Run,
  orders: readonly Order[],
  write: () => Promise<T>,
): Promise<T | 'parked'> {
  const { clock, times } = run.deps;
  for (let pause = times.permitLife; ; pause = Math.min(pause * 2, times.throwDelay)) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      if (clock.now() + pause + times.throwDelay > lockEnds(run)) {
        const ids = orders.map((order) => order.id);
        await parkWithoutResult(
          run,
          clock.now() + times.outageRetry,
          `with an answer in hand: ${error.message}`,
          ids,
        );
        return 'parked';
      }
      await clock.sleep(pause);
    }
  }
}

/** An order that stands in the books of another cart is not ours, whatever led to it: look again. */
async function disowned(run: Run, held: Held, orderId: string, cartId: string): Promise<void> {
  const { clock, telemetry, times } = run.deps;
  const { customerId, cartId: ours, attempts } = held.record;
  telemetry.warn(`order ${orderId} belongs to cart ${cartId}, not to ${ours}`, { customerId, cartId: ours });
  const until = clock.now() + times.inProgressLater;
  await park(
    run,
    held,
    { step: 'doubt', until, why: 'an order belongs to another cart' },
    { attempts: attempts + 1 },
  );
}

export function tellFinished(run: Run, record: CheckoutRecord): void {
  const { customerId, cartId, state, job, attempts, orders, reason, ticket } = record;
  const { clock, telemetry } = run.deps;
  telemetry.event('JobFinished', {
    customerId,
    cartId,
    batchId: job.batchId,
    notAfter: job.notAfter,
    outcome: state,
    code: reason?.code,
    orders: orders.length,
    pending: orders.filter((mark) => !isTerminal(mark.status)).length,
    attempts,
    parks: ticket,
    calls: run.calls,
    // Of the delivery that ended it: before it, the job waited in the queue, or parked.
    queueMs: run.startedAt - run.delivery.enqueuedAt,
    gateMs: run.slept,
    apiMs: run.apiMs,
    runMs: clock.now() - run.startedAt,
    totalMs: clock.now() - record.firstEnqueued,
  });
}
