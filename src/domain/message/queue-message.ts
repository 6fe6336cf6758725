/** The shapes of messages as the queue hands them out and takes them, nothing decoded. */

/** A message as the queue hands it out, nothing of it decoded. */
export interface QueueMessage {
  readonly body: Uint8Array;
  /** The producer's: absent, equal or anything. */
  readonly messageId: string;
  readonly sequenceNumber: string;
  /** The queue that handed it out: sequence numbers are unique in one queue only. */
  readonly queue: 'standard' | 'urgent';
  /** 1 on the first delivery. */
  readonly deliveryCount: number;
  /** Epoch ms. */
  readonly enqueuedAt: number;
  /** W3C traceparent of the host's span for this delivery. */
  readonly traceparent?: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** A message that the worker sends to its own queue. */
export interface OutgoingMessage {
  /** Fresh for each message: an equal MessageId would lose the other one's lock renewal. */
  readonly messageId: string;
  readonly body: Uint8Array;
  readonly properties: Readonly<Record<string, string>>;
}
