/** A producer's message. */
export interface JobMessage {
  readonly body: Uint8Array;
  readonly traceparent?: string;
}

/** The checkout queue, or the urgent one, as a producer uses it. */
export interface JobSender {
  /**
   * In their order, in full batches. `onSent` hears how many of them, from the first on, the queue has. When the signal
   * comes no more are sent. Throws `Unavailable` ('queue'): the batch that was under way may have been taken, or not.
   */
  send(
    messages: Iterable<JobMessage>,
    options: { readonly signal: AbortSignal; readonly onSent: (messages: number) => void },
  ): Promise<void>;
}
