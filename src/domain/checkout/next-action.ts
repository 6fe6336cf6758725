/**
 * What may follow from an outcome, from evidence or from a decision: the actions between the fourth and the fifth step of a delivery,
 * and what the deciders share. `after-call.ts`, `after-evidence.ts` and `after-decision.ts` decide.
 */

import type { SkewBounds, Times } from '../times.ts';
import type { Result } from './apply-result.ts';
import { countersAfterEscalation } from './claim-rules.ts';
import { withJitter } from './deadlines.ts';
import type { StoppedBatch } from './endings.ts';
import type { Rules } from './reconcile-rules.ts';
import type { CheckoutRecord, Question, Reason } from './record.ts';

/**
 * What follows from an outcome, from evidence or from a decision. Pure: `src/checkout/carry-out.ts` alone does it.
 *
 * - `record-result`: the job has a result.
 * - `record-and-go-on`: some orders are known; the other groups are tried again, or found out.
 * - `reschedule`: nothing can be done before `at`.
 * - `escalate`: the same, and a person is asked.
 * - `repeat`: one more POST with the stored request id.
 * - `repair-cart`: the same cart gets the present availabilities first, and is checked; then it is sent again.
 * - `end`: another run is in charge.
 */
export type NextAction =
  | { readonly kind: 'record-result'; readonly result: Result }
  | { readonly kind: 'record-and-go-on'; readonly result: Result; readonly to: Destination }
  | { readonly kind: 'reschedule'; readonly to: Destination }
  | { readonly kind: 'escalate'; readonly question: Asked; readonly to: Destination }
  | { readonly kind: 'repeat'; readonly repeat: Repeat }
  | { readonly kind: 'repair-cart'; readonly repeat: Repeat }
  | { readonly kind: 'end'; readonly why: string };

/** The actions that end a delivery: the others lead to a call first. */
export type FinalAction = Exclude<NextAction, { kind: 'repeat' | 'repair-cart' }>;

export type Change = Partial<CheckoutRecord>;

/** One more POST for a call that may have been executed. */
export interface Repeat {
  /** It must not leave later, by the local clock. Undefined: the API need not remember the call before it. */
  readonly until: number | undefined;
  readonly ofOrderedCart: boolean;
  /** Of the record, before the claim for this repeat. */
  readonly lastSendBefore: number | undefined;
  /** Orders that were there before it. */
  readonly known: ReadonlySet<string>;
}

/** Where a job that goes on stands until then. */
export interface Destination {
  /** `wait`: nothing of ours is running. `doubt`: it may have been bought. */
  readonly step: 'wait' | 'doubt';
  /** Epoch ms. */
  readonly at: number;
  readonly why: string;
  readonly change: Change;
}

export interface Asked {
  readonly kind: Question['kind'];
  readonly code?: Question['code'];
  readonly reason: Reason;
  /** What is known, for the person who decides. JSON. */
  readonly evidence?: string;
}

/** What a decision is made in view of. */
export interface Context {
  readonly now: number;
  readonly times: Times;
  readonly rules: Rules;
  /** From 0 (included) to 1 (excluded): spreads what would come back together. */
  readonly fraction: number;
  readonly stopped: StoppedBatch | undefined;
  /** How far the services' clocks are ahead of ours; undefined: not measured. */
  readonly skew: SkewBounds | undefined;
}

/** How the gate stood after the call. Epoch ms, local time. */
export interface GateAfterCall {
  /** When it opens, for everybody or for this customer; undefined: it is open. */
  readonly opensAt: number | undefined;
  /** When a call of another customer last passed; undefined: never. */
  readonly othersPassedAt: number | undefined;
}

/**
 * Nothing of this claim was sent: the job stands where it stood before. A repeat that never left must not put off the end of the time
 * in which it may.
 */
export function unsent(at: number, why: string, repeat?: Repeat): FinalAction {
  const before = repeat?.lastSendBefore;
  return {
    kind: 'reschedule',
    to: { step: 'wait', at, why, change: before === undefined ? {} : { lastSend: before } },
  };
}

/** A job that has been under way for long: a person hears of it too, as whatever it waits for may need a push. */
export function orAlarm(
  record: CheckoutRecord,
  to: Destination,
  reason: Reason,
  { now, times }: Context,
): FinalAction {
  const { asked, decisions, firstSend, createdAt } = record;
  const since = Math.max(firstSend ?? createdAt, ...decisions.map(({ at }) => at));
  if (asked?.kind === 'needs-decision' || now - since < times.pendingAlarm) return { kind: 'reschedule', to };
  return { kind: 'escalate', question: { kind: 'pending-too-long', reason }, to };
}

export const escalate = (question: Asked, change: Change, context: Context): NextAction => ({
  kind: 'escalate',
  question,
  to: { step: 'doubt', at: whenAsked(context), why: 'a person must decide', change },
});

export const whenAsked = ({ now, times, fraction }: Context): number =>
  now + withJitter(times.askedRetry, fraction);

/** The job crashed its workers: a person is asked, and it runs once more six hours later. */
export function crashed(record: CheckoutRecord, context: Context): NextAction {
  const { now, times } = context;
  const reason: Reason = {
    code: 'worker-crashed',
    description: `This job was claimed ${record.unfinishedClaims} times and sent ${record.unansweredSends} times without an end: ${record.lastError ?? 'its workers died, so there is no error text'}.`,
    remedy: 'Read the worker’s log at the times of its deliveries. Fix what stopped it, then retry the job.',
    at: now,
  };
  return {
    kind: 'escalate',
    question: { kind: 'needs-decision', code: 'worker-crashed', reason },
    to: {
      step: record.state === 'waiting' ? 'wait' : 'doubt',
      at: now + times.slowRetry,
      why: 'it crashed its workers',
      change: { unfinishedClaims: countersAfterEscalation, unansweredSends: countersAfterEscalation },
    },
  };
}

/** The third, fourth and fifth unfinished claim waits once, so that the culprit among several parts from its neighbours. */
export const putOff = (record: CheckoutRecord, { now, times, fraction }: Context): NextAction => ({
  kind: 'reschedule',
  to: {
    step: record.state === 'waiting' ? 'wait' : 'doubt',
    at: now + fraction * times.putOffMax,
    why: 'runs of it did not end; it is put off to run apart from others',
    change: { putOffAt: record.unfinishedClaims + 1, unfinishedClaims: record.unfinishedClaims },
  },
});
