/**
 * The circuit of the gate: what the outcome of a call makes of its state. The last step of a call, after the answer.
 *
 * ```mermaid
 * stateDiagram-v2
 *   [*] --> OnTrial: no credential has worked yet
 *   Open --> ClosedUntil: 429, five unknown outcomes, a refused credential, three partner-wide refusals
 *   ClosedUntil --> Open: Retry-After of a 429 is over
 *   ClosedUntil --> OnTrial: the pause for another cause is over
 *   OnTrial --> Open: the trial call gets a good answer
 *   OnTrial --> ClosedUntil: the trial call fails, a longer pause follows
 * ```
 *
 * A person's pause lies over all of this and changes none of it.
 */

import { decreased } from './adaptive-limit.ts';
import type { Cause } from './closure-cause.ts';
import { judge429, withPass } from './customer-throttles.ts';
import {
  type GateSettings,
  longestPauseMs,
  maxClosedMs,
  minClosedMs,
  pauseMs,
  roomMs,
} from './gate-settings.ts';
import { type GateState, opened, type StorageTime } from './gate-state.ts';
import type { CallReport } from './permit.ts';

/** Unknown outcomes in a row that close the gate, and customers in a row that are refused for the partner's sake. */
const unknownsToClose = 5;
const refusedToClose = 3;

/** What the reporting instance knows by itself. */
export interface Witness {
  readonly instance: string;
  /** When a call of another customer last passed here, by the storage's clock; undefined: never. */
  readonly othersPassed: number | undefined;
}

export interface Reported {
  /** The state given, itself, when there is nothing to write. */
  readonly state: GateState;
  /** Until when the customer of the report, alone, is to wait. */
  readonly customerUntil?: number;
}

type Report<K extends CallReport['kind']> = Extract<CallReport, { kind: K }>;

interface Context {
  readonly now: number;
  readonly settings: GateSettings;
  /** The trial call is out, and this instance makes it. */
  readonly isTrial: boolean;
}

/** The state after a call's report. The later end of `time` counts for closures, so that none ends early. */
export function afterReport(
  state: GateState,
  report: CallReport,
  time: StorageTime,
  { instance, othersPassed }: Witness,
  settings: GateSettings,
): Reported {
  const context = { now: time.latest, settings, isTrial: state.trial?.holder === instance };
  switch (report.kind) {
    case 'ok':
      return { state: passed(state, report, context) };
    case 'throttled':
      return throttled(state, report, othersPassed, context);
    case 'unknown':
      return { state: unknown(state, report, context) };
    case 'auth':
      return { state: unauthorized(state, report, context) };
    case 'partner-wide':
      return { state: refused(state, report, context) };
  }
}

/** The cause of a closure that a trial call ends. */
const trialCause = ({ closure }: GateState): Exclude<Cause, 'throttled'> | undefined =>
  closure === undefined || closure.cause === 'throttled' ? undefined : closure.cause;

const isThrottled = ({ closure }: GateState, now: number): boolean =>
  closure?.cause === 'throttled' && now < closure.until;

function passed(state: GateState, { customerId }: Report<'ok'>, context: Context): GateState {
  const { now, settings, isTrial } = context;
  const cause = trialCause(state);
  // An answer that was under way when the gate closed shows nothing of now, but a first token that works, works.
  if (cause !== undefined) return isTrial || cause === 'untested' ? opened(state, now) : state;
  const throttledCustomers = withPass(state.throttledCustomers, customerId, now, settings);
  const isNews =
    state.failures > 0 || state.refused.length > 0 || throttledCustomers !== state.throttledCustomers;
  return isNews ? { ...state, failures: 0, refused: [], throttledCustomers } : state;
}

function unknown(state: GateState, report: Report<'unknown'>, context: Context): GateState {
  const { now, settings, isTrial } = context;
  const { reason } = report;
  // guard: Gate: a server error's Retry-After is waited for [replace: 0]
  const wait = serverWait(report.retryAfterMs, settings);
  // Retry-After counts before any trial call.
  if (trialCause(state) !== undefined)
    return closedUntil(isTrial ? closedAgain(state, reason, context) : state, now + wait);
  const failures = state.failures + 1;
  const counted = { ...state, failures };
  if (isThrottled(state, now)) return closedUntil(counted, now + wait);
  if (wait > 0)
    return closed(counted, 'breaker', `a server error asked to wait (Retry-After): ${reason}`, now, wait);
  if (failures < unknownsToClose) return counted;
  const why = `${failures} calls in a row got no clear answer, the last: ${reason}`;
  return closed(counted, 'breaker', why, now, pauseMs(settings, 'breaker', 1));
}

function unauthorized(state: GateState, report: Report<'auth'>, context: Context): GateState {
  const { now, settings, isTrial } = context;
  const cause = trialCause(state);
  const why = `Partner Center refuses the credential: ${report.reason}`;
  if (cause === undefined)
    return isThrottled(state, now) ? state : closed(state, 'auth', why, now, pauseMs(settings, 'auth', 1));
  return isTrial ? closedAgain(state, why, context, cause === 'untested' ? cause : 'auth') : state;
}

