/**
 * Keeps the lines of one batch in memory, for a page that looks every few seconds. The first look reads all of them. Each later one reads
 * what was written since, and one page in turn: a line that was written with an old time is found with that.
 */
import type { BatchEntry } from '../../domain/batch/batch.ts';
import { type Batches, lineKey } from '../../ports/batches.ts';

export interface WatchedBatch {
  /** Throws `Unavailable`. */
  look(): Promise<void>;
  /** Lines that are known by now, also while the first look is under way. */
  known(): number;
  entries(): readonly BatchEntry[];
}

/** Rows that the Table service gives with one answer. */
const pageRows = 1_000;
/** Two workers' clocks may differ by half a minute, and a line takes a moment to be written. */
const overlap = 60_000;

export function watchBatch(batches: Pick<Batches, 'entries'>, batchId: string): WatchedBatch {
  const lines = new Map<string, BatchEntry>();
  let isWhole = false;
  let newest = 0;
  /** Where the next page begins. */
  let afterKey = '';

  const keep = (entry: BatchEntry): void => {
    lines.set(lineKey(entry), entry);
    // A row edited by hand may be of any time.
    if (Number.isFinite(entry.at)) newest = Math.max(newest, entry.at);
  };

  async function readPage(): Promise<void> {
    let rows = 0;
    for await (const entry of batches.entries(batchId, { afterKey })) {
      keep(entry);
      afterKey = lineKey(entry);
      rows += 1;
      if (rows >= pageRows) return;
    }
    afterKey = '';
  }

  return {
    async look() {
      if (!isWhole) {
        for await (const entry of batches.entries(batchId)) keep(entry);
        isWhole = true;
        return;
      }
      for await (const entry of batches.entries(batchId, { writtenAfter: newest - overlap })) keep(entry);
      await readPage();
    },
    known: () => lines.size,
    // In the order of their keys: a rejected line that was sent twice stands beside itself.
    entries: () => [...lines].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, entry]) => entry),
  };
}
