/** The rows of a batch: one for each job, one summary. */

import type { Question, State } from '../checkout/record.ts';
import type { JobKey } from '../message/job-key.ts';

/** State and revision of one job in a batch. */
export interface BatchJob {
  readonly jobKey: JobKey;
  readonly batchId: string;
  readonly state: State;
  readonly revision: number;
  /** API code of the deciding call, for the counts. */
  readonly code?: string;
  /** When its last checkout call ended, epoch ms: tells how fast the batch goes. */
  readonly calledAt?: number;
  /** When it will be tried again, epoch ms. */
  readonly nextTry?: number;
  /** What a person is asked about it. */
  readonly asked?: Question['kind'];
  readonly at: number;
}

/** What stands about a batch as a whole. */
export interface BatchSummary {
  readonly batchId: string;
  /** The largest declared size: distinct carts plus rejected lines. */
  readonly total?: number;
  /** When its size was declared first, epoch ms: it is counted in steps that grow with its age. */
  readonly since?: number;
  /** RowKey of the entry that counts; absent before a size is declared, and once it is finished. */
  readonly entryKey?: string;
  /** `batch.finished` was raised for this size. */
  readonly finished?: { readonly total: number; readonly at: number };
  readonly stopped?: StoppedBy;
}

export interface StoppedBy {
  readonly who: string;
  /** Epoch ms. */
  readonly at: number;
}

/** One counted thing of a batch: a job, or a line that was none. */
export type BatchEntry =
  | ({ readonly kind: 'job' } & BatchJob)
  | { readonly kind: 'rejected'; readonly rejectedKey: string; readonly at: number };
