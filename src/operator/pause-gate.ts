import type { GateSettings } from '../domain/gate/gate-settings.ts';
import { closureOf, type GateState, opened } from '../domain/gate/gate-state.ts';
import type { GateStore } from '../ports/gate-store.ts';

/** By a person, until a person resumes: nobody calls Partner Center, however the gate would stand otherwise. */
export function paused(state: GateState, reason: string, who: string, now: number): GateState {
  return { ...state, paused: { who, reason, since: now } };
}

/** What waits for a probe gets one at once; a Retry-After is kept. */
export function resumed(state: GateState, who: string, now: number): GateState {
  const { closing } = state;
  if (closing === undefined) return { ...opened(state, now), paused: undefined, resumedBy: who };
  const until = closing.cause === 'throttled' ? closing.until : Math.min(closing.until, now);
  return { ...state, paused: undefined, resumedBy: who, probe: undefined, closing: { ...closing, until } };
}

/** Every instance obeys it within the reach of a permit batch and a permit's life (2 s). Throws `Unavailable`. */
export const pauseGate = (store: GateStore, reason: string, who: string): Promise<void> =>
  store.change((state, time) => ({ state: paused(state, reason, who, time.atMost), value: undefined }));

/** Opens what a person paused, and lets a probe through where one is waited for. Throws `Unavailable`. */
export const resumeGate = (store: GateStore, who: string): Promise<void> =>
  store.change((state, time) => ({ state: resumed(state, who, time.atMost), value: undefined }));

export interface GateView {
  readonly open: boolean;
  /** By a person: nobody knows until when. */
  readonly paused: boolean;
  readonly reason: string | undefined;
  /** Epoch ms, by the storage's clock; while nobody knows, when to look again. */
  readonly until: number | undefined;
  /** Calls in a minute. */
  readonly limit: number;
  readonly jobsToday: number;
}

/** How the gate stands, for people. Throws `Unavailable`. */
export async function viewGate(
  store: Pick<GateStore, 'read' | 'now'>,
  settings: GateSettings,
): Promise<GateView> {
  const state = await store.read();
  const closure = closureOf(state, store.now().atLeast, settings);
  return {
    open: closure === undefined,
    paused: state.paused !== undefined,
    reason:
      state.paused === undefined ? closure?.reason : `paused by ${state.paused.who}: ${state.paused.reason}`,
    until: closure?.until,
    limit: Math.round(state.limit),
    jobsToday: state.jobs,
  };
}
