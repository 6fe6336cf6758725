/** Port: the messages that wait in a queue, for the operator. */

/** A message that nobody has taken yet. */
export interface QueuedMessage {
  readonly body: Uint8Array;
  /** Epoch ms: the queue holds it back until then. */
  readonly at?: number;
}

/** The messages of one queue. Throws `Unavailable` ('queue'). */
export interface QueuedMessages {
  /** All of them, oldest first. Changes nothing. */
  peek(): AsyncIterable<QueuedMessage>;
}
