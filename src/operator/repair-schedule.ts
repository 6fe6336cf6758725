/** `repair`: writes missing entries of the schedule, for all records at once. */
import type { JobKey } from '../domain/message/job-key.ts';
import { type Missing, type RepairDeps, repairRecord } from '../polling/repair.ts';
import { UnreadableRecord } from '../ports/ledger.ts';
import type { LedgerScan, RecordPosition } from '../ports/ledger-scan.ts';

export interface RepairReport {
  /** Records that were looked at. */
  readonly records: number;
  /** Of these, passed over because they cannot be read. */
  readonly unreadable: number;
  /** Jobs whose own entry was missing, and orders without an entry. */
  readonly jobs: number;
  readonly orders: number;
}

/** What was found for one record; `unreadable` says why nobody could look. */
export type RepairFinding =
  | ({ readonly kind: 'missing'; readonly jobKey: JobKey } & Missing)
  | { readonly kind: 'unreadable'; readonly jobKey: JobKey; readonly why: string };

export interface RepairOptions {
  /** Without it nothing is written: a dry run. */
  readonly write: boolean;
  readonly onFinding: (finding: RepairFinding) => void;
  /** Ends it after the page in hand. */
  readonly signal?: AbortSignal;
}

/** What the service sends with one answer: of a shorter page the rest would be sent again with the next. */
const pageSize = 1_000;

/**
 * Does at once what the ticks do page by page: looks at every record of the ledger, and writes the schedule entries that are
 * missing. Safe to stop and to repeat. Throws `Unavailable`; what was written until then stays.
 */
export async function repairSchedule(
  deps: RepairDeps & { readonly ledgerScan: Pick<LedgerScan, 'page'> },
  { write, onFinding, signal }: RepairOptions,
): Promise<RepairReport> {
  const counts = { records: 0, unreadable: 0, jobs: 0, orders: 0 };
  let place: RecordPosition | undefined;
  do {
    const page = await deps.ledgerScan.page(place, pageSize);
    for (const { record } of page.records) {
      counts.records += 1;
      if (record instanceof UnreadableRecord) {
        counts.unreadable += 1;
        onFinding({ kind: 'unreadable', jobKey: record.jobKey, why: record.message });
        continue;
      }
      const missing = await repairRecord(deps, record, write);
      if (missing.job === undefined && missing.orders.length === 0) continue;
      counts.jobs += missing.job === undefined ? 0 : 1;
      counts.orders += missing.orders.length;
      onFinding({ kind: 'missing', jobKey: record.jobKey, ...missing });
    }
    place = page.next;
  } while (place !== undefined && signal?.aborted !== true);
  return counts;
}
