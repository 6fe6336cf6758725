/** The state of the gate, as its row keeps it for all instances, and what it means at a time. The first thing that each step reads. */
import { type Closing, withClosing } from './closings.ts';
import type { Cause } from './closure-cause.ts';
import type { ThrottledCustomer } from './customer-throttles.ts';
import { askAgainMs, type GateSettings, startPerMinute } from './gate-settings.ts';
import type { Lane } from './permit.ts';
import { noPermits, type PermitHistory } from './permit-history.ts';

/** The storage's clock stands between these two. Epoch ms. */
export interface StorageTime {
  readonly earliest: number;
  readonly latest: number;
}

/** The evenly spaced permits of one lane. */
export interface PermitSchedule {
  /** The first permit that nobody has. */
  readonly next: number;
  /** Up to here the permits are reserved for instances that were given a time to come back. */
  readonly reservedUntil: number;
}

export interface Closure {
  readonly cause: Cause;
  readonly since: number;
  readonly until: number;
  readonly reason: string;
  /** How many pauses in a row ended without a good answer. */
  readonly pauses: number;
}

/** A person's pause. Without `until` it holds until a person resumes. */
export interface Pause {
  readonly who: string;
  readonly reason: string;
  readonly since: number;
  readonly until?: number;
}

export interface LimitSet {
  readonly who: string;
  /** Calls in a minute. */
  readonly perMinute: number;
  readonly at: number;
}

/** The row, decoded. All times are the storage's, epoch ms; limits are calls in a minute. */
export interface GateState {
  readonly schedules: Readonly<Record<Lane, PermitSchedule>>;
  readonly limit: number;
  /** When the minute at this limit began, and the limit of the full minute before it (0: none). */
  readonly minuteAt: number;
  readonly limitBefore: number;
  /** The highest limit that carried two full minutes, and the lowest that met a 429; 0: not known. */
  readonly sustainedLimit: number;
  readonly throttledLimit: number;
  /** Until then the limit keeps below `throttledLimit`; the next wait is `holdMs`. */
  readonly holdUntil: number;
  readonly holdMs: number;
  /** When the gate was last opened, and when the limit was last cut. */
  readonly openedAt: number;
  readonly cutAt: number;
  readonly closure: Closure | undefined;
  /** The one call that may pass a closed gate, and the instance that makes it. */
  readonly trial: { readonly holder: string; readonly until: number } | undefined;
  /** By a person; ask `pauseAt` whether it still holds. */
  readonly paused: Pause | undefined;
  /** `since` of the pause whose start was emitted to telemetry and whose end was not; 0: none. */
  readonly pauseEmitted: number;
  /** Who resumed last; '' if nobody ever did. */
  readonly resumedBy: string;
  /** The limit that a person set last, and who; undefined if nobody ever did. */
  readonly limitSet: LimitSet | undefined;
  /** Unknown outcomes in a row. */
  readonly failures: number;
  /** Customers refused for the whole partner's sake, in a row, each once. */
  readonly refused: readonly string[];
  /** Customers that met a 429 while others passed. */
  readonly throttledCustomers: readonly ThrottledCustomer[];
  /** Jobs that may have been started on this UTC day (2026-01-31). */
  readonly day: string;
  readonly jobs: number;
  /** The closings that ended lately, the oldest first. */
  readonly closings: readonly Closing[];
  /** The permits that each lane took lately. */
  readonly permits: PermitHistory;
}

/** No refusal has shown yet how many calls the API takes. */
export const nothingLearned = {
  limitBefore: 0,
  sustainedLimit: 0,
  throttledLimit: 0,
  holdUntil: 0,
  holdMs: 0,
} as const satisfies Partial<GateState>;

