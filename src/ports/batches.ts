/** Port: the rows of batches. */

import type { BatchEntry, BatchJob, BatchSummary } from '../domain/batch/batch.ts';
import type { Stored } from './ledger.ts';

/** The table Batches. Throws `Unavailable` ('storage'). */
export interface Batches {
  /** Writes the row if the one that stands is older (`older`), or not newer (`not-newer`: a reschedule). */
  write(job: BatchJob, when: 'older' | 'not-newer'): Promise<void>;
  /** A rejected line with a readable batch id counts for its batch. */
  reject(batchId: string, rejectedKey: string, at: number): Promise<void>;
  /** Undefined: nobody has declared its size, or stopped it. */
  summary(batchId: string): Promise<Stored<BatchSummary> | undefined>;
  /** Without an ETag it is inserted. False: somebody else's stands there, or our own whose answer was lost; read again. */
  writeSummary(summary: BatchSummary, etag: string | undefined): Promise<boolean>;
  /** The batches that were declared or stopped last, the newest first. */
  recent(most: number): Promise<readonly BatchSummary[]>;
  /**
   * What is known of its lines, read page by page: everything, or a part. A row that cannot be read counts as a job in doubt.
   */
  entries(batchId: string, part?: EntriesPart): AsyncIterable<BatchEntry>;
}

/** Lines that were written after a time (epoch ms), or those after a line in the order of their keys. */
export type EntriesPart = { readonly writtenAfter: number } | { readonly afterKey: string };

/** The key of a line in that order. */
export const lineKey = (entry: BatchEntry): string =>
  entry.kind === 'job' ? entry.jobKey : `rejected:${entry.rejectedKey}`;
