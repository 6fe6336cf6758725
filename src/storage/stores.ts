import type { Attention } from '../checkout/attention.ts';
import type { Batches } from '../checkout/batches.ts';
import type { Ledger } from '../checkout/ledger.ts';
import type { DueRows } from '../orders/due-rows.ts';
import { attentionStore } from './attention-store.ts';
import { batchStore } from './batch-store.ts';
import { dueRowStore } from './due-row-store.ts';
import { ledgerStore } from './ledger-store.ts';
import type { Table } from './table.ts';

export interface StoreTables {
  readonly checkouts: Table;
  readonly dueOrders: Table;
  readonly attention: Table;
  readonly batches: Table;
}

export interface Stores {
  readonly ledger: Ledger;
  readonly dueRows: DueRows;
  readonly attention: Attention;
  readonly batches: Batches;
}

/** What the use cases keep, over any tables. `onUnreadable` hears of due rows that were passed over. */
export const openStores = (
  tables: StoreTables,
  onUnreadable: (dueRow: string, why: string) => void,
): Stores => ({
  ledger: ledgerStore(tables.checkouts),
  dueRows: dueRowStore(tables.dueOrders, onUnreadable),
  attention: attentionStore(tables.attention),
  batches: batchStore(tables.batches),
});
