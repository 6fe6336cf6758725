import type { CartKey } from './job.ts';
import type { State } from './record.ts';

/** State and revision of one job in a batch. */
export interface BatchJob extends CartKey {
  readonly batchId: string;
  readonly state: State;
  readonly revision: number;
  /** API code of the deciding call, for the counts. */
  readonly code?: string;
  readonly at: number;
}

/** The table Batches. Throws `Unavailable` ('storage'). */
export interface Batches {
  /** Writes the row if the one that stands is older (`older`), or not newer (`not-newer`: a park). */
  write(job: BatchJob, when: 'older' | 'not-newer'): Promise<void>;
  /** Keeps the largest declared size: distinct carts plus rejected lines. */
  declare(batchId: string, size: number): Promise<void>;
  /** A rejected line with a readable batch id counts for its batch. */
  reject(batchId: string, rejectedKey: string, at: number): Promise<void>;
}
