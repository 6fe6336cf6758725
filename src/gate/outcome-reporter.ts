/** Reports the outcomes of calls to the gate. The last step of each call; one that passes costs no request, unless it changes something. */
import { afterReport, closedMs, serverWait, type Witness } from '../domain/gate/circuit-rules.ts';
import { closureNow } from '../domain/gate/gate-state.ts';
import type { CallReport } from '../domain/gate/permit.ts';
import type { Gate, Verdict } from '../ports/gate.ts';
import { Unavailable } from '../ports/unavailable.ts';
import { changeGate } from './change-gate.ts';
import type { Circuit } from './circuit.ts';
import { type GateParts, toLocal } from './gate-parts.ts';
import { recentSuccesses } from './recent-successes.ts';

export function outcomeReporter(
  parts: Omit<GateParts, 'random'>,
  circuit: Circuit,
): Pick<Gate, 'report' | 'lastOkOfOthers'> {
  const { store, clock, telemetry, settings, instance } = parts;
  const successes = recentSuccesses();

  async function report(outcome: CallReport): Promise<Verdict> {
    if (outcome.kind === 'ok') {
      successes.note(outcome.customerId, clock.now());
      const seen = store.lastSeen();
      const isNews =
        seen === undefined ||
        afterReport(seen, outcome, store.now(), witness(outcome), settings).state !== seen;
      if (!isNews) return { kind: 'open' };
    }
    try {
      return await write(outcome);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      return unwritten(outcome, error);
    }
  }

  async function write(outcome: CallReport): Promise<Verdict> {
    const { before, after, value } = await changeGate(store, telemetry, (state, time) => {
      const reported = afterReport(state, outcome, time, witness(outcome), settings);
      return { state: reported.state, value: reported.customerUntil };
    });
    if (value !== undefined) return { kind: 'customer', until: toLocal(parts, value) };
    const closure = closureNow(after, store.now().earliest, settings);
    if (closure === undefined) {
      circuit.open(before.closure !== undefined && after.closure === undefined);
      return { kind: 'open' };
    }
    circuit.close(circuit.closedBy(closure));
    return { kind: 'closed', until: toLocal(parts, closure.until), reason: closure.reason };
  }

  /** The caller has an answer to record, so it must not fail here; a Retry-After is kept by this instance at least. */
  function unwritten(outcome: CallReport, error: Unavailable): Verdict {
    telemetry.warn(
      `The outcome of a call (${outcome.kind}) could not be reported to the gate: ${error.message}`,
    );
    const wait = askedToWait(outcome);
    if (wait === undefined) return { kind: 'open' };
    const reason = `${wait.why}, known to this instance alone`;
    const closed = { kind: 'closed' as const, until: clock.now() + wait.ms, reason };
    circuit.closeHere(closed);
    return closed;
  }

  function askedToWait(outcome: CallReport): { readonly ms: number; readonly why: string } | undefined {
    if (outcome.kind === 'throttled') {
      const { ms, note } = closedMs(outcome.retryAfterMs, settings);
      return { ms, why: `throttled (429)${note}` };
    }
    const ms = outcome.kind === 'unknown' ? serverWait(outcome.retryAfterMs, settings) : 0;
    return ms === 0 ? undefined : { ms, why: 'a server error asked to wait (Retry-After)' };
  }

  function witness(outcome: CallReport): Witness {
    const passed = outcome.kind === 'auth' ? undefined : successes.ofOthers(outcome.customerId);
    const ahead = store.now().earliest - clock.now();
    return { instance, othersPassed: passed === undefined ? undefined : passed + ahead };
  }

  return { report, lastOkOfOthers: successes.ofOthers };
}
