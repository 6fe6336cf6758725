/**
 * Fourth part of a tick: reads until when the subscriptions of a completed order can be cancelled. People want to know it; no purchase
 * waits for it. So it comes after the result, has few calls, and gives up.
 */

import { decodeSubscriptions, type Subscription } from '../domain/answer/decode-subscriptions.ts';
import { withPolls } from '../domain/checkout/call-history.ts';
import type { CheckoutRecord, OrderSummary, Poll } from '../domain/checkout/record.ts';
import { cancellableEvent } from '../domain/events/event-list.ts';
import { isDated, withDates } from '../domain/order/bought-subscription.ts';
import { type CancellationEntry, cancellationEntry } from '../domain/schedule-entry.ts';
import type { Polled } from './poll-order.ts';
import { readAsPoller } from './read-as-poller.ts';
import type { PollDeps } from './tick-deps.ts';

/** Conflicts with other writers of the same record before the entry is left to the next tick. */
const maxTries = 10;

/** Reads the dates of one order, records them, publishes their event, then drops the entry; or moves it, as long as reads are left. */
export async function pollCancellation(
  deps: PollDeps,
  entry: CancellationEntry,
  deadline: number,
): Promise<Polled> {
  const { ledger, cartApi } = deps;
  const { jobKey, orderId } = entry;
  const found = await ledger.read(jobKey);
  const order = found?.value.orders.find(({ id }) => id === orderId);
  // The transaction that names this order may still be on its way.
  if (found === undefined || order?.subscriptions === undefined) return later(deps, entry);
  // An earlier read has recorded them, and its worker may have died before their event.
  if (order.datesReadAt !== undefined) return tell(deps, entry, found.value, order);
  const read = await readAsPoller(
    deps,
    {
      what: 'subscriptions',
      jobKey,
      orderId,
      send: (customerId, options) => cartApi.subscriptions({ customerId, orderId }, options),
      decode: decodeSubscriptions,
      forPeople: true,
    },
    deadline,
  );
  if (read.kind === 'stop') return read;
  const answered = read.kind === 'value' ? read.value : [];
  const isWhole = withDates(order.subscriptions, answered).every(isDated);
  if (!isWhole && entry.looks + 1 < deps.times.cancellationSteps.length) return later(deps, entry);
  return record(deps, entry, answered, read.poll);
}

async function record(
  deps: PollDeps,
  entry: CancellationEntry,
  answered: readonly Subscription[],
  poll: Poll | undefined,
): Promise<Polled> {
  const { ledger, clock, random } = deps;
  const datesReadAt = clock.now();
  for (let tries = 0; tries < maxTries; tries += 1) {
    const found = await ledger.read(entry.jobKey);
    if (found === undefined) break;
    const known = withPolls(found.value, poll === undefined ? [] : [poll]);
    const dated: CheckoutRecord = {
      ...known,
      orders: known.orders.map((order) =>
        order.id !== entry.orderId || order.subscriptions === undefined
          ? order
          : { ...order, subscriptions: withDates(order.subscriptions, answered), datesReadAt },
      ),
    };
    const written = await ledger.replace(dated, found.etag, random.guid());
    const order = dated.orders.find(({ id }) => id === entry.orderId);
    if (written.kind === 'written' && order !== undefined) return tell(deps, entry, dated, order);
  }
  return { kind: 'failed' };
}

/** The entry is dropped last: a worker that dies before has the event published by the next tick. */
async function tell(
  { events, schedule }: PollDeps,
  entry: CancellationEntry,
  dated: CheckoutRecord,
  order: OrderSummary,
): Promise<Polled> {
  const event = cancellableEvent(dated, order);
  if (event !== undefined) await events.publish([event]);
  await schedule.drop(entry);
  return { kind: 'finished' };
}

async function later(
  { clock, schedule, telemetry, times }: PollDeps,
  entry: CancellationEntry,
): Promise<Polled> {
  const { jobKey, orderId } = entry;
  const looks = entry.looks + 1;
  const step = times.cancellationSteps[looks];
  if (step === undefined) {
    telemetry.warn(
      `Until when the subscriptions of order ${orderId} can be cancelled could not be read ${looks} times; see Partner Center`,
      { jobKey },
    );
    await schedule.drop(entry);
    return { kind: 'dropped' };
  }
  await schedule.move(entry, cancellationEntry(entry, looks, clock.now() + step));
  return { kind: 'pending' };
}
