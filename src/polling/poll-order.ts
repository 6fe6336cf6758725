/** Third part of a tick: moves the status of one pending order forward, and its entry after it. */

import { finalize } from '../checkout/finalize.ts';
import { addRecent, withPolls } from '../domain/checkout/call-history.ts';
import { withJitter } from '../domain/checkout/deadlines.ts';
import { type CheckoutRecord, isSettled, type OrderSummary, type Poll } from '../domain/checkout/record.ts';
import { afterPoll, withEntry } from '../domain/order/after-poll.ts';
import { isTerminal, type Order } from '../domain/order/order.ts';
import { cancellationEntry, type OrderEntry, pollEntryKey } from '../domain/schedule-entry.ts';
import type { Stored } from '../ports/ledger.ts';
import type { Span } from '../ports/tracing.ts';
import { askWhenTooLong, openQuestion, withQuestion } from './pending-alarm.ts';
import { type ReadOrder, readOrder } from './read-order.ts';
import type { PollDeps } from './tick-deps.ts';

export type Polled = { readonly kind: 'finished' | 'pending' | 'dropped' | 'failed' | 'stop' };

/** Conflicts with other writers of the same record before the row is left to the next tick: eight orders of one cart may be in work. */
const maxTries = 10;

/** Looks at one order: reads it, moves its status forward, then moves its entry, or drops it last of all. */
export function pollOrder(deps: PollDeps, row: OrderEntry, deadline: number): Promise<Polled> {
  const { jobKey, orderId } = row;
  return deps.tracing.span('poll order', { fields: { jobKey, orderId } }, (span) =>
    poll(deps, row, deadline, span),
  );
}

async function poll(deps: PollDeps, row: OrderEntry, deadline: number, span: Span): Promise<Polled> {
  const { ledger, schedule } = deps;
  const found = await ledger.read(row.jobKey);
  // Days may lie between: the producer's trace is linked, not prolonged.
  span.link(found?.value.traceparent);
  // The transaction that names this order may still be on its way, so the row stays.
  if (found === undefined) return later(deps, row);
  const { value: record } = found;
  const orderSummary = record.orders.find((known) => known.id === row.orderId);
  if (orderSummary === undefined && !isSettled(record.state)) {
    // guard: Poll: a row whose order is not in the record yet stays [replace: (await schedule.drop(row), { kind: 'dropped' })]
    return later(deps, row);
  }
  if (
    orderSummary?.entryKey !== undefined &&
    orderSummary.entryKey !== row.key &&
    // guard: Poll: a row that a missing row is named for counts as current
    (await schedule.exists(orderSummary.entryKey))
  ) {
    await schedule.drop(row);
    return { kind: 'dropped' };
  }
  if (orderSummary !== undefined && isTerminal(orderSummary.status)) {
    // guard: Poll: the entry of a terminal order still finalizes
    await finalize(deps, record);
    await endEntry(deps, row, orderSummary);
    return { kind: 'finished' };
  }
  const read = await readOrder(deps, row, deadline);
  if (read.kind === 'stop') return read;
  if (read.kind === 'order') return recordOrder(deps, row, found, read);
  await askWhenTooLong(deps, row, found);
  return later(deps, row, read.poll, orderSummary !== undefined);
}

