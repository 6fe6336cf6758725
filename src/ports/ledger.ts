/** Port: the ledger, one record or one customer at a time, with If-Match. */

import type { CheckoutRecord } from '../domain/checkout/record.ts';
import type { JobKey } from '../domain/message/job-key.ts';
import type { Order } from '../domain/order/order.ts';

export interface Stored<T> {
  readonly value: T;
  readonly etag: string;
}

/** A conflict is somebody else's write: the store has already read back and found that it was not our own. */
export type Written = { readonly kind: 'written'; readonly etag: string } | { readonly kind: 'conflict' };

export type Committed =
  | Written
  /** The order is in the books of another job of this customer. */
  | { readonly kind: 'owned'; readonly orderId: string; readonly jobKey: string };

/** The records and order rows of one customer: one partition. */
export interface CustomerBooks {
  readonly records: readonly CheckoutRecord[];
  /** The ETag of each record. */
  readonly etags: ReadonlyMap<JobKey, string>;
  /** Records that cannot be read: each may hold anything. */
  readonly unreadable: readonly UnreadableRecord[];
  /** The job that each order belongs to; '' for an order whose row names none. */
  readonly owners: ReadonlyMap<string, string>;
}

/** The row of a record cannot be read: edited by hand, or written by a newer version of this program. */
export class UnreadableRecord extends Error {
  override readonly name = 'UnreadableRecord';
  readonly jobKey: JobKey;
  readonly newer: boolean;

  constructor(jobKey: JobKey, why: string, newer: boolean) {
    super(`The ledger record of job ${jobKey} cannot be read: ${why}`);
    this.jobKey = jobKey;
    this.newer = newer;
  }
}

/**
 * The table Checkouts. Every write carries a `writeId`, new for each step of a delivery: on a conflict the store reads
 * back, and the same `writeId` means that it was us. Throws `Unavailable` ('storage') and `UnreadableRecord`.
 */
export interface Ledger {
  read(key: JobKey): Promise<Stored<CheckoutRecord> | undefined>;
  insert(record: CheckoutRecord, writeId: string): Promise<Written>;
  replace(record: CheckoutRecord, etag: string, writeId: string): Promise<Written>;
  /** The transaction that stores the cart which a job has made: from then on a message for that cart joins the job. */
  storeCart(store: {
    readonly record: CheckoutRecord;
    readonly cartId: string;
    readonly etag: string;
    readonly writeId: string;
  }): Promise<Written>;
  /**
   * The transaction that records a result: the record with If-Match, and its orders. Orders that the record did not name
   * before are inserted, the others replaced.
   */
  commit(commit: {
    readonly record: CheckoutRecord;
    readonly etag: string;
    readonly orders: readonly Order[];
    readonly writeId: string;
  }): Promise<Committed>;
  /** The orders of a record, as their rows have them. What a row no longer holds is left out, as is the row that is gone. */
  orders(record: Pick<CheckoutRecord, 'customerId' | 'orders'>): Promise<readonly Order[]>;
  /** One record that cannot be read does not hide the others. */
  customer(customerId: string): Promise<CustomerBooks>;
}
