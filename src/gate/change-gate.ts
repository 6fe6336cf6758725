/** Changes of the gate's row, and the event that follows when one closes or opens the gate. Leases, reports and ticks come by here. */
import { type GateState, pauseAt } from '../domain/gate/gate-state.ts';
import type { Decide, GateStore } from '../ports/gate-store.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import { Unavailable } from '../ports/unavailable.ts';

interface Changed<T> {
  readonly before: GateState;
  readonly after: GateState;
  readonly value: T;
}

/** Changes the row, and emits one event when the gate closed, opened, or stays closed for another reason. Throws `Unavailable`. */
export async function changeGate<T>(
  store: GateStore,
  telemetry: Telemetry,
  decide: Decide<T>,
): Promise<Changed<T>> {
  const changed = await store.change<Changed<T>>((before, time) => {
    const { state: after, value } = decide(before, time);
    return { state: after, value: { before, after, value } };
  });
  const { closure } = changed.before;
  if (closure?.cause !== changed.after.closure?.cause) {
    const closedMs = closure === undefined ? 0 : store.now().earliest - closure.since;
    telemetry.event('GateChanged', fieldsOf(changed.after, closure?.cause, closedMs));
  }
  return changed;
}

/**
 * A person's pause and its end are written by a tool without telemetry. The first worker that sees one of them emits it, and
 * notes that in the row, so that the fleet emits it once. Who it was stands in the row alone.
 */
export async function emitPause(store: GateStore, telemetry: Telemetry): Promise<void> {
  try {
    const news = await store.change((state, { earliest }) => {
      const since = pauseAt(state, earliest)?.since ?? 0;
      return since === state.pauseEmitted
        ? { state, value: undefined }
        : { state: { ...state, pauseEmitted: since }, value: state };
    });
    if (news === undefined) return;
    const now = store.now().earliest;
    const fields = fieldsOf(news, 'paused', now - news.pauseEmitted);
    const pause = pauseAt(news, now);
    if (pause === undefined) telemetry.event('GateChanged', fields);
    else {
      const until = pause.until === undefined ? undefined : new Date(pause.until).toISOString();
      const why = { cause: 'paused', reason: pause.reason, until };
      telemetry.event('GateChanged', { ...fields, state: 'closed', closedMs: undefined, ...why });
    }
  } catch (error) {
    // The next tick looks again.
    if (!(error instanceof Unavailable)) throw error;
    telemetry.warn(`Whether the gate is paused could not be read: ${error.message}`);
  }
}

/** The gate is closed, or open after so long for this cause. */
const fieldsOf = ({ closure, limit }: GateState, cause: string | undefined, closedMs: number) => ({
  state: closure === undefined ? 'open' : 'closed',
  closedMs: closure === undefined ? Math.max(0, closedMs) : undefined,
  cause: closure?.cause ?? cause,
  reason: closure?.reason,
  until: closure === undefined ? undefined : new Date(closure.until).toISOString(),
  limit: Math.round(limit),
});
