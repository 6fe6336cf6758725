/** Port: the attention table as people read it and close its rows. */

import type { AttentionKind } from '../domain/checkout/attention-row.ts';
import { customerOf, type JobKey } from '../domain/message/job-key.ts';

/** A row of the table Attention, as people read it. Times are epoch ms. */
export interface AttentionRow {
  readonly kind: AttentionKind;
  readonly open: boolean;
  /** Absent for a message that is no job. */
  readonly jobKey?: JobKey;
  /** What a person calls the row by: the job key, or the key of a rejected message. */
  readonly key: string;
  /** The API code or a word of ours; for a rejected message what was wrong with it (`not-json`, `not-valid` …). */
  readonly code: string;
  readonly description: string;
  readonly remedy: string;
  readonly revision: number;
  readonly at: number;
  readonly openedAt: number;
  readonly batchIds: readonly string[];
  /** The column could not hold all of them. */
  readonly moreBatches: boolean;
  readonly reference?: string;
  /** Of a rejected message: the field, and the producer's message id. */
  readonly path?: string;
  readonly messageId?: string;
  /** What the worker found out, for the person who decides. JSON. */
  readonly evidence?: string;
  /** Who said that they are working on it, and when. */
  readonly takenBy?: string;
  readonly takenAt?: number;
  readonly closedBy?: string;
  readonly closedAt?: number;
}

export interface AttentionFilter {
  readonly kind?: AttentionKind;
  readonly code?: string;
  readonly batchId?: string;
  readonly customerId?: string;
  /** Rows written at or after this time. */
  readonly since?: number;
  /** Closed rows too. */
  readonly all?: boolean;
}

/**
 * The table Attention, for people. The worker alone writes what a cart's row says; a person may close a row, if nobody
 * has changed it since it was read. Throws `Unavailable` ('storage').
 */
export interface AttentionRows {
  /** Without their evidence. */
  list(filter: AttentionFilter): AsyncIterable<AttentionRow>;
  ofJob(jobKey: JobKey): Promise<AttentionRow | undefined>;
  rejected(key: string): Promise<AttentionRow | undefined>;
  /** Writes into the open row who works on it; without a name that nobody does. */
  take(row: AttentionRow, by: string | undefined, at: number): Promise<'taken' | 'changed'>;
  close(row: AttentionRow, by: string, at: number): Promise<'closed' | 'changed'>;
}

/** A batch that the column had no room for may still be among its row's: the ledger record says. */
export const matches = (row: AttentionRow, filter: AttentionFilter): boolean =>
  (filter.all === true || row.open) &&
  (filter.kind === undefined || row.kind === filter.kind) &&
  (filter.code === undefined || row.code === filter.code) &&
  (filter.batchId === undefined || row.moreBatches || row.batchIds.includes(filter.batchId)) &&
  (filter.customerId === undefined ||
    (row.jobKey !== undefined && customerOf(row.jobKey) === filter.customerId)) &&
  (filter.since === undefined || row.at >= filter.since);
