import type { Change, Properties, StoredRow, Table } from '../../src/ports/table.ts';
import { copyOf, holds, type MemoryTable } from '../support/memory-table.ts';

/** Rows that nothing changes, made when they are read: a million of them take no memory. In the order of their keys. */
export interface IdleRows {
  readonly count: number;
  at(index: number): { readonly partition: string; readonly key: string };
  properties(index: number): Properties;
}

/** What a table was asked. The service reads rows in the order of keys, and a filter passes over what it reads. */
export interface Asked {
  requests: number;
  rowsRead: number;
}

const pageRows = 1_000;

/** The rows of a table in memory among idle ones, of which each list lies wholly before the next. */
export function idleTable(memory: MemoryTable, idle: readonly IdleRows[], asked: Asked): Table {
  const touched = new Set<string>();

  /** An idle row that somebody reads alone or changes lives in memory from then on. */
  function touch(partition: string, key: string): void {
    const name = `${partition}\0${key}`;
    if (touched.has(name)) return;
    for (const rows of idle) {
      const index = placeIn(rows, partition, key);
      const found = index < rows.count ? rows.at(index) : undefined;
      if (found?.partition !== partition || found.key !== key) continue;
      touched.add(name);
      memory.put({ partition, key, properties: rows.properties(index) });
    }
  }
  const touchAll = (changes: readonly Change[]): void => {
    for (const change of changes) {
      const { partition, key } = change.kind === 'remove' ? change : change.row;
      touch(partition, key);
    }
  };

  function* idleIn({ partition = '', from, to, after }: Query): Generator<StoredRow> {
    const last = partition === '' ? undefined : partition;
    for (const rows of idle) {
      let index = placeIn(rows, partition, partition === '' ? '' : from);
      if (after !== undefined) index = Math.max(index, placeIn(rows, after.partition, `${after.key}\0`));
      for (; index < rows.count; index += 1) {
        const { partition: own, key } = rows.at(index);
        if (last !== undefined && (own > last || key >= to)) break;
        if (key < from || key >= to || touched.has(`${own}\0${key}`)) continue;
        yield { partition: own, key, properties: rows.properties(index), etag: 'idle' };
      }
    }
  }

  return {
    async get(partition, key) {
      asked.requests += 1;
      touch(partition, key);
      return memory.get(partition, key);
    },
    async change(change) {
      asked.requests += 1;
      touchAll([change]);
      return memory.change(change);
    },
    async transact(changes) {
      asked.requests += 1;
      touchAll(changes);
      return memory.transact(changes);
    },
    async *rows(query) {
      // Whoever stops early has asked for the page that was begun.
      let inPage = 0;
      asked.requests += 1;
      const { where = {}, or = [], select, ...range } = query;
      const live: StoredRow[] = [];
      for await (const row of memory.rows(range)) live.push(row);
      live.sort((one, other) => (isBefore(one, other.partition, other.key) ? -1 : 1));
      for (const row of merged(live, idleIn(range))) {
        if (inPage === pageRows) {
          asked.requests += 1;
          inPage = 0;
        }
        inPage += 1;
        asked.rowsRead += 1;
        if (holds(row, where) && (or.length === 0 || or.some((one) => holds(row, one))))
          yield { ...row, properties: copyOf(row.properties, select) };
      }
    },
  };
}

type Query = Pick<Parameters<Table['rows']>[0], 'partition' | 'from' | 'to' | 'after'>;
type Place = { readonly partition: string; readonly key: string };

const isBefore = (one: Place, partition: string, key: string): boolean =>
  one.partition < partition || (one.partition === partition && one.key < key);

function* merged(live: readonly StoredRow[], idle: Generator<StoredRow>): Generator<StoredRow> {
  let next = idle.next();
  for (const row of live) {
    for (; next.done !== true && isBefore(next.value, row.partition, row.key); next = idle.next())
      yield next.value;
    yield row;
  }
  for (; next.done !== true; next = idle.next()) yield next.value;
}

/** The first index that is not before this place. */
function placeIn(rows: IdleRows, partition: string, key: string): number {
  let low = 0;
  let high = rows.count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(rows.at(middle), partition, key)) low = middle + 1;
    else high = middle;
  }
  return low;
}
