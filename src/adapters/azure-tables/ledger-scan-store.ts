import type { CheckoutRecord } from '../../domain/checkout/record.ts';
import { UnreadableRecord } from '../../ports/ledger.ts';
import type { LedgerScan, RecordPosition } from '../../ports/ledger-scan.ts';
import type { StoredRow, Table } from '../../ports/table.ts';
import { fromRecordRow, recordPrefix } from './record-rows.ts';

export const ledgerScan = (table: Table, onUnreadable: (why: string) => void): LedgerScan => ({
  async page(after, most) {
    const records: { record: CheckoutRecord | UnreadableRecord; at: RecordPosition }[] = [];
    const query = {
      from: recordPrefix,
      to: `${recordPrefix}\uffff`,
      ...(after === undefined ? {} : { after }),
    };
    for await (const row of table.rows(query)) {
      const at = { partition: row.partition, key: row.key };
      records.push({ record: orUnreadable(row), at });
      if (records.length >= most) return { records, next: at };
    }
    return { records, next: undefined };
  },

  async *inState(states) {
    const keys = { from: recordPrefix, to: `${recordPrefix}\uffff` };
    for await (const row of table.rows({ ...keys, where: { state: states } })) {
      try {
        yield fromRecordRow(row);
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
