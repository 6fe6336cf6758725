/** When the poller ticked last, and when it last came through without trouble. Epoch ms. */
export interface Beat {
  readonly at: number;
  readonly goodAt?: number;
}

/** A row that each tick leaves, for who asks whether the poller lives. Throws `Unavailable` ('storage'). */
export interface Heartbeat {
  beat(at: number, good: boolean): Promise<void>;
  /** Undefined: no tick yet. */
  last(): Promise<Beat | undefined>;
}
