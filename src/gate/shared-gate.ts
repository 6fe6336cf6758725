import type { Chance } from '../chance.ts';
import type { Clock } from '../clock.ts';
import type { Telemetry } from '../telemetry.ts';
import { Unavailable } from '../unavailable.ts';
import { type Counter, counter, handOut, inLine, leaseAt, nextEvent } from './counter.ts';
import type { CallReport, Gate, Lane, Slot, Taken, Verdict } from './gate.ts';
import { dayOf, type GateState, shut } from './gate-state.ts';
import type { GateStore } from './gate-store.ts';
import { type Lot, leaseLot } from './lots.ts';
import { lastPasses } from './passes.ts';
import { jobPermits } from './permits.ts';
import { afterReport, closingTime, withoutProbe } from './reports.ts';
import type { GateSettings } from './settings.ts';

export interface SharedGate extends Gate {
  /**
   * Until when (local time) this customer's calls, and no other's, would be refused, as far as this instance knows; to
   * be asked before `take`. Costs nothing.
   */
  customerUntil(customerId: string): number | undefined;
  /** The same gate for those who are served first: the next slot of this instance is theirs. */
  readonly urgent: Gate;
}

export interface SharedGateParts {
  readonly store: GateStore;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly telemetry: Telemetry;
  readonly settings: GateSettings;
}

type Closed = Extract<Taken, { kind: 'closed' }>;

/** What a lease did to the gate; without a lot nobody wanted one any more. */
interface Leased {
  readonly before: GateState;
  readonly after: GateState;
  readonly lot: Lot | undefined;
}

