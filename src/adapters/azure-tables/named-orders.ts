/** Remembers which orders a record named when it was read, so that a result needs no second read of their rows. */

import type { CheckoutRecord } from '../../domain/checkout/record.ts';

const maxKept = 1_000;

/**
 * Which orders the stored record named, by its ETag: they are in its books, so their rows are replaced. Of a record that
 * was forgotten none is known; its orders are then inserted, refused, and read. Costs requests, never truth.
 */
export function namedOrders() {
  const kept = new Map<string, readonly string[]>();
  // ETags are times: two rows may share one.
  const keyOf = ({ jobKey }: CheckoutRecord, etag: string) => `${jobKey}:${etag}`;

  return {
    keep(record: CheckoutRecord, etag: string): void {
      if (record.orders.length === 0) return;
      kept.set(
        keyOf(record, etag),
        record.orders.map((order) => order.id),
      );
      const oldest = kept.size > maxKept ? kept.keys().next().value : undefined;
      if (oldest !== undefined) kept.delete(oldest);
    },
    of: (record: CheckoutRecord, etag: string): readonly string[] => kept.get(keyOf(record, etag)) ?? [],
  };
}
