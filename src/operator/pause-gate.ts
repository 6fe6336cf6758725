/** What a person does to the gate: pause it, resume it, set its limit; and how it stands, for people. */
import { type Closing, withClosing } from '../domain/gate/closings.ts';
import type { Cause } from '../domain/gate/closure-cause.ts';
import { floorPerMinute, type GateSettings } from '../domain/gate/gate-settings.ts';
import {
  closingsUntil,
  closureNow,
  type GateState,
  type LimitSet,
  nothingLearned,
  opened,
  type Pause,
  pauseAt,
  pausedUntil,
} from '../domain/gate/gate-state.ts';
import type { GateStore } from '../ports/gate-store.ts';

/** Nobody calls Partner Center, however the gate would stand otherwise: until that time, or until a person resumes. Pure. */
export function paused(state: GateState, pause: Pause): GateState {
  const { paused: before, closings } = state;
  const ended = before === undefined ? closings : withClosing(closings, pausedUntil(before, pause.since));
  return { ...state, closings: ended, paused: pause };
}

/** What waits for a trial call gets one at once; a Retry-After is kept. Pure. */
export function resumed(given: GateState, who: string, now: number): GateState {
  const { paused: pause } = given;
  const state =
    pause === undefined
      ? given
      : { ...given, closings: withClosing(given.closings, pausedUntil(pause, now)) };
  const { closure } = state;
  if (closure === undefined) return { ...opened(state, now), paused: undefined, resumedBy: who };
  const until = closure.cause === 'throttled' ? closure.until : Math.min(closure.until, now);
  return { ...state, paused: undefined, resumedBy: who, trial: undefined, closure: { ...closure, until } };
}

/** The limit as a person sets it. What earlier refusals taught is forgotten: it grows and shrinks from here. Pure. */
export function limitedTo(state: GateState, set: LimitSet): GateState {
  return {
    ...state,
    limit: set.perMinute,
    minuteAt: set.at,
    limitSet: set,
    ...nothingLearned,
  };
}

/** Every instance obeys it within the reach of a permit batch and a permit's life (2 s). Throws `Unavailable`. */
export const pauseGate = (store: GateStore, pause: Omit<Pause, 'since'>): Promise<void> =>
  store.change((state, time) => ({
    state: paused(state, { ...pause, since: time.latest }),
    value: undefined,
  }));

/** Ends a pause. If the gate is on trial, allows one trial call. Throws `Unavailable`. */
export const resumeGate = (store: GateStore, who: string): Promise<void> =>
  store.change((state, time) => ({ state: resumed(state, who, time.latest), value: undefined }));

/** The limits that a person may set, in calls a minute. */
export const limitRange = (settings: GateSettings): { readonly least: number; readonly most: number } => ({
  least: Math.ceil(floorPerMinute(settings)),
  most: settings.ceilingPerMinute,
});

/** `perMinute` must lie in `limitRange`. Returns the limit before. Throws `Unavailable`. */
export const setLimit = (store: GateStore, perMinute: number, who: string): Promise<number> =>
  store.change((state, time) => ({
    state: limitedTo(state, { perMinute, who, at: time.latest }),
    value: Math.round(state.limit),
  }));

export interface GateView {
  readonly open: boolean;
  /** By a person. */
  readonly paused: boolean;
  readonly cause: Cause | 'paused' | undefined;
  readonly reason: string | undefined;
  /** Epoch ms, by the storage's clock; undefined while the gate is open, and for a pause without an end. */
  readonly until: number | undefined;
  /** Calls in a minute. */
  readonly limit: number;
  /** What a person set it to last, and who. */
  readonly limitSet: LimitSet | undefined;
  readonly jobsToday: number;
  /** The oldest first. */
  readonly closings: readonly Closing[];
}

/** How the gate stands, for people. Throws `Unavailable`. */
export async function viewGate(
  store: Pick<GateStore, 'read' | 'now'>,
  settings: GateSettings,
): Promise<GateView> {
  const state = await store.read();
  const now = store.now().earliest;
  const closure = closureNow(state, now, settings);
  const pause = pauseAt(state, now);
  return {
    open: closure === undefined,
    paused: pause !== undefined,
    cause: pause !== undefined ? 'paused' : closure && state.closure?.cause,
    reason: pause === undefined ? closure?.reason : `paused by ${pause.who}: ${pause.reason}`,
    until: pause === undefined ? closure?.until : pause.until,
    limit: Math.round(state.limit),
    limitSet: state.limitSet,
    jobsToday: state.jobs,
    closings: closingsUntil(state, now),
  };
}
