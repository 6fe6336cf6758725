/** What `GET /api/health` answers: tables, gate and last tick. A request also starts a tick if the heartbeat is old. */

import type { GateSettings } from '../domain/gate/gate-settings.ts';
import { closureNow, pauseAt, trialSince } from '../domain/gate/gate-state.ts';
import { omitUndefined } from '../domain/omit-undefined.ts';
import type { GateStore } from '../ports/gate-store.ts';
import type { Heartbeats } from '../ports/heartbeat.ts';
import { Unavailable } from '../ports/unavailable.ts';
import type { HealthView } from './api-shapes.ts';

export interface HealthDeps {
  readonly gate: Pick<GateStore, 'read' | 'now'>;
  readonly gateSettings: GateSettings;
  readonly heartbeats: Pick<Heartbeats, 'read'>;
}

/** For a worker that did not start: nothing was asked. */
export const notStarted = (reason: string): HealthView => ({ healthy: false, tables: 'not-asked', reason });

/** So many minutes may pass without a tick: one comes every minute, and a deployment takes a few. */
const silentMinutes = 5;

/**
 * Whether the worker can work: the tables answer, and ticks end. Without any tick so far it is unhealthy: nothing wakes a job that
 * waits. A closed gate is healthy, and is reported: a restart would not open it. What people wrote into the gate is not in the
 * answer, because anyone may ask.
 */
export async function health({ gate, gateSettings, heartbeats }: HealthDeps): Promise<HealthView> {
  try {
    const [state, heartbeat] = await Promise.all([gate.read(), heartbeats.read()]);
    const { last, credentialReadAt: readAt } = heartbeat ?? {};
    const now = gate.now().earliest;
    const closure = closureNow(state, now, gateSettings);
    const trial = trialSince(state, now, gateSettings);
    const silence = last === undefined ? Infinity : Math.max(0, now - last.endedAt);
    return omitUndefined({
      healthy: silence <= silentMinutes * gateSettings.minuteMs,
      tables: 'reachable' as const,
      gate: omitUndefined({
        open: closure === undefined,
        cause: closure && (pauseAt(state, now) === undefined ? state.closure?.cause : ('paused' as const)),
        until: closure && new Date(closure.until).toISOString(),
        trialCallSince: trial === undefined ? undefined : new Date(trial).toISOString(),
        callsPerMinute: Math.round(state.limit),
        credentialAgeSeconds:
          readAt === undefined ? undefined : Math.max(0, Math.round((now - readAt) / 1_000)),
      }),
      lastTick: last && { at: new Date(last.endedAt).toISOString(), ageSeconds: Math.round(silence / 1_000) },
    });
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return { healthy: false, tables: 'unreachable' };
  }
}

/** Anyone may ask, so the tables are read six times a minute at most. Requests in between get the same answer. */
export function healthReader(deps: HealthDeps, now: () => number): () => Promise<HealthView> {
  let known: { readonly until: number; readonly view: Promise<HealthView> } | undefined;
  return () => {
    const at = now();
    if (known === undefined || at >= known.until)
      known = { until: at + deps.gateSettings.minuteMs / 6, view: health(deps) };
    return known.view;
  };
}
