import type { StorageClock } from '../../src/ports/storage-clock.ts';
import type { StoredRow, Table } from '../../src/ports/table.ts';
import { Unavailable } from '../../src/ports/unavailable.ts';
import { type MemoryTable, memoryTable } from '../support/memory-table.ts';
import { type Network, type Process, portCall } from './process.ts';

export const tableNames = ['checkouts', 'schedule', 'attention', 'batches', 'gate', 'heartbeat'] as const;
export type TableName = (typeof tableNames)[number];
export type Tables = Record<TableName, MemoryTable>;

export const createTables = (): Tables => ({
  checkouts: memoryTable(),
  schedule: memoryTable(),
  attention: memoryTable(),
  batches: memoryTable(),
  gate: memoryTable(),
  heartbeat: memoryTable(),
});

/** Few rows a page, so that rows change between two pages of one read. */
const pageSize = 5;

/** A table as one process sees it: over a network that loses requests and answers. Each answer tells the storage's time. */
export function tableOver(
  network: Network,
  process: Process,
  name: TableName,
  table: Table,
  hooks: { readonly onWrite: () => void; readonly onAnswer: StorageClock['observe'] },
): Table {
  const failure = () => new Unavailable('storage', `table ${name}: no answer`);

  async function call<T>(what: string, effect: () => Promise<T>, writes: boolean): Promise<T> {
    const sentAt = process.clock.now();
    let date = 0;
    const result = await portCall(network, process, {
      name: `${name}.${what}`,
      effect: async () => {
        date = Math.floor(network.timeline.now() / 1_000) * 1_000;
        const done = await effect();
        if (writes) hooks.onWrite();
        return done;
      },
      failure,
    });
    hooks.onAnswer({ date, sentAt, receivedAt: process.clock.now() });
    return result;
  }

  async function* rows(query: Parameters<Table['rows']>[0]): AsyncGenerator<StoredRow> {
    let next = query;
    for (;;) {
      const page = await call('rows', () => readPage(table, next), false);
      yield* page;
      const last = page.at(-1);
      if (last === undefined || page.length < pageSize) return;
      next =
        query.partition === undefined
          ? { ...query, after: { partition: last.partition, key: last.key } }
          : { ...query, from: `${last.key}\0` };
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
