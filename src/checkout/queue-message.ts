/** A message as the queue hands it out, nothing of it decoded. */
export interface QueueMessage {
  readonly body: Uint8Array;
  /** The producer's: absent, equal or anything. */
  readonly messageId: string;
  readonly sequenceNumber: string;
  /** 1 on the first delivery. */
  readonly deliveryCount: number;
  /** Epoch ms. */
  readonly enqueuedAt: number;
  readonly properties: Readonly<Record<string, unknown>>;
}
