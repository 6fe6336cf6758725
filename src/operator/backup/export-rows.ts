/** First half of `export`: reads every row of the tables. The command writes them in the format of `export-lines.ts`. */

import type { Table } from '../../ports/table.ts';
import { type ExportedRow, type ExportedTable, exportedTables } from './export-lines.ts';

export type BackupTables = Readonly<Record<ExportedTable, Table>>;

/** Every row of the tables, one table after the other, in the order of partitions and keys. `after`: goes on behind this row. */
export async function* exportRows(tables: BackupTables, after?: ExportedRow): AsyncGenerator<ExportedRow> {
  const first = after === undefined ? 0 : exportedTables.indexOf(after.table);
  for (const table of exportedTables.slice(first)) {
    const rows = tables[table].rows({
      from: '',
      to: lastKey,
      ...(after?.table === table ? { after: { partition: after.partition, key: after.key } } : {}),
    });
    for await (const { partition, key, properties } of rows) yield { table, partition, key, properties };
  }
}

/** Above every key that the worker writes. */
const lastKey = '\ufffd';
