/**
 * What the worker does about an answer of the checkout call:
 * - `already-done`: the cart was submitted earlier; find out, never buy again.
 * - `in-progress`: it is being made now; unresolved, look again in minutes.
 * - `slow`: a review or the like; wait hours to days.
 * - `unknown`: it may have been executed.
 * - `throttled`: not executed; wait for Retry-After.
 * - `renew-token` / `credential`: not executed; renew the token once / close the gate, a person must act.
 * - `permanent`: refused for good; `reconcileFirst` asks for evidence before that.
 * - `partner-wide`: refused for every job of this partner.
 */
export type Action =
  | 'already-done'
  | 'in-progress'
  | 'slow'
  | 'unknown'
  | 'throttled'
  | 'renew-token'
  | 'credential'
  | 'permanent'
  | 'partner-wide';

export interface ErrorCode {
  readonly http: number;
  /** null: any answer of this status without a code that we know. */
  readonly code: number | null;
  readonly meaning: string;
  readonly action: Action;
  readonly reconcileFirst: boolean;
  /** One sentence: what the reader can do. */
  readonly cure: string;
}
