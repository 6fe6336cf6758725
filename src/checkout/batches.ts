import type { CartKey } from './job.ts';
import type { Question, State } from './record.ts';

/** State and revision of one job in a batch. */
export interface BatchJob extends CartKey {
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

/** The table Batches. Throws `Unavailable` ('storage'). */
export interface Batches {
  /** Writes the row if the one that stands is older (`older`), or not newer (`not-newer`: a park). */
  write(job: BatchJob, when: 'older' | 'not-newer'): Promise<void>;
  /** Keeps the largest declared size: distinct carts plus rejected lines. */
  declare(batchId: string, size: number): Promise<void>;
  /** A rejected line with a readable batch id counts for its batch. */
  reject(batchId: string, rejectedKey: string, at: number): Promise<void>;
  /** Undefined: nobody has declared its size, or stopped it. */
  summary(batchId: string): Promise<BatchSummary | undefined>;
  /** Everything that is known of its lines, read page by page. A row that cannot be read counts as a job in doubt. */
  entries(batchId: string): AsyncIterable<BatchEntry>;
}
