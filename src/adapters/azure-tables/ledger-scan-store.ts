/** The port `LedgerScan` over the table Checkouts: reads the records of all customers, page by page. */

import type { CheckoutRecord } from '../../domain/checkout/record.ts';
import { UnreadableRecord } from '../../ports/ledger.ts';
import type { LedgerScan, RecordPosition } from '../../ports/ledger-scan.ts';
import type { StoredRow, Table } from '../../ports/table.ts';
import { pointsTo } from './cart-pointer.ts';
import { fromRecordRow, isRecordKey, recordRange } from './record-rows.ts';

export const ledgerScan = (table: Table, onUnreadable: (why: string) => void): LedgerScan => ({
  async page(after, most) {
    const records: { record: CheckoutRecord | UnreadableRecord; at: RecordPosition }[] = [];
    const query = {
      ...recordRange,
      ...(after === undefined ? {} : { after }),
    };
    for await (const row of table.rows(query)) {
      // A pointer from a cart to its job is no record, nor is a row that somebody wrote by hand.
      if (!isRecordKey(row.key) || pointsTo(row) !== undefined) continue;
      const at = { partition: row.partition, key: row.key };
      records.push({ record: orUnreadable(row), at });
      if (records.length >= most) return { records, next: at };
    }
    return { records, next: undefined };
  },

  async *inState(states) {
    for await (const row of table.rows({ ...recordRange, where: { state: states } })) {
      try {
        if (isRecordKey(row.key)) yield fromRecordRow(row);
      } catch (error) {
        if (!(error instanceof UnreadableRecord)) throw error;
        onUnreadable(error.message);
      }
    }
  },
});

function orUnreadable(row: StoredRow): CheckoutRecord | UnreadableRecord {
  try {
    return fromRecordRow(row);
  } catch (error) {
    if (error instanceof UnreadableRecord) return error;
    throw error;
  }
}
