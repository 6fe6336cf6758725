/** What one tick did: the fields of its one event `PollTick`, and of the heartbeat. */
export interface TickReport {
  readonly seen: number;
  readonly finished: number;
  readonly pending: number;
  readonly dropped: number;
  readonly failed: number;
  /** Why it ended before nothing was due; `overlap`: another tick is running. */
  readonly stopped?: 'time' | 'gate' | 'storage' | 'overlap';
  readonly ms: number;
}

export const nothingDone: TickReport = { seen: 0, finished: 0, pending: 0, dropped: 0, failed: 0, ms: 0 };
