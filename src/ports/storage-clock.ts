/** Port: the clock of table storage, as its answers show it. */

import type { StorageTime } from '../domain/gate/gate-state.ts';
import type { SkewBounds } from '../domain/times.ts';

/** One answer of the storage: its `Date` header (whole seconds), and when we sent and received, by the local clock. Epoch ms. */
export interface ServerTime {
  readonly date: number;
  readonly sentAt: number;
  readonly receivedAt: number;
}

export interface StorageClock {
  /** To be called with every answer of the storage. */
  observe(time: ServerTime): void;
  /**
   * The storage's time now. Before two answers agree it lies between the local clock and the one answer: either may be wrong, and
   * between both neither a closure ends early nor does a permit come early.
   */
  now(): StorageTime;
  /** By how much the storage's clock is ahead of ours now. Undefined until two answers agree, and while the last one contradicts them. */
  skew(): SkewBounds | undefined;
}
