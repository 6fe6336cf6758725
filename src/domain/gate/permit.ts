/** A permit to call Partner Center, and the report of what the call met. The first and the last word between a call and the gate. */
export type Lane = 'worker' | 'poller';

/** The right to make one API call. It goes stale `Times.permitLife` after `notBefore` (local clock). */
export interface Permit {
  readonly lane: Lane;
  /** Epoch ms by the local clock; `take` resolves no earlier. */
  readonly notBefore: number;
}

/** What a call shows of the budget and of Partner Center. */
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
