import type { Cause } from './closing-cause.ts';
import type { ThrottledCustomer } from './customer-throttles.ts';
import { askAgainMs, type GateSettings, startPerMinute } from './gate-settings.ts';
import type { Lane } from './permit.ts';
import { noPermits, type PermitHistory } from './permit-history.ts';

/** Between these two the storage's clock stands: nobody knows it better. Epoch ms. */
export interface StorageTime {
  readonly atLeast: number;
  readonly atMost: number;
}

/** The evenly spaced permits of one lane. */
export interface Line {
  /** The first permit that nobody has. */
  readonly next: number;
  /** Up to here the line is promised to instances that wait for their turn to lease. */
  readonly promised: number;
}

export interface Closing {
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

/** The one entity, decoded. All times are the storage's, epoch ms; limits are calls in a minute. */
export interface GateState {
  readonly lines: Readonly<Record<Lane, Line>>;
  readonly limit: number;
  /** When the minute at this limit began, and the limit of the full minute before it (0: none). */
  readonly minuteAt: number;
  readonly before: number;
  /** The highest limit that carried two full minutes, and the lowest that met a 429; 0: not known. */
  readonly good: number;
  readonly bad: number;
  /** Until then the limit keeps below `bad`; the next wait is `holdMs`. */
  readonly holdUntil: number;
  readonly holdMs: number;
  /** When the gate was last opened, and when the limit was last cut. */
  readonly openedAt: number;
  readonly cutAt: number;
  readonly closing: Closing | undefined;
  /** The one call that may pass a closed gate, and the instance that makes it. */
  readonly probe: { readonly holder: string; readonly until: number } | undefined;
  /** By a person; ask `pauseAt` whether it still holds. */
  readonly paused: Pause | undefined;
  /** `since` of the pause that telemetry was told of and whose end it was not; 0: none. */
  readonly pauseTold: number;
  /** Who resumed last; '' if nobody ever did. */
  readonly resumedBy: string;
  /** Unknown outcomes in a row. */
  readonly failures: number;
  /** Customers refused for the whole partner's sake, in a row, each once. */
  readonly refused: readonly string[];
  /** Customers that met a 429 while others passed. */
  readonly throttledCustomers: readonly ThrottledCustomer[];
  /** Jobs that may have been started on this UTC day (2026-01-31). */
  readonly day: string;
  readonly jobs: number;
  readonly permits: PermitHistory;
}

/** Before the first call: closed, so that a wrong credential costs one call and not a night. */
export function initialState(now: number, settings: GateSettings): GateState {
  return {
    lines: { worker: { next: now, promised: 0 }, poller: { next: now, promised: 0 } },
    limit: startPerMinute(settings),
    minuteAt: now,
    before: 0,
    good: 0,
    bad: 0,
    holdUntil: 0,
    holdMs: 0,
    openedAt: now,
    cutAt: 0,
    closing: {
      cause: 'untested',
      since: now,
      until: now,
      reason: 'closed until the first token works',
      pauses: 0,
    },
    probe: undefined,
    paused: undefined,
    pauseTold: 0,
    resumedBy: '',
    failures: 0,
    refused: [],
    throttledCustomers: [],
    day: dayOf(now),
    jobs: 0,
    permits: noPermits,
  };
}

export interface Closure {
  /** Storage time. */
  readonly until: number;
  readonly reason: string;
  /** Nothing but a probe is missing, and none is out. */
  readonly probeWanted: boolean;
}

/** The pause that holds at this time. One with an end is over without a write of anybody. */
export const pauseAt = ({ paused }: Pick<GateState, 'paused'>, now: number): Pause | undefined =>
  paused?.until !== undefined && now >= paused.until ? undefined : paused;

/** Why nobody may call now; undefined: the gate is open. The spend guard is not in it: it closes one lane. */
export function closureOf(state: GateState, now: number, settings: GateSettings): Closure | undefined {
  const pause = pauseAt(state, now);
  if (pause !== undefined) {
    // Who it was, `viewGate` tells people: this text goes into telemetry too.
    const reason = `paused by a person: ${pause.reason}`;
    // A person may end it sooner, so nobody waits longer than a minute to look again.
    const until = Math.min(now + settings.minuteMs, pause.until ?? Number.POSITIVE_INFINITY);
    return { until, reason, probeWanted: false };
  }
  const { closing, probe } = state;
  if (closing === undefined) return undefined;
  const { cause, until, reason } = closing;
  if (cause === 'throttled') return now < until ? { until, reason, probeWanted: false } : undefined;
  if (now < until) return { until, reason, probeWanted: false };
  if (probe === undefined || now >= probe.until) return { until: now, reason, probeWanted: true };
  return {
    until: Math.min(probe.until, now + askAgainMs(settings)),
    reason: `${reason}; a trial call is out since ${new Date(probe.until - settings.probeLifeMs).toISOString()}`,
    probeWanted: false,
  };
}

/** Since when (storage time) the one call is out that may open the gate; undefined: none is out. */
export function trialSince(state: GateState, now: number, settings: GateSettings): number | undefined {
  const { closing, probe } = state;
  if (pauseAt(state, now) !== undefined || closing === undefined || closing.cause === 'throttled')
    return undefined;
  return probe === undefined || now >= probe.until ? undefined : probe.until - settings.probeLifeMs;
}

/** The gate stands open from `now` on; its permits begin there. */
export function opened(state: GateState, now: number): GateState {
  const restart = ({ next }: Line): Line => ({ next: Math.max(next, now), promised: 0 });
  return {
    ...state,
    closing: undefined,
    probe: undefined,
    failures: 0,
    refused: [],
    openedAt: now,
    minuteAt: now,
    before: 0,
    lines: { worker: restart(state.lines.worker), poller: restart(state.lines.poller) },
  };
}

export const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);

export const endOfDay = (time: number): number => Date.parse(dayOf(time)) + 24 * 60 * 60_000;
