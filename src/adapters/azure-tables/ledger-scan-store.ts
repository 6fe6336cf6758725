import { UnreadableRecord } from '../../ports/ledger.ts';
import type { LedgerScan } from '../../ports/ledger-scan.ts';
import type { Table } from '../../ports/table.ts';
import { fromRecordRow, recordPrefix } from './record-rows.ts';

export const ledgerScan = (table: Table, onUnreadable: (why: string) => void): LedgerScan => ({
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
