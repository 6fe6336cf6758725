/** A message that the worker sends to its own queue. */
export interface OutgoingMessage {
  /** Fresh for each message: an equal MessageId would lose the other one's lock renewal. */
  readonly messageId: string;
  readonly body: Uint8Array;
  readonly properties: Readonly<Record<string, string>>;
}
