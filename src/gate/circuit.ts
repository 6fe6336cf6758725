import type { Cause } from '../domain/gate/closing-cause.ts';
import { judge429, withPass } from '../domain/gate/customer-throttles.ts';
import {
  type GateSettings,
  longestPauseMs,
  maxClosedMs,
  minClosedMs,
  pauseMs,
  roomMs,
} from '../domain/gate/gate-settings.ts';
import { type Closing, type GateState, opened, type StorageTime } from '../domain/gate/gate-state.ts';
import type { CallReport } from '../domain/gate/permit.ts';
import { cut } from './adaptive-limit.ts';

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
  readonly customerUntil: number | undefined;
}

/** What a call told, worked into the state. The later end of `time` counts for closings, so that none ends early. */
export function afterReport(
  state: GateState,
  report: CallReport,
  time: StorageTime,
  witness: Witness,
  settings: GateSettings,
): Reported {
  const now = time.atMost;
  const ours = state.probe !== undefined && state.probe.holder === witness.instance;
  const news = { report, now, settings, ours };
  switch (report.kind) {
    case 'ok':
      return { state: passed(state, report.customerId, news), customerUntil: undefined };
    case 'throttled':
      return throttled(state, { ...news, report }, witness.othersPassed);
    case 'unknown':
      return { state: unknown(state, report, news), customerUntil: undefined };
    case 'auth':
      return { state: unauthorized(state, report.reason, news), customerUntil: undefined };
    case 'partner-wide':
      return { state: refused(state, report, news), customerUntil: undefined };
  }
}

interface News {
  readonly now: number;
  readonly settings: GateSettings;
  /** The probe is out, and this instance has it. */
  readonly ours: boolean;
}

/** The gate is closed for a cause that one good call would end. */
const probing = ({ closing }: GateState): Cause | undefined =>
  closing === undefined || closing.cause === 'throttled' ? undefined : closing.cause;

function passed(state: GateState, customerId: string, { now, settings, ours }: News): GateState {
  const cause = probing(state);
  // An answer that was under way when the gate closed tells nothing of today, but a first token that works, works.
  if (cause !== undefined) return ours || cause === 'untested' ? opened(state, now) : state;
  const throttledCustomers = withPass(state.throttledCustomers, customerId, now, settings);
  if (state.failures === 0 && state.refused.length === 0 && throttledCustomers === state.throttledCustomers)
    return state;
  return { ...state, failures: 0, refused: [], throttledCustomers };
}

function unknown(
  state: GateState,
  { reason, retryAfterMs }: Extract<CallReport, { kind: 'unknown' }>,
  { now, settings, ours }: News,
): GateState {
  const wait = serverWait(retryAfterMs, settings);
  const cause = probing(state);
  // Retry-After counts before any probe.
  if (cause !== undefined)
    return notBefore(ours ? closeAgain(state, reason, now, settings) : state, now + wait);
  const failures = state.failures + 1;
  if (isThrottled(state, now)) return notBefore({ ...state, failures }, now + wait);
  if (wait > 0) {
    const why = `a server error asked to wait (Retry-After): ${reason}`;
    const closing: Closing = { cause: 'breaker', since: now, until: now + wait, reason: why, pauses: 1 };
    return { ...state, failures, closing, probe: undefined };
  }
  if (failures < unknownsToClose) return { ...state, failures };
  return close(
    state,
    'breaker',
    `${failures} calls in a row got no clear answer, the last: ${reason}`,
    now,
    settings,
  );
}

function unauthorized(state: GateState, reason: string, { now, settings, ours }: News): GateState {
  const cause = probing(state);
  const why = `Partner Center refuses the credential: ${reason}`;
  if (cause === undefined) return isThrottled(state, now) ? state : close(state, 'auth', why, now, settings);
  if (!ours) return state;
  return closeAgain(cause === 'untested' ? state : withCause(state, 'auth'), why, now, settings);
}

function refused(
  given: GateState,
  report: { readonly customerId: string; readonly reason: string },
  { now, settings, ours }: News,
): GateState {
  const cause = probing(given);
  if (cause !== undefined && !ours) return given;
  if (cause === 'partner-wide') return closeAgain(given, report.reason, now, settings);
  // It was an answer, to a token that works: whatever else closed the gate is over.
  const state = cause === undefined ? given : opened(given, now);
  const customers = [...state.refused.filter((id) => id !== report.customerId), report.customerId];
  const next = { ...state, failures: 0, refused: customers };
  if (customers.length < refusedToClose || isThrottled(state, now)) return next;
  const why = `${customers.length} customers in a row were refused for a reason that meets the whole partner: ${report.reason}`;
  return close(next, 'partner-wide', why, now, settings);
}

