import type { CartKey } from '../checkout/job.ts';
import type { Poll } from '../checkout/record.ts';
import { orderIdKey } from './order-id.ts';

/** Makes the poller look at an order at or after a time. */
export interface DueRow extends CartKey {
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
export interface BatchDueRow {
  readonly key: string;
  readonly dueAt: number;
  readonly batchId: string;
}

export type AnyDueRow = DueRow | BatchDueRow;

/** For `due`: every row. */
export const wholeTime = Number.MAX_SAFE_INTEGER / 100;

/** 15 digits hold epoch ms until the year 33658: rows sort by time. Every row due before `dueAt` has a lower key. */
export const dueTimeKey = (dueAt: number): string => String(Math.max(0, Math.floor(dueAt))).padStart(15, '0');

/** The order id makes the key unique. */
export const dueRowKey = (dueAt: number, orderId: string): string =>
  `${dueTimeKey(dueAt)}:${orderIdKey(orderId)}`;

/** When a due row's poll is due; undefined: it is no key of ours. */
export const nextPollOf = (key: string | undefined): number | undefined => {
  const [, digits] = /^(\d{15}):/.exec(key ?? '') ?? [];
  return digits === undefined ? undefined : Number(digits);
};

/** No order id begins so. */
export const batchDueRow = (batchId: string, dueAt: number): BatchDueRow => ({
  key: `${dueTimeKey(dueAt)}:batch:${batchId}`,
  dueAt: Math.floor(dueAt),
  batchId,
});

/** The table DueOrders. Every write is safe to repeat. Throws `Unavailable` ('storage'). */
export interface DueRows {
  insert(rows: readonly AnyDueRow[]): Promise<void>;
  /** Rows due at `now`, oldest first, read page by page. */
  due(now: number): AsyncIterable<AnyDueRow>;
  exists(key: string): Promise<boolean>;
  /** Removes `from` and inserts `to` in one transaction. */
  move(from: AnyDueRow, to: AnyDueRow): Promise<void>;
  drop(row: AnyDueRow): Promise<void>;
}
