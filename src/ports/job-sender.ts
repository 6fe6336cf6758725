/** Port: sends the jobs of a list to a queue, for `enqueue` and the HTTP API. */

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
  /** How many messages the queue has accepted so far. */
  readonly onSent: (messages: number) => void;
}

/** The checkout queue, for many messages at once. Throws `Unavailable` ('queue'). */
export interface JobSender {
  /** In full batches, a few at a time. */
  send(messages: Iterable<JobMessage>, options: SendOptions): Promise<void>;
}
