/** What the broker was asked to do since it started; a bench counts by it. */
export interface Operations {
  /** Transfers that clients sent: a batch is one. */
  sends: number;
  /** Messages in them. */
  received: number;
  /** Messages handed to receivers. */
  delivered: number;
  /** Outcomes that receivers told, over the link or the management node. */
  settled: number;
  /** Requests to a management node. */
  managed: number;
  /** Links that clients opened to send and receive messages. */
  links: number;
}

export const noOperations = (): Operations => ({
  sends: 0,
  received: 0,
  delivered: 0,
  settled: 0,
  managed: 0,
  links: 0,
});
