/** The rows of the to-do list for people, as the worker writes them. */

import type { JobKey } from '../message/job-key.ts';
import { questionKinds, type Reason } from './record.ts';

/** Results that need a person. */
export const resultKinds = ['failed', 'partial'] as const;
export const attentionKinds = [...resultKinds, ...questionKinds, 'rejected'] as const;
export type AttentionKind = (typeof attentionKinds)[number];

/** The code of a row that reports that a cart was bought twice. */
export const boughtAgainCode = 'bought-again';

/** The code of a question about a record that cannot be read. */
export const unreadableCode = 'unreadable-record';

/** The to-do list for people: one row for each job, never moved or deleted. */
export interface JobAttention {
  readonly jobKey: JobKey;
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

/** A message that is not a job: its bytes are kept, whatever they are. */
export interface RejectedMessage {
  /** `{sha256 of the body}:{enqueued time, sequence number}`: a messageId is the producer's, and may be anything. */
  readonly key: string;
  readonly body: Uint8Array;
  readonly messageId: string;
  readonly properties: string;
  readonly reason: string;
  readonly path: string;
  readonly remedy: string;
  readonly batchId?: string;
  readonly enqueuedAt: number;
  readonly at: number;
  /** A dead letter that a person discarded: the row is closed from the start. */
  readonly closedBy?: string;
}
