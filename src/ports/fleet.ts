/** What a tick reads to report how the fleet stands. No request of it grows with what is done. */
import type { AttentionKind } from '../domain/checkout/attention-row.ts';
import type { GateCondition } from '../domain/fleet-state.ts';

/** One open row for people, as the index of open rows has it. */
export interface OpenRow {
  readonly kind: AttentionKind;
  /** Epoch ms. */
  readonly openedAt: number;
  readonly code: string;
  readonly batchIds: readonly string[];
}

/** Throws `Unavailable` ('storage'). */
export interface Fleet {
  /** Reads no closed row. Takes rows that people closed out of the index of open rows. */
  openAttention(): AsyncIterable<OpenRow>;
  gate(): Promise<GateCondition>;
}
