/** Builds every store of the use cases over the tables. */

import type { Attention } from '../../ports/attention.ts';
import type { Batches } from '../../ports/batches.ts';
import type { Ledger } from '../../ports/ledger.ts';
import type { Schedule } from '../../ports/schedule.ts';
import type { Table } from '../../ports/table.ts';
import { attentionStore } from './attention-store.ts';
import { batchStore } from './batch-store.ts';
import { ledgerStore } from './ledger-store.ts';
import { scheduleStore } from './schedule-store.ts';

export interface StoreTables {
  readonly checkouts: Table;
  readonly schedule: Table;
  readonly attention: Table;
  readonly batches: Table;
}

export interface Stores {
  readonly ledger: Ledger;
  readonly schedule: Schedule;
  readonly attention: Attention;
  readonly batches: Batches;
}

/** What the use cases keep, over any tables. `onUnreadable` hears of entries that were passed over. */
export const openStores = (
  tables: StoreTables,
  onUnreadable: (entryKey: string, why: string) => void,
): Stores => ({
  ledger: ledgerStore(tables.checkouts),
  schedule: scheduleStore(tables.schedule, onUnreadable),
  attention: attentionStore(tables.attention),
  batches: batchStore(tables.batches),
});
