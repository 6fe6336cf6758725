/** A message that we send to the checkout queue: the producer's body with our application properties. */
export interface Copy {
  /** Fresh for each copy: an equal MessageId would lose the other one's lock renewal. */
  readonly messageId: string;
  readonly body: Uint8Array;
  readonly properties: Readonly<Record<string, string>>;
}

/** The checkout queue, as the worker uses it. Throws `Unavailable` ('queue'). */
export interface CheckoutQueue {
  /** Accepted by the queue when this resolves; handed out at `at` (epoch ms), or at once if that is past. */
  send(copy: Copy, at: number): Promise<void>;
}
