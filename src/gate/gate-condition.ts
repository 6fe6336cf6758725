/** How the gate stands, for the report of a tick. */
import type { GateCondition } from '../domain/fleet-state.ts';
import type { GateSettings } from '../domain/gate/gate-settings.ts';
import { closureNow, type GateState, pauseAt } from '../domain/gate/gate-state.ts';
import { omitUndefined } from '../domain/omit-undefined.ts';
import type { GateStore } from '../ports/gate-store.ts';

/** Reads the row anew. Storage time. Throws `Unavailable`. */
export async function gateCondition(
  store: Pick<GateStore, 'read' | 'now'>,
  settings: GateSettings,
): Promise<GateCondition> {
  return conditionOf(await store.read(), store.now().earliest, settings);
}

function conditionOf(state: GateState, now: number, settings: GateSettings): GateCondition {
  const pause = pauseAt(state, now);
  if (pause !== undefined) return { state: 'paused', cause: 'paused', since: pause.since };
  if (closureNow(state, now, settings) === undefined) return { state: 'open' };
  const { closure } = state;
  // After its pause, nothing but a trial call is missing.
  const isOnTrial = closure !== undefined && closure.cause !== 'throttled' && now >= closure.until;
  return omitUndefined({
    state: isOnTrial ? ('trial' as const) : ('closed' as const),
    cause: closure?.cause,
    since: closure?.since,
  });
}
