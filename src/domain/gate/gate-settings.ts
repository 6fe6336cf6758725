/** The settings of the gate, and the lengths of time and the limits that follow from them. */
import type { Cause } from './closure-cause.ts';

/** Lengths of time are milliseconds of real time, so a scaled profile divides them all by one factor. */
export interface GateSettings {
  /** Calls in a minute before anything is known of the real limit. */
  readonly limitPerMinute: number;
  /** The limit never grows above this. Documented for the order resource: 500 a minute for one partner tenant. */
  readonly ceilingPerMinute: number;
  /** How long "a minute" of the two above is; the lengths that nobody sets are parts of it. */
  readonly minuteMs: number;
  /** How far ahead of now a permit batch reaches. With `permitLifeMs` it bounds how long after a closure a call may still start. */
  readonly permitBatchAheadMs: number;
  /** `Times.permitLife`: a permit older than this is stale. */
  readonly permitLifeMs: number;
  /** How long the one trial call may be out; longer than a call takes. */
  readonly trialLifeMs: number;
  /** How many jobs may be started on one UTC day; no guard when absent. */
  readonly maxJobsPerDay?: number;
}

/** Permit batches of 0.6 s and permits that live 1 s: a closure is obeyed everywhere within 2 s. */
export const defaultGateSettings: GateSettings = {
  limitPerMinute: 300,
  ceilingPerMinute: 400,
  minuteMs: 60_000,
  permitBatchAheadMs: 600,
  permitLifeMs: 1_000,
  trialLifeMs: 240_000,
};

/** The worker's part of the budget; the rest is the poller's. */
export const workerShare = 0.8;

/** The limit before anything is known of the real one. */
export const startPerMinute = ({ limitPerMinute, ceilingPerMinute }: GateSettings): number =>
  Math.min(limitPerMinute, ceilingPerMinute);

/** The limit is never cut below this: it has to find its way back by small steps. */
export const floorPerMinute = (settings: GateSettings): number => Math.max(1, startPerMinute(settings) / 30);

/** The longest time that an answer may close the gate for. A Retry-After of a year is a mistake, not a wish. */
export const maxClosedMs = (settings: GateSettings): number => 60 * settings.minuteMs;

/** No closure is shorter than what is still under way when it begins. */
export const minClosedMs = (settings: GateSettings): number =>
  settings.permitBatchAheadMs + settings.permitLifeMs;

/**
 * So much longer than Retry-After the gate stays closed after a 429: at its end a sliding count has room for one call, and
 * more room comes only as fast as calls were made a minute before.
 */
export const roomMs = (settings: GateSettings): number => settings.minuteMs / 20;

/**
 * How long the gate stays closed before the next trial, after so many pauses without a good answer: 15 s, doubled each
 * time. An outage may end any minute; a credential or a credit line is mended by a person.
 */
export const pauseMs = (settings: GateSettings, cause: Cause, pauses: number): number =>
  Math.min(longestPauseMs(settings, cause), (2 ** (pauses - 1) / 4) * settings.minuteMs);

export const longestPauseMs = (settings: GateSettings, cause: Cause): number =>
  (cause === 'breaker' ? 5 : 15) * settings.minuteMs;

/** When to ask again if nobody knows when the gate opens. */
export const askAgainMs = (settings: GateSettings): number => settings.minuteMs / 30;
