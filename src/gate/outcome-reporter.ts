import type { GateSettings } from '../domain/gate/gate-settings.ts';
import { type Closure, closureOf } from '../domain/gate/gate-state.ts';
import type { CallReport } from '../domain/gate/permit.ts';
import type { Clock } from '../ports/clock.ts';
import type { Verdict } from '../ports/gate.ts';
import type { GateStore } from '../ports/gate-store.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import { Unavailable } from '../ports/unavailable.ts';
import { afterReport, closingTime, serverWait, type Witness } from './circuit.ts';
import { lastPasses } from './recent-successes.ts';
import { tellChange } from './report-change.ts';

export interface CallReportsParts {
  readonly store: GateStore;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly settings: GateSettings;
  readonly instance: string;
  /** What this instance does when it hears how the gate stands. */
  readonly opened: (wasClosed: boolean) => void;
  readonly close: (closure: Closure) => void;
  /** Nobody else knows of it. Local time. */
  readonly closeHere: (closed: Extract<Verdict, { kind: 'closed' }>) => void;
  readonly toLocal: (storageTime: number) => number;
}

export interface CallReports {
  report(told: CallReport): Promise<Verdict>;
  lastOkOfOthers(customerId: string): number | undefined;
}

/** What the calls of this instance tell the gate. A call that passes costs no request, unless it changes something. */
export function callReports(parts: CallReportsParts): CallReports {
  const { store, clock, telemetry, settings, instance, toLocal } = parts;
  const passes = lastPasses();

  async function report(told: CallReport): Promise<Verdict> {
    if (told.kind === 'ok') {
      passes.note(told.customerId, clock.now());
      const state = store.lastSeen();
      if (
        state !== undefined &&
        afterReport(state, told, store.now(), witness(told), settings).state === state
      )
        return { kind: 'open' };
    }
    try {
      return await write(told);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      return unwritten(told, error);
    }
  }

  async function write(told: CallReport): Promise<Verdict> {
    const { before, after, customerUntil } = await store.change((state, time) => {
      const result = afterReport(state, told, time, witness(told), settings);
      return {
        state: result.state,
        value: { before: state, after: result.state, customerUntil: result.customerUntil },
      };
    });
    tellChange(telemetry, before, after, store.now().atLeast);
    if (customerUntil !== undefined) return { kind: 'customer', until: toLocal(customerUntil) };
    const closure = closureOf(after, store.now().atLeast, settings);
    if (closure === undefined) {
      parts.opened(before.closing !== undefined && after.closing === undefined);
      return { kind: 'open' };
    }
    parts.close(closure);
    return { kind: 'closed', until: toLocal(closure.until), reason: closure.reason };
  }

  /** The caller has an answer to record, so it must not fail here; a Retry-After is kept by this instance at least. */
  function unwritten(told: CallReport, error: Unavailable): Verdict {
    telemetry.warn(`The gate could not be told of a call (${told.kind}): ${error.message}`);
    const asked = askedToWait(told);
    if (asked === undefined) return { kind: 'open' };
    const closed = {
      kind: 'closed' as const,
      until: clock.now() + asked.ms,
      reason: `${asked.why}, known to this instance alone`,
    };
    parts.closeHere(closed);
    return closed;
  }

  function askedToWait(told: CallReport): { readonly ms: number; readonly why: string } | undefined {
    if (told.kind === 'throttled') {
      const { ms, note } = closingTime(told.retryAfterMs, settings);
      return { ms, why: `throttled (429)${note}` };
    }
    const ms = told.kind === 'unknown' ? serverWait(told.retryAfterMs, settings) : 0;
    return ms === 0 ? undefined : { ms, why: 'a server error asked to wait (Retry-After)' };
  }

  function witness(told: CallReport): Witness {
    const passed = told.kind === 'auth' ? undefined : passes.ofOthers(told.customerId);
    return {
      instance,
      othersPassed: passed === undefined ? undefined : passed - clock.now() + store.now().atLeast,
    };
  }

  return { report, lastOkOfOthers: passes.ofOthers };
}
