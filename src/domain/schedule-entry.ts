import { dueTimeKey } from '../ports/schedule.ts';
import type { Poll } from './checkout/record.ts';
import type { CartKey } from './message/job.ts';
import { orderIdKey } from './order/order-id.ts';

/** Makes the poller look at an order at or after a time. */
export interface OrderEntry extends CartKey {
  /** Zero-padded due time + order id: rows sort by time. */
  readonly key: string;
  /** Epoch ms. */
  readonly dueAt: number;
  readonly orderId: string;
  /** How often it was polled. */
  readonly polls: number;
  /** Polls that brought no order, and so no write of the record: it keeps them with the next that does. */
  readonly unkept?: readonly Poll[];
}

/** Makes the poller count a batch at or after a time. */
export interface BatchCountEntry {
  readonly key: string;
  readonly dueAt: number;
  readonly batchId: string;
}

export type PollEntry = OrderEntry | BatchCountEntry;

/** For `due`: every row. */
export const wholeTime = Number.MAX_SAFE_INTEGER / 100;

/** The order id makes the key unique. */
export const pollEntryKey = (dueAt: number, orderId: string): string =>
  `${dueTimeKey(dueAt)}:${orderIdKey(orderId)}`;

/** When an entry's poll is due; undefined: it is no key of ours. */
export const nextPollOf = (key: string | undefined): number | undefined => {
  const [, digits] = /^(\d{15}):/.exec(key ?? '') ?? [];
  return digits === undefined ? undefined : Number(digits);
};

/** No order id begins so. */
export const batchCountEntry = (batchId: string, dueAt: number): BatchCountEntry => ({
  key: `${dueTimeKey(dueAt)}:batch:${batchId}`,
  dueAt: Math.floor(dueAt),
  batchId,
});
