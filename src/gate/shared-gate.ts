/**
 * The gate as the callers of one instance share it. They wait (wait-queue.ts) for permits, which come in small batches from the gate's
 * row (permit-store.ts); what their calls meet closes and opens it for all (circuit.ts, outcome-reporter.ts).
 */
import { workerShare } from '../domain/gate/gate-settings.ts';
import { closureNow, dayOf, endOfDay } from '../domain/gate/gate-state.ts';
import type { Gate, GateStanding } from '../ports/gate.ts';
import { circuit } from './circuit.ts';
import { type GateParts, toLocal } from './gate-parts.ts';
import { outcomeReporter } from './outcome-reporter.ts';
import { permitStore } from './permit-store.ts';
import { serveLane } from './serve-lane.ts';
import { rank } from './wait-queue.ts';

export interface SharedGate extends Gate {
  /** To be called when a call of this instance has opened the gate for all. */
  onOpened(listener: () => void): void;
  /** The same gate for those who are served first: the next permit of this instance is theirs. */
  readonly urgent: Gate;
}

export function sharedGate(given: Omit<GateParts, 'instance'>): SharedGate {
  const parts = { ...given, instance: given.random.guid() };
  const { store, clock, settings } = parts;
  const state = circuit(parts);
  const permits = permitStore('worker', parts);
  const lanes = {
    worker: serveLane(permits, state, parts),
    poller: serveLane(permitStore('poller', parts), state, parts),
  };
  state.onClosed((closed) => {
    for (const lane of Object.values(lanes)) lane.turnAway(closed);
  });

  function customerUntil(customerId: string): number | undefined {
    const known = store.lastSeen()?.throttledCustomers.find(({ customer }) => customer === customerId);
    // A call that was under way at the 429 may pass after it. That shows whose limit it was, and shortens no Retry-After.
    if (known === undefined) return undefined;
    const until = toLocal(parts, known.until);
    // guard: Gate: a customer's Retry-After is obeyed by every instance [replace: undefined]
    return until > clock.now() ? until : undefined;
  }

  async function standing(): Promise<GateStanding> {
    const row = await store.read();
    const now = store.now().earliest;
    const closure = closureNow(row, now, settings);
    if (closure?.trialWanted) return { kind: 'trial' };
    const jobs = row.day === dayOf(now) ? row.jobs : 0;
    const isSpent = settings.maxJobsPerDay !== undefined && jobs >= settings.maxJobsPerDay;
    const until = closure?.until ?? (isSpent ? endOfDay(now) : undefined);
    if (until !== undefined) return { kind: 'closed', until: toLocal(parts, until) };
    return { kind: 'open', permitsPerMinute: row.limit * workerShare };
  }

  const gate: Gate = {
    take: (lane, giveUpAt, begun = false) => lanes[lane].take(begun ? rank.begun : rank.fresh, giveUpAt),
    giveBack: (permit, spent = false) => lanes[permit.lane].giveBack(permit, spent),
    ...outcomeReporter(parts, state),
    customerUntil,
    standing,
    jobStarted: permits.jobStarted,
  };
  return {
    ...gate,
    onOpened: state.onOpened,
    urgent: { ...gate, take: (lane, giveUpAt) => lanes[lane].take(rank.urgent, giveUpAt) },
  };
}
