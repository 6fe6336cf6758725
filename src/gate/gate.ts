export type Lane = 'worker' | 'poller';

/** The right to make one API call. It goes stale `Times.slotLife` after `notBefore` (local clock). */
export interface Slot {
  readonly lane: Lane;
  /** Epoch ms by the local clock; `take` resolves no earlier. */
  readonly notBefore: number;
}

export type Taken =
  | { readonly kind: 'slot'; readonly slot: Slot }
  /** The gate is closed; `until` is when it opens, or when to ask again if nobody knows. */
  | { readonly kind: 'closed'; readonly until: number; readonly reason: string }
  /** Open, but every slot before `giveUpAt` is taken; `until` is when to ask again. */
  | { readonly kind: 'busy'; readonly until: number };

/** What a call told about the budget and about Partner Center. */
export type CallReport =
  | { readonly kind: 'ok'; readonly customerId: string }
  | { readonly kind: 'throttled'; readonly customerId: string; readonly retryAfterMs: number | undefined }
  /** Timeout, reset, 5xx, unreadable: five in a row close the gate with growing pauses, one with Retry-After closes it at once. */
  | {
      readonly kind: 'unknown';
      readonly customerId: string;
      readonly reason: string;
      /** Of a 5xx that names it. */
      readonly retryAfterMs?: number;
    }
  | { readonly kind: 'auth'; readonly reason: string }
  /** A code that refuses the whole partner: three in a row from different customers close the gate. */
  | { readonly kind: 'partner-wide'; readonly customerId: string; readonly reason: string };

export type Verdict =
  | { readonly kind: 'open' }
  | { readonly kind: 'closed'; readonly until: number; readonly reason: string }
  /** This customer alone is throttled until then. */
  | { readonly kind: 'customer'; readonly until: number };

/** The one budget of API calls shared by every instance. Throws `Unavailable` when its row cannot be reached. */
export interface Gate {
  /**
   * Resolves when the slot's time has come; waits for one at most until `giveUpAt` (epoch ms). `begun`: the caller has made a call
   * of its delivery, and would have made it in vain if it had to give up now.
   */
  take(lane: Lane, giveUpAt: number, begun?: boolean): Promise<Taken>;
  /**
   * A slot that was not used goes to the next caller of this instance. `spent`: its call was made and is going to be repeated, so
   * nothing is reported of it. The one slot of a closed gate has to come back either way: until then nobody else may try.
   */
  giveBack(slot: Slot, spent?: boolean): void;
  report(report: CallReport): Promise<Verdict>;
  /**
   * Until when (local time) this customer's calls, and no other's, would be refused, as far as this instance knows; to
   * be asked before `take`. Costs nothing.
   */
  customerUntil(customerId: string): number | undefined;
  /** To be called in the instant before the first paid POST of a job: `MAX_JOBS_PER_DAY` counts these. Costs nothing. */
  jobStarted(): void;
  /** When a call of another customer last passed on this instance; undefined: never. */
  lastOkOfOthers(customerId: string): number | undefined;
}