async function recordOrder(
  deps: PollDeps,
  row: OrderEntry,
  found: Stored<CheckoutRecord>,
  { order, poll }: Extract<ReadOrder, { kind: 'order' }>,
): Promise<Polled> {
  const { random, clock, schedule, ledger } = deps;
  let { value: record, etag } = found;
  for (let tries = 0; tries < maxTries; tries += 1) {
    const now = clock.now();
    const next = nextRow(deps, row);
    const ended = isTerminal(order.status);
    const kept = withPolls(record, [...(row.unkept ?? []), poll]);
    const polled = afterPoll(kept, order, { now, nextPoll: next.dueAt });
    const asked = ended ? polled : withQuestion(deps, polled, row.orderId);
    const named = ended ? asked : withEntry(asked, row.orderId, next.key);
    const committed = await ledger.commit({
      record: named,
      // guard: Poll: the ledger in every transaction, with If-Match [replace: (await ledger.read(row))?.etag ?? etag]
      etag,
      orders: [order],
      writeId: random.guid(),
    });
    if (committed.kind === 'owned') {
      await schedule.drop(row);
      return { kind: 'dropped' };
    }
    if (committed.kind === 'written') {
      if (ended) {
        reportOrderFinished(deps, row, named, order);
        // guard: Poll: the entry is dropped last, after finalizing [later]
        await finalize(deps, named);
        await endEntry(
          deps,
          row,
          named.orders.find(({ id }) => id === order.id),
        );
        return { kind: 'finished' };
      }
      await openQuestion(deps, record, named);
      await schedule.move(row, next);
      measureAge(deps, named, row.orderId);
      return { kind: 'pending' };
    }
    const again = await ledger.read(row.jobKey);
    if (again === undefined) return { kind: 'failed' };
    record = again.value;
    etag = again.etag;
  }
  return { kind: 'failed' };
}

/** What a completed order has made can be cancelled for a time: its entry becomes the one that reads until when. */
async function endEntry(
  { clock, schedule, times }: PollDeps,
  row: OrderEntry,
  order: OrderSummary | undefined,
): Promise<void> {
  const [first] = times.cancellationSteps;
  if (first === undefined || order?.subscriptions === undefined || order.datesReadAt !== undefined)
    return schedule.drop(row);
  await schedule.move(row, cancellationEntry(row, 0, clock.now() + first));
}

function nextRow({ random, clock, times }: PollDeps, { unkept: _, ...row }: OrderEntry): OrderEntry {
  const polls = row.polls + 1;
  const step = times.pollSteps[Math.min(polls, times.pollSteps.length - 1)] ?? times.tickLimit;
  const dueAt = Math.floor(clock.now() + withJitter(step, random.fraction()));
  return { ...row, polls, dueAt, key: pollEntryKey(dueAt, row.orderId) };
}

function measureAge({ clock, tracing }: PollDeps, record: CheckoutRecord, orderId: string): void {
  const since = record.orders.find((orderSummary) => orderSummary.id === orderId)?.since;
  if (since === undefined) return;
  const hours = (clock.now() - since) / 3_600_000;
  const age = hours < 1 ? 'under-1h' : hours < 24 ? 'under-24h' : 'over-24h';
  tracing.measure('checkout.order.pending', hours * 3_600, { age });
}

/** Nothing was learned: the entry moves on. A record that knows the order names the next entry before, or repair would write the one that it names again. */
async function later(deps: PollDeps, row: OrderEntry, poll?: Poll, named = false): Promise<Polled> {
  const unkept = addRecent({ total: 0, last: row.unkept ?? [] }, poll === undefined ? [] : [poll]).last;
  const next = nextRow(deps, row);
  if (named && !(await nameEntry(deps, row, next.key))) return { kind: 'failed' };
  await deps.schedule.move(row, { ...next, ...(unkept.length === 0 ? {} : { unkept }) });
  return { kind: 'pending' };
}

async function nameEntry(
  { random, ledger }: PollDeps,
  { jobKey, orderId }: OrderEntry,
  key: string,
): Promise<boolean> {
  for (let tries = 0; tries < maxTries; tries += 1) {
    const found = await ledger.read(jobKey);
    if (found === undefined) return false;
    const written = await ledger.replace(withEntry(found.value, orderId, key), found.etag, random.guid());
    if (written.kind === 'written') return true;
  }
  return false;
}

function reportOrderFinished(
  { telemetry, clock }: PollDeps,
  row: OrderEntry,
  record: CheckoutRecord,
  order: Order,
): void {
  const orderSummary = record.orders.find((known) => known.id === order.id);
  telemetry.event('OrderFinished', {
    jobKey: row.jobKey,
    customerId: record.customerId,
    cartId: record.cartId,
    batchId: record.job.batchId,
    orderId: order.id,
    status: order.status,
    cart: record.state,
    polls: row.polls + 1,
    pendingMs: orderSummary === undefined ? undefined : clock.now() - orderSummary.since,
  });
}