function throttled(
  state: GateState,
  news: News & {
    readonly report: { readonly customerId: string; readonly retryAfterMs: number | undefined };
  },
  othersPassed: number | undefined,
): Reported {
  const { now, settings, ours, report } = news;
  const { ms, note } = closingTime(report.retryAfterMs, settings);
  const until = now + ms;
  const opens = until + roomMs(settings);
  const { closing: closed } = state;
  // Closed for another reason, and a call that was under way is told to wait: Retry-After counts before any probe. If the
  // other reason still holds after that, the first call tells.
  if (closed !== undefined && probing(state) !== undefined && !ours) {
    const closing: Closing = {
      ...closed,
      cause: 'throttled',
      until: Math.max(opens, closed.until),
      reason: `throttled (429)${note}; before: ${closed.reason}`,
    };
    return { state: { ...state, closing, probe: undefined }, customerUntil: undefined };
  }
  if (closed !== undefined && isThrottled(state, now)) {
    const closing = { ...closed, until: Math.max(opens, closed.until) };
    return { state: opens > closed.until ? { ...state, closing } : state, customerUntil: undefined };
  }
  const judged = judge429(
    state.throttledCustomers,
    report.customerId,
    now,
    until,
    state.openedAt,
    othersPassed,
    settings,
  );
  const noted = { ...state, throttledCustomers: judged.throttledCustomers };
  if (judged.alone) return { state: noted, customerUntil: until };
  // Stragglers of the closing before are no news of the limit.
  const straggles = now - state.openedAt < settings.minuteMs / 12 && state.cutAt > 0;
  const lately = judged.throttledCustomers
    .map(({ at }) => at)
    .filter((at) => at > now - settings.minuteMs / 12);
  const refusal = { now, firstAt: Math.min(...lately), retryAfterMs: report.retryAfterMs };
  const lower = straggles ? noted : cut(noted, refusal, settings);
  const closing: Closing = {
    cause: 'throttled',
    since: now,
    // guard: Gate: closed until Retry-After [replace: now]
    until: opens,
    reason: `throttled (429)${note}`,
    pauses: 0,
  };
  return { state: { ...lower, closing, probe: undefined, failures: 0 }, customerUntil: undefined };
}

/** Retry-After within reason: Partner Center counts calls made too early, and a year would be a mistake. */
export function closingTime(
  retryAfterMs: number | undefined,
  settings: GateSettings,
): { ms: number; note: string } {
  if (retryAfterMs === undefined || Number.isNaN(retryAfterMs))
    return { ms: settings.minuteMs, note: ' without Retry-After' };
  const longest = maxClosedMs(settings);
  if (retryAfterMs > longest)
    return {
      ms: longest,
      note: `, Retry-After of ${Math.round(retryAfterMs / 1_000)} s cut to ${longest / 1_000} s`,
    };
  return { ms: Math.max(retryAfterMs, minClosedMs(settings)), note: '' };
}

/** How long a server error's Retry-After keeps the gate closed; 0 without one. Never longer than the breaker would by itself. */
export const serverWait = (retryAfterMs: number | undefined, settings: GateSettings): number =>
  retryAfterMs === undefined || !(retryAfterMs > 0)
    ? 0
    : Math.min(Math.max(retryAfterMs, minClosedMs(settings)), longestPauseMs(settings, 'breaker'));

/** The same closing, lasting at least until then. */
const notBefore = (state: GateState, until: number): GateState =>
  state.closing === undefined || state.closing.until >= until
    ? state
    : { ...state, closing: { ...state.closing, until } };

const isThrottled = ({ closing }: GateState, now: number): boolean =>
  closing?.cause === 'throttled' && now < closing.until;

function close(
  state: GateState,
  cause: Cause,
  reason: string,
  now: number,
  settings: GateSettings,
): GateState {
  const closing: Closing = { cause, since: now, until: now + pauseMs(settings, cause, 1), reason, pauses: 1 };
  return { ...state, closing, probe: undefined };
}

function withCause(state: GateState, cause: Cause): GateState {
  return state.closing === undefined ? state : { ...state, closing: { ...state.closing, cause } };
}

/** The probe met no good answer: a longer pause, then the next one, by whoever comes first. */
function closeAgain(state: GateState, reason: string, now: number, settings: GateSettings): GateState {
  if (state.closing === undefined) return state;
  const pauses = state.closing.pauses + 1;
  const told = state.closing.cause === 'untested' ? `closed until the first token works: ${reason}` : reason;
  const closing = {
    ...state.closing,
    until: now + pauseMs(settings, state.closing.cause, pauses),
    reason: told,
    pauses,
  };
  return { ...state, closing, probe: undefined };
}

/** A probe that was not used: the next who asks may have it. */
export function withoutProbe(state: GateState, instance: string): GateState {
  return state.probe?.holder === instance ? { ...state, probe: undefined } : state;
}
