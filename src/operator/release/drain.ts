/** Before a release: nothing new is bought, and what is being bought ends, so that the deployment cuts no paid call. */

import type { GateSettings } from '../../domain/gate/gate-settings.ts';
import { pauseAt } from '../../domain/gate/gate-state.ts';
import type { Times } from '../../domain/times.ts';
import type { GateStore } from '../../ports/gate-store.ts';
import { pauseGate } from '../pause-gate.ts';

export interface DrainDeps {
  readonly gateStore: GateStore;
  readonly gateSettings: Pick<GateSettings, 'minuteMs'>;
  readonly times: Pick<Times, 'callTimeout' | 'permitLife'>;
  readonly sleep: (ms: number) => Promise<void>;
  /** A person wants it to end early. */
  readonly interrupted: AbortSignal;
  /** Hears about every second how many ms are left. */
  readonly progress: (leftMs: number) => void;
}

export type Drained =
  /** No call runs any more. `pausedBy`: this command's user, or whoever had paused before. */
  | { readonly kind: 'drained'; readonly pausedBy: string; readonly waitedMs: number }
  /** Somebody resumed meanwhile: calls may run. */
  | { readonly kind: 'resumed'; readonly by: string }
  | { readonly kind: 'interrupted'; readonly leftMs: number };

/**
 * Pauses the gate, then waits until no permit is leased and no paid call can still run. A pause that somebody made before counts from
 * its own beginning and stays theirs, unless it was to end by itself. Throws `Unavailable`.
 */
export async function drain(deps: DrainDeps, reason: string, who: string): Promise<Drained> {
  const { gateStore, sleep, interrupted, progress, gateSettings } = deps;
  const before = pauseAt(await gateStore.read(), gateStore.now().earliest);
  // A pause that ends by itself might end in the middle of the release.
  if (before === undefined || before.until !== undefined) await pauseGate(gateStore, { who, reason });
  const startedAt = gateStore.now().earliest;
  for (;;) {
    const state = await gateStore.read();
    const now = gateStore.now().earliest;
    const pause = pauseAt(state, now);
    if (pause === undefined) return { kind: 'resumed', by: state.resumedBy };
    const left = pause.since + drainMs(deps) - now;
    if (left <= 0) return { kind: 'drained', pausedBy: pause.who, waitedMs: Math.max(0, now - startedAt) };
    if (interrupted.aborted) return { kind: 'interrupted', leftMs: left };
    progress(left);
    await sleep(Math.min(left, gateSettings.minuteMs / 60));
  }
}

/**
 * How long after a pause a paid call may still run, and its answer be written: 3 min 10 s. Every instance obeys a pause within two
 * lives of a permit, a call ends after `callTimeout`, and 8 s are for the writes.
 */
export const drainMs = ({ times, gateSettings }: Pick<DrainDeps, 'times' | 'gateSettings'>): number =>
  2 * times.permitLife + times.callTimeout + (gateSettings.minuteMs * 8) / 60;