/** Before the first call: closed, so that a wrong credential costs one call and not a night. */
export function initialState(now: number, settings: GateSettings): GateState {
  return {
    schedules: { worker: { next: now, reservedUntil: 0 }, poller: { next: now, reservedUntil: 0 } },
    limit: startPerMinute(settings),
    minuteAt: now,
    ...nothingLearned,
    openedAt: now,
    cutAt: 0,
    closure: {
      cause: 'untested',
      since: now,
      until: now,
      reason: 'no call has succeeded yet',
      pauses: 0,
    },
    trial: undefined,
    paused: undefined,
    pauseEmitted: 0,
    resumedBy: '',
    limitSet: undefined,
    failures: 0,
    refused: [],
    throttledCustomers: [],
    day: dayOf(now),
    jobs: 0,
    closings: [],
    permits: noPermits,
  };
}

/** What the closure means at one time. Times are the storage's. */
export interface ClosureNow {
  /** When the gate opens, or when to ask again if nobody knows. */
  readonly until: number;
  readonly reason: string;
  /** The gate is on trial, and no trial call is out. */
  readonly trialWanted: boolean;
}

/** The pause that holds at this time. One with an end is over without a write of anybody. */
export const pauseAt = ({ paused }: Pick<GateState, 'paused'>, now: number): Pause | undefined =>
  paused?.until !== undefined && now >= paused.until ? undefined : paused;

/** Why nobody may call now; undefined: the gate is open. The daily quota is not in it: it closes one lane. */
export function closureNow(state: GateState, now: number, settings: GateSettings): ClosureNow | undefined {
  const { closure } = state;
  const pause = pauseAt(state, now);
  if (pause !== undefined) {
    // `viewGate` shows people who it was. This text goes into telemetry too.
    const reason = `paused by a person: ${pause.reason}`;
    // A person may end it sooner, so nobody waits longer than a minute to look again.
    const until = Math.min(now + settings.minuteMs, pause.until ?? Number.POSITIVE_INFINITY);
    return { until, reason, trialWanted: false };
  }
  if (closure === undefined) return undefined;
  const { cause, until, reason } = closure;
  if (now < until) return { until, reason, trialWanted: false };
  if (cause === 'throttled') return undefined;
  const since = trialSince(state, now, settings);
  if (since === undefined) return { until: now, reason, trialWanted: true };
  return {
    until: Math.min(since + settings.trialLifeMs, now + askAgainMs(settings)),
    reason: `${reason}; a trial call is out since ${new Date(since).toISOString()}`,
    trialWanted: false,
  };
}

/** Since when (storage time) the one call is out that may open the gate; undefined: none is out. */
export function trialSince(state: GateState, now: number, settings: GateSettings): number | undefined {
  const { closure, trial } = state;
  if (pauseAt(state, now) !== undefined || closure === undefined || closure.cause === 'throttled')
    return undefined;
  return trial === undefined || now >= trial.until ? undefined : trial.until - settings.trialLifeMs;
}

/** The closings that ended lately, and the one that lasts. A pause that ended by itself stands in the row until the next one. */
export function closingsUntil(state: GateState, now: number): readonly Closing[] {
  const { closings, closure, paused } = state;
  const ended = paused === undefined ? closings : withClosing(closings, pausedUntil(paused, now));
  return closure === undefined
    ? ended
    : withClosing(ended, { cause: closure.cause, since: closure.since, until: now });
}

/** What the pause kept closed, if it is over at `now` at the latest. */
export const pausedUntil = ({ since, until }: Pause, now: number): Closing => ({
  cause: 'paused',
  since,
  until: Math.min(until ?? now, now),
});

/** The gate is open from `now` on; its permits begin there. */
export function opened(state: GateState, now: number): GateState {
  const restart = ({ next }: PermitSchedule): PermitSchedule => ({
    next: Math.max(next, now),
    reservedUntil: 0,
  });
  const { closure, closings } = state;
  return {
    ...state,
    closings:
      closure === undefined
        ? closings
        : withClosing(closings, { cause: closure.cause, since: closure.since, until: now }),
    closure: undefined,
    trial: undefined,
    failures: 0,
    refused: [],
    openedAt: now,
    minuteAt: now,
    limitBefore: 0,
    schedules: { worker: restart(state.schedules.worker), poller: restart(state.schedules.poller) },
  };
}

export const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);

export const endOfDay = (time: number): number => Date.parse(dayOf(time)) + 24 * 60 * 60_000;
