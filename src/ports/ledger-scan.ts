import type { CheckoutRecord, State } from '../domain/checkout/record.ts';

/** The records of every customer. Throws `Unavailable` ('storage'). */
export interface LedgerScan {
  /** Those in one of these states. It reads the whole table: for people, now and then. */
  inState(states: readonly State[]): AsyncIterable<CheckoutRecord>;
}
