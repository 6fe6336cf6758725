import type { Telemetry } from '../telemetry.ts';
import type { GateState } from './gate-state.ts';

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
