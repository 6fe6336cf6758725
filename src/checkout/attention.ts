import type { CartKey } from './job.ts';
import { questionKinds, type Reason } from './record.ts';

/** Results that need a person. */
export const resultKinds = ['failed', 'partial'] as const;
export const attentionKinds = [...resultKinds, ...questionKinds, 'rejected'] as const;
export type AttentionKind = (typeof attentionKinds)[number];

/** The code of a question about a record that cannot be read. */
export const unreadableCode = 'unreadable-record';

/** The code of a row that tells that a cart was bought twice. */
export const boughtAgainCode = 'bought-again';

/** The to-do list for people: one row for each cart, never moved or deleted. */
export interface CartAttention extends CartKey {
  readonly kind: AttentionKind;
  readonly open: boolean;
  /** The record's revision that it tells of. */
  readonly revision: number;
  readonly reason: Reason;
  readonly batchIds: readonly string[];
  readonly reference?: string;
  /** What was found out, for the person who decides. JSON. */
  readonly evidence?: string;
  readonly at: number;
}

/** A message that is no job: its bytes are kept, whatever they are. */
export interface RejectedMessage {
  /** `{sha256 of the body}:{enqueued time, sequence number}`: a messageId is the producer's, and may be anything. */
  readonly key: string;
  readonly body: Uint8Array;
  readonly messageId: string;
  readonly properties: string;
  readonly reason: string;
  readonly path: string;
  readonly cure: string;
  readonly batchId?: string;
  readonly enqueuedAt: number;
  readonly at: number;
  /** A dead letter that a person discarded: the row is closed from the start. */
  readonly closedBy?: string;
}

/** The table Attention. Throws `Unavailable` ('storage'). */
export interface Attention {
  /**
   * Writes the row if the one that stands is of an older revision (`older`), or not of a newer one (`not-newer`: a
   * question, asked at every look). `anyway`: the record cannot be read, so its revision is not known; the row stays older
   * than what it tells of. Says whether it wrote.
   */
  write(row: CartAttention, when: 'older' | 'not-newer' | 'anyway'): Promise<boolean>;
  /** Closes an open row, if there is one of an older revision. */
  close(key: CartKey, revision: number, at: number, by: string): Promise<boolean>;
  /** Says on the cart's row, if there is one, that a decision came too late. Gone with the row's next revision. */
  overtaken(key: CartKey, words: string): Promise<void>;
  reject(message: RejectedMessage): Promise<void>;
}
