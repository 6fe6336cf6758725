import type { StoredRow, Table } from '../../src/storage/table.ts';
import { Unavailable } from '../../src/unavailable.ts';
import { type MemoryTable, memoryTable } from '../support/memory-table.ts';
import { type Network, type Process, portCall } from './process.ts';

export const tableNames = ['checkouts', 'dueOrders', 'attention', 'batches', 'gate'] as const;
export type TableName = (typeof tableNames)[number];
export type Tables = Record<TableName, MemoryTable>;

export const createTables = (): Tables => ({
  checkouts: memoryTable(),
  dueOrders: memoryTable(),
  attention: memoryTable(),
  batches: memoryTable(),
  gate: memoryTable(),
});

/** Few rows a page, so that rows change between two pages of one read. */
const pageSize = 5;

/** A table as one process sees it: over a network that loses requests and answers. */
export function tableOver(
  network: Network,
  process: Process,
  name: TableName,
  table: Table,
  onWrite: () => void,
): Table {
  const failure = () => new Unavailable('storage', `table ${name}: no answer`);
  const call = <T>(what: string, effect: () => Promise<T>, writes: boolean): Promise<T> =>
    portCall(network, process, {
      name: `${name}.${what}`,
      effect: writes
        ? async () => {
            const result = await effect();
            onWrite();
            return result;
          }
        : effect,
      failure,
    });

  async function* rows(query: Parameters<Table['rows']>[0]): AsyncGenerator<StoredRow> {
    let { from } = query;
    for (;;) {
      const page = await call('rows', () => readPage(table, { ...query, from }), false);
      yield* page;
      const last = page.at(-1);
      if (last === undefined || page.length < pageSize) return;
      from = `${last.key}\0`;
    }
  }

  return {
    get: (partition, key) => call('get', () => table.get(partition, key), false),
    change: (change) => call(change.kind, () => table.change(change), true),
    transact: (changes) => call('transact', () => table.transact(changes), true),
    rows,
  };
}

async function readPage(table: Table, query: Parameters<Table['rows']>[0]): Promise<StoredRow[]> {
  const page: StoredRow[] = [];
  for await (const row of table.rows(query)) if (page.push(row) === pageSize) break;
  return page;
}
