/** How the gate stands, for the report of a tick. */
import type { GateCondition } from '../domain/fleet-state.ts';
import type { GateSettings } from '../domain/gate/gate-settings.ts';
import { closureOf, type GateState } from '../domain/gate/gate-state.ts';
import { omitUndefined } from '../domain/omit-undefined.ts';
import type { GateStore } from '../ports/gate-store.ts';

/** Reads the row anew. Storage time. Throws `Unavailable`. */
export async function gateCondition(
  store: Pick<GateStore, 'read' | 'now'>,
  settings: GateSettings,
): Promise<GateCondition> {
  return conditionOf(await store.read(), store.now().atLeast, settings);
}

function conditionOf(state: GateState, now: number, settings: GateSettings): GateCondition {
  if (state.paused !== undefined) return { state: 'paused', cause: 'paused', since: state.paused.since };
  if (closureOf(state, now, settings) === undefined) return { state: 'open' };
  const { closing } = state;
  // After its pause, nothing but a trial call is missing.
  const isOnTrial = closing !== undefined && closing.cause !== 'throttled' && now >= closing.until;
  return omitUndefined({
    state: isOnTrial ? ('trial' as const) : ('closed' as const),
    cause: closing?.cause,
    since: closing?.since,
  });
}
