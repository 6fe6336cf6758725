/** What a tick did, for the heartbeat, telemetry and `status`. */

/** What one tick did: the fields of its one event `PollTick`, and of the heartbeat. */
export interface TickReport {
  /** Jobs that were woken, and entries whose customer alone is throttled, which were moved instead. */
  readonly woken: number;
  readonly moved: number;
  /** Entries that were missing and were written again. */
  readonly repaired: number;
  /** Entries of orders, batches and cancellation dates that it took up. */
  readonly seen: number;
  readonly finished: number;
  readonly pending: number;
  readonly dropped: number;
  readonly failed: number;
  /** Why it ended before nothing was due; `overlap`: another tick is running. */
  readonly stopped?: TickStop;
  readonly ms: number;
}

export const tickStops = ['time', 'gate', 'storage', 'queue', 'overlap'] as const;
export type TickStop = (typeof tickStops)[number];

export const nothingDone: TickReport = {
  woken: 0,
  moved: 0,
  repaired: 0,
  seen: 0,
  finished: 0,
  pending: 0,
  dropped: 0,
  failed: 0,
  ms: 0,
};