/** The gate as the callers of one instance share it: they queue here, and small lots come from the entity. */
export function sharedGate({ store, clock, chance, telemetry, settings }: SharedGateParts): SharedGate {
  const instance = chance.guid();
  const counters: Record<Lane, Counter> = { worker: counter('worker'), poller: counter('poller') };
  const permits = jobPermits();
  /** The last reading that found the gate closed, and when it grows too old to be believed. */
  let closed: { readonly taken: Closed; readonly goodUntil: number } | undefined;
  let probe: Slot | undefined;
  let wake = () => {};
  let woken = new Promise<void>((resolve) => {
    wake = resolve;
  });

  function stir(): void {
    wake();
    woken = new Promise((resolve) => {
      wake = resolve;
    });
  }

  /** The local time at which the storage's clock surely shows `time`. */
  const toLocal = (time: number): number => clock.now() + time - store.now().atLeast;

  function take(urgent: boolean, lane: Lane, giveUpAt: number): Promise<Taken> {
    if (closed !== undefined && clock.now() < Math.min(closed.goodUntil, closed.taken.until))
      return Promise.resolve(closed.taken);
    const mine = counters[lane];
    return new Promise((resolve, reject) => {
      mine.waiters = inLine(mine.waiters, { urgent, giveUpAt, resolve, reject });
      stir();
      if (!mine.serving) void serve(mine);
    });
  }

  /** Runs while somebody waits in the lane. */
  async function serve(mine: Counter): Promise<void> {
    mine.serving = true;
    for (;;) {
      const now = clock.now();
      hand(mine, now);
      if (mine.waiters.length === 0) break;
      if (now >= leaseAt(mine, settings)) void lease(mine);
      // Never long: a sleep cannot be called off, and would keep a finished process alive.
      const next = Math.min(nextEvent(mine, settings), now + settings.lotAheadMs);
      await Promise.race([clock.sleep(Math.max(1, next - now)), woken]);
    }
    mine.serving = false;
  }

  function hand(mine: Counter, now: number): void {
    handOut(mine, now, settings, ({ lane, notBefore }) => {
      if (lane === 'worker') permits.out(notBefore + settings.slotLifeMs);
    });
  }

  async function lease(mine: Counter): Promise<void> {
    mine.leasing = true;
    mine.leasedAt = clock.now();
    try {
      const inTurn = mine.turn !== undefined && clock.now() < mine.turn + settings.lotAheadMs;
      const { before, after, lot } = await store.change<Leased>((state, time) => {
        const held = counters.worker.slots.length;
        const spare = permits.spare(held, dayOf(time.atLeast), clock.now());
        const want = mine.waiters.length - mine.slots.length;
        const ask = { lane: mine.lane, want, instance, inTurn, permits: spare };
        if (want <= 0) return { state, value: { before: state, after: state, lot: undefined } };
        const leased = leaseLot(state, time, ask, settings);
        return { state: leased.state, value: { before: state, after: leased.state, lot: leased.lot } };
      });
      tell(before, after);
      mine.turn = undefined;
      if (lot !== undefined) receive(mine, lot);
    } catch (error) {
      mine.turn = undefined;
      for (const { reject } of mine.waiters.splice(0)) reject(error);
    } finally {
      mine.leasing = false;
      stir();
    }
  }

  function receive(mine: Counter, lot: Lot): void {
    if (lot.kind === 'closed') {
      close(lot, mine);
      return;
    }
    closed = undefined;
    permits.add(lot.permits);
    const times = lot.kind === 'probe' ? [lot.slot] : lot.slots;
    const slots = times.map((time) => ({ lane: mine.lane, notBefore: toLocal(time) }));
    if (lot.kind === 'probe') probe = slots[0];
    else if (lot.turn !== undefined) mine.turn = toLocal(lot.turn);
    mine.slots = [...mine.slots, ...slots].sort((a, b) => a.notBefore - b.notBefore);
    // One probe, one caller: the others hear soon that the gate is closed.
    if (lot.kind === 'probe') hand(mine, clock.now());
  }

  /** Nobody here waits for what is closed; each instance comes back at a moment of its own. */
  function close(
    lot: { readonly until: number; readonly reason: string; readonly wide: boolean },
    at: Counter,
  ): void {
    const until = toLocal(lot.until) + chance.fraction() * settings.slotLifeMs;
    const taken: Closed = { kind: 'closed', until, reason: lot.reason };
    if (lot.wide) shutHere(taken, clock.now() + settings.slotLifeMs, Object.values(counters));
    else shutHere(taken, 0, [at]);
  }

  function shutHere(taken: Closed, goodUntil: number, lanes: readonly Counter[]): void {
    if (goodUntil > 0) closed = { taken, goodUntil };
    for (const mine of lanes) {
      mine.slots = [];
      for (const { resolve } of mine.waiters.splice(0)) resolve(taken);
    }
    stir();
  }

  function customerUntil(customerId: string): number | undefined {
    const suspect = store.lastSeen()?.suspects.find(({ customer }) => customer === customerId);
    if (suspect === undefined || suspect.passed) return undefined;
    const until = toLocal(suspect.until);
    return until > clock.now() ? until : undefined;
  }

  function giveBack(slot: Slot): void {
    const mine = counters[slot.lane];
    if (mine.lane === 'worker') permits.back();
    if (slot === probe && mine.waiters.length === 0) {
      probe = undefined;
      // Without it the probe lapses by itself, only later.
      store
        .change((state) => ({ state: withoutProbe(state, instance), value: undefined }))
        .catch(() => undefined);
      return;
    }
    mine.slots = [slot, ...mine.slots];
    stir();
  }

  const passes = lastPasses();

  async function report(told: CallReport): Promise<Verdict> {
    if (told.kind === 'ok') {
      passes.note(told.customerId, clock.now());
      const state = store.lastSeen();
      // The usual case: nothing that this call could change.
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
    tell(before, after);
    if (customerUntil !== undefined) return { kind: 'customer', until: toLocal(customerUntil) };
    const barred = shut(after, store.now().atLeast, settings);
    if (barred === undefined) {
      closed = undefined;
      return { kind: 'open' };
    }
    close({ ...barred, wide: true }, counters.worker);
    return { kind: 'closed', until: toLocal(barred.until), reason: barred.reason };
  }

  /** The caller has an answer to record, so it must not fail here; a Retry-After is kept by this instance at least. */
  function unwritten(told: CallReport, error: Unavailable): Verdict {
    telemetry.warn(`The gate could not be told of a call (${told.kind}): ${error.message}`);
    if (told.kind !== 'throttled') return { kind: 'open' };
    const { ms, note } = closingTime(told.retryAfterMs, settings);
    const until = clock.now() + ms;
    const taken: Closed = {
      kind: 'closed',
      until,
      reason: `throttled (429)${note}, known to this instance alone`,
    };
    shutHere(taken, until, Object.values(counters));
    return taken;
  }

  function witness(told: CallReport) {
    const passed = told.kind === 'auth' ? undefined : passes.ofOthers(told.customerId);
    return {
      instance,
      othersPassed: passed === undefined ? undefined : passed - clock.now() + store.now().atLeast,
    };
  }

  function tell(before: GateState, after: GateState): void {
    if (before.closing?.cause === after.closing?.cause) return;
    const closedMs = before.closing === undefined ? 0 : store.now().atLeast - before.closing.since;
    telemetry.event('GateChanged', {
      state: after.closing === undefined ? 'open' : 'closed',
      closedMs: after.closing === undefined ? Math.max(0, closedMs) : undefined,
      cause: after.closing?.cause ?? before.closing?.cause,
      reason: after.closing?.reason,
      until: after.closing === undefined ? undefined : new Date(after.closing.until).toISOString(),
      limit: Math.round(after.limit),
    });
  }

  const gate = {
    take: (lane: Lane, giveUpAt: number) => take(false, lane, giveUpAt),
    giveBack,
    report,
    lastOkOfOthers: passes.ofOthers,
    customerUntil,
    jobStarted: permits.started,
  };
  return { ...gate, urgent: { ...gate, take: (lane, giveUpAt) => take(true, lane, giveUpAt) } };
}
