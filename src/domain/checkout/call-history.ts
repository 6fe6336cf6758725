/**
 * What a record remembers of its calls, deliveries and polls, for people. No rule reads deliveries or polls.
 */

import type { Delivery } from '../message/delivery.ts';
import { cutText } from '../text.ts';
import type { Call, CheckoutRecord, History, KeptDelivery, Poll, Recent } from './record.ts';

const keptFirst = 20;
const keptLast = 80;
const keptRecent = 20;
/** A producer's message id may have 128 characters; what came of a delivery may be the text of an answer. */
const maxId = 128;
const maxEnd = 200;

export const emptyHistory: History = { total: 0, first: [], last: [] };
export const none: Recent<never> = { total: 0, last: [] };

/** Adds a call, or fills in the end of one that was written before it was sent. */
export function withCall(record: CheckoutRecord, call: Call): CheckoutRecord {
  return { ...record, history: addCall(record.history, call) };
}

function addCall(history: History, call: Call): History {
  const same = (known: Call) => known.correlationId === call.correlationId;
  if (history.first.some(same) || history.last.some(same))
    return {
      ...history,
      first: history.first.map((known) => (same(known) ? call : known)),
      last: history.last.map((known) => (same(known) ? call : known)),
    };
  if (history.first.length < keptFirst)
    return { total: history.total + 1, first: [...history.first, call], last: history.last };
  return { total: history.total + 1, first: history.first, last: [...history.last, call].slice(-keptLast) };
}

/** The last checkout call of this record that has ended. */
export const lastCheckout = ({ history }: CheckoutRecord): Call | undefined =>
  [...history.first, ...history.last].findLast(({ what, end }) => what === 'checkout' && end !== undefined);

/** When the last checkout call of this record was answered, epoch ms. */
export function lastCheckoutEnd(record: CheckoutRecord): number | undefined {
  const call = lastCheckout(record);
  return call?.end === undefined ? undefined : call.at + call.end.ms;
}

/** Keeps a delivery, or what came of it: goes with a write of the record that happens anyway. */
export function withDelivery(
  record: CheckoutRecord,
  delivery: Delivery,
  startedAt: number,
  end?: string,
): CheckoutRecord {
  const kept: KeptDelivery = {
    at: startedAt,
    messageId: cut(delivery.messageId, maxId),
    count: delivery.count,
    from: delivery.from.kind,
    ...(end === undefined ? {} : { end: cut(end, maxEnd) }),
  };
  const { total, last } = record.deliveries;
  const isSame = (known: KeptDelivery) => known.at === kept.at && known.messageId === kept.messageId;
  const deliveries = last.some(isSame)
    ? { total, last: last.map((known) => (isSame(known) ? kept : known)) }
    : addRecent(record.deliveries, [kept]);
  return { ...record, deliveries };
}

export const withPolls = (record: CheckoutRecord, polls: readonly Poll[]): CheckoutRecord => ({
  ...record,
  polls: addRecent(record.polls, polls),
});

export const addRecent = <T>({ total, last }: Recent<T>, more: readonly T[]): Recent<T> => ({
  total: total + more.length,
  last: [...last, ...more].slice(-keptRecent),
});

const cut = (text: string, length: number): string =>
  text.length <= length ? text : `${cutText(text, length - 1)}…`;