function refused(given: GateState, report: Report<'partner-wide'>, context: Context): GateState {
  const { now, settings, isTrial } = context;
  const { customerId, reason } = report;
  const cause = trialCause(given);
  if (cause !== undefined && !isTrial) return given;
  if (cause === 'partner-wide') return closedAgain(given, reason, context);
  // It was an answer, to a token that works: whatever else closed the gate is over.
  const state = cause === undefined ? given : opened(given, now);
  const customers = [...state.refused.filter((id) => id !== customerId), customerId];
  const counted = { ...state, failures: 0, refused: customers };
  if (customers.length < refusedToClose || isThrottled(state, now)) return counted;
  const why = `${customers.length} customers in a row were refused for a reason that meets the whole partner: ${reason}`;
  return closed(counted, 'partner-wide', why, now, pauseMs(settings, 'partner-wide', 1));
}

function throttled(
  state: GateState,
  { customerId, retryAfterMs }: Report<'throttled'>,
  othersPassed: number | undefined,
  { now, settings, isTrial }: Context,
): Reported {
  const { closure } = state;
  const { ms, note } = closedMs(retryAfterMs, settings);
  const until = now + ms;
  const opens = until + roomMs(settings);
  const reason = `throttled (429)${note}`;
  // A call that was under way when the gate closed for another reason: Retry-After counts before any trial call. If the
  // other reason still holds after that, the first call shows it.
  if (closure !== undefined && trialCause(state) !== undefined && !isTrial) {
    const both = { ...closure, cause: 'throttled' as const, reason: `${reason}; before: ${closure.reason}` };
    return { state: closedUntil({ ...state, closure: both, trial: undefined }, opens) };
  }
  if (isThrottled(state, now)) return { state: closedUntil(state, opens) };
  const known = state.throttledCustomers;
  const judged = judge429(known, customerId, now, until, state.openedAt, othersPassed, settings);
  const { alone, throttledCustomers } = judged;
  const noted = { ...state, throttledCustomers };
  if (alone) return { state: noted, customerUntil: until };
  const lately = now - settings.minuteMs / 12;
  const recent = throttledCustomers.map(({ at }) => at).filter((at) => at > lately);
  const refusal = { now, firstAt: Math.min(...recent), retryAfterMs };
  // Stragglers of the closure before are no news of the limit.
  const straggles = state.openedAt > lately && state.cutAt > 0;
  const lower = straggles ? noted : decreased(noted, refusal, settings);
  const next = {
    cause: 'throttled' as const,
    since: now,
    // guard: Gate: closed until Retry-After [replace: now]
    until: opens,
    reason,
    pauses: 0,
  };
  return { state: { ...lower, closure: next, trial: undefined, failures: 0 } };
}

/** Retry-After within reason: Partner Center counts calls made too early, and a year would be a mistake. */
export function closedMs(
  retryAfterMs: number | undefined,
  settings: GateSettings,
): { readonly ms: number; readonly note: string } {
  if (retryAfterMs === undefined || Number.isNaN(retryAfterMs))
    return { ms: settings.minuteMs, note: ' without Retry-After' };
  const longest = maxClosedMs(settings);
  if (retryAfterMs <= longest) return { ms: Math.max(retryAfterMs, minClosedMs(settings)), note: '' };
  const seconds = Math.round(retryAfterMs / 1_000);
  return { ms: longest, note: `, Retry-After of ${seconds} s cut to ${longest / 1_000} s` };
}

/** How long a server error's Retry-After closes the gate; 0 without one. Never longer than the breaker would by itself. */
export const serverWait = (retryAfterMs: number | undefined, settings: GateSettings): number =>
  retryAfterMs === undefined || !(retryAfterMs > 0)
    ? 0
    : Math.min(Math.max(retryAfterMs, minClosedMs(settings)), longestPauseMs(settings, 'breaker'));

const closed = (state: GateState, cause: Cause, reason: string, now: number, ms: number): GateState => ({
  ...state,
  closure: { cause, since: now, until: now + ms, reason, pauses: 1 },
  trial: undefined,
});

/** The same closure, lasting at least until then. */
const closedUntil = (state: GateState, until: number): GateState =>
  state.closure === undefined || state.closure.until >= until
    ? state
    : { ...state, closure: { ...state.closure, until } };

/** The trial call met no good answer: a longer pause, then the next one, by whoever comes first. */
function closedAgain(
  state: GateState,
  why: string,
  { now, settings }: Context,
  cause = state.closure?.cause,
): GateState {
  if (state.closure === undefined || cause === undefined) return state;
  const pauses = state.closure.pauses + 1;
  const until = now + pauseMs(settings, cause, pauses);
  const reason = cause === 'untested' ? `no call has succeeded yet: ${why}` : why;
  return { ...state, closure: { ...state.closure, cause, until, reason, pauses }, trial: undefined };
}

/** A trial call that was not made: the next who asks may make it. */
export function withoutTrial(state: GateState, instance: string): GateState {
  return state.trial?.holder === instance ? { ...state, trial: undefined } : state;
}
