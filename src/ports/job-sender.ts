/** A job's message as a list's sender writes it. */
export interface JobMessage {
  readonly body: Uint8Array;
  /** Epoch ms: the queue hands it out then; absent: at once. */
  readonly at?: number;
  /** W3C trace context of whoever asked for it. */
  readonly traceparent?: string;
}

export interface SendOptions {
  /** Stops after the batches that are under way. */
  readonly signal: AbortSignal;
  /** How many messages, from the first on, the queue has for certain. */
  readonly onSent: (messages: number) => void;
}

/** The checkout queue, for many messages at once. Throws `Unavailable` ('queue'). */
export interface JobSender {
  /** In their order, in full batches. */
  send(messages: AsyncIterable<JobMessage> | Iterable<JobMessage>, options: SendOptions): Promise<void>;
}
