/** The gate as its callers see it: a permit before each call, a report after it. */
import type { CallReport, Lane, Permit } from '../domain/gate/permit.ts';

/** The gate is closed; `until` is when it opens, or when to ask again if nobody knows. Local time. */
export interface Closed {
  readonly kind: 'closed';
  readonly until: number;
  readonly reason: string;
}

export type Taken =
  | { readonly kind: 'permit'; readonly permit: Permit }
  | Closed
  /** Open, but every permit before `giveUpAt` is taken; `until` is when to ask again. */
  | { readonly kind: 'busy'; readonly until: number };

export type Verdict =
  | { readonly kind: 'open' }
  | Closed
  /** This customer alone is throttled until then. */
  | { readonly kind: 'customer'; readonly until: number };

export type GateStanding =
  | { readonly kind: 'open'; readonly permitsPerMinute: number }
  /** One trial call is wanted, and nobody makes it. */
  | { readonly kind: 'trial' }
  /** Nobody may call before then; if nobody knows when it opens, when to ask again. */
  | { readonly kind: 'closed'; readonly until: number };

/** The one budget of API calls shared by every instance. Throws `Unavailable` when its row cannot be reached. */
export interface Gate {
  /**
   * Resolves when the permit's time has come; waits for one at most until `giveUpAt` (epoch ms). `begun`: the caller has made a call
   * of its delivery, and would have made it in vain if it had to give up now.
   */
  take(lane: Lane, giveUpAt: number, begun?: boolean): Promise<Taken>;
  /**
   * A permit that was not used goes to the next caller of this instance. `spent`: its call was made and is going to be repeated, so
   * nothing is reported of it. The permit of a trial call has to come back either way: until then nobody else may try.
   */
  giveBack(permit: Permit, spent?: boolean): void;
  report(report: CallReport): Promise<Verdict>;
  /**
   * Until when (local time) this customer's calls, and no other's, would be refused, as far as this instance knows; to
   * be asked before `take`. Costs nothing.
   */
  customerUntil(customerId: string): number | undefined;
  /** To be called in the instant before the first paid POST of a job: `MAX_JOBS_PER_DAY` counts these. Costs nothing. */
  jobStarted(): void;
  /** How the gate stands for the worker's calls, read anew. Local time. */
  standing(): Promise<GateStanding>;
  /** When a call of another customer last passed on this instance; undefined: never. */
  lastOkOfOthers(customerId: string): number | undefined;
}
