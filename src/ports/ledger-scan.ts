/** Port: the ledger read page by page, for repair and audits. */

import type { CheckoutRecord, State } from '../domain/checkout/record.ts';
import type { UnreadableRecord } from './ledger.ts';

/** A place in the ledger, for a reader that goes on where it stopped. */
export interface RecordPosition {
  readonly partition: string;
  readonly key: string;
}

/** The records of every customer. Throws `Unavailable` ('storage'). */
export interface LedgerScan {
  /** Those in one of these states. It reads the whole table: for people, now and then. */
  inState(states: readonly State[]): AsyncIterable<CheckoutRecord>;
  /**
   * Up to `most` records after a place, each with its own, for a reader that stops in the middle. `next` is undefined when the end is
   * reached, and the next page begins anew.
   */
  page(
    after: RecordPosition | undefined,
    most: number,
  ): Promise<{
    readonly records: readonly {
      readonly record: CheckoutRecord | UnreadableRecord;
      readonly at: RecordPosition;
    }[];
    readonly next: RecordPosition | undefined;
  }>;
}
