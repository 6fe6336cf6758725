import { type GateState, pauseAt } from '../domain/gate/gate-state.ts';
import type { GateStore } from '../ports/gate-store.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import { Unavailable } from '../ports/unavailable.ts';

/** One event when the gate closes, opens, or stays closed for another reason. `now` is the storage's. */
export function tellChange(telemetry: Telemetry, before: GateState, after: GateState, now: number): void {
  if (before.closing?.cause === after.closing?.cause) return;
  const closedMs = before.closing === undefined ? 0 : now - before.closing.since;
  telemetry.event('GateChanged', {
    state: after.closing === undefined ? 'open' : 'closed',
    closedMs: after.closing === undefined ? Math.max(0, closedMs) : undefined,
    cause: after.closing?.cause ?? before.closing?.cause,
    reason: after.closing?.reason,
    until: after.closing === undefined ? undefined : new Date(after.closing.until).toISOString(),
    limit: Math.round(after.limit),
  });
}

/**
 * A person's pause and its end are written by their own tool, which has no telemetry: a worker that sees one of them tells it,
 * and notes in the row that it is told, so that the fleet tells it once. Who it was, stands in the row alone.
 */
export async function tellPause(store: GateStore, telemetry: Telemetry): Promise<void> {
  try {
    const told = await store.change((state, { atLeast }) => {
      const since = pauseAt(state, atLeast)?.since ?? 0;
      return since === state.pauseTold
        ? { state, value: undefined }
        : { state: { ...state, pauseTold: since }, value: state };
    });
    if (told !== undefined) telemetry.event('GateChanged', pauseFields(told, store.now().atLeast));
  } catch (error) {
    // The next tick looks again.
    if (!(error instanceof Unavailable)) throw error;
    telemetry.warn(`Whether the gate is paused could not be read: ${error.message}`);
  }
}

function pauseFields(state: GateState, now: number) {
  const { pauseTold, closing, limit } = state;
  const calls = { limit: Math.round(limit), closedMs: undefined, until: undefined };
  const pause = pauseAt(state, now);
  if (pause !== undefined) {
    const until = pause.until === undefined ? undefined : new Date(pause.until).toISOString();
    return { ...calls, state: 'closed', cause: 'paused', reason: pause.reason, until };
  }
  if (closing === undefined) {
    const closedMs = Math.max(0, now - pauseTold);
    return { ...calls, state: 'open', cause: 'paused', closedMs, reason: undefined };
  }
  const until = new Date(closing.until).toISOString();
  return { ...calls, state: 'closed', cause: closing.cause, reason: closing.reason, until };
}
