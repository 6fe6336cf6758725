import type { Chance } from '../chance.ts';
import type { Clock } from '../clock.ts';
import type { Telemetry } from '../telemetry.ts';
import { callReports } from './call-reports.ts';
import {
  type Counter,
  counter,
  handOut,
  inLine,
  isUsable,
  leaseAt,
  nextEvent,
  rank,
  type Waiter,
} from './counter.ts';
import type { Gate, Lane, Slot, Taken } from './gate.ts';
import { dayOf, type GateState } from './gate-state.ts';
import type { GateStore } from './gate-store.ts';
import { type Lot, leaseLot } from './lots.ts';
import { jobPermits } from './permits.ts';
import { withoutProbe } from './reports.ts';
import type { GateSettings } from './settings.ts';
import { tellChange } from './tell-change.ts';

export interface SharedGate extends Gate {
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
  /** A Retry-After that could not be written: this instance alone knows of it, and obeys to its end, whatever the row says. */
  let untold: Closed | undefined;
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

  function barredNow(): Closed | undefined {
    const now = clock.now();
    if (untold !== undefined && now < untold.until) return untold;
    return closed !== undefined && now < Math.min(closed.goodUntil, closed.taken.until)
      ? closed.taken
      : undefined;
  }

  function take(place: Waiter['rank'], lane: Lane, giveUpAt: number): Promise<Taken> {
    const barred = barredNow();
    if (barred !== undefined) return Promise.resolve(barred);
    const mine = counters[lane];
    return new Promise((resolve, reject) => {
      mine.waiters = inLine(mine.waiters, { rank: place, giveUpAt, resolve, reject });
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
      tellChange(telemetry, before, after, store.now().atLeast);
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
    const barred = barredNow();
    if (barred !== undefined) {
      // Asked for before the 429: nobody here may use it.
      if (lot.kind === 'probe') dropProbe();
      turnAway(barred, [mine]);
      return;
    }
    if (lot.kind === 'probe') {
      // So late, after a standstill or a slow answer, the gate may be shut for another reason: give it back, and ask again.
      if (clock.now() - mine.leasedAt >= settings.slotLifeMs) dropProbe();
      else handProbe(mine);
      return;
    }
    if (lot.turn !== undefined) mine.turn = toLocal(lot.turn);
    const slots = lot.slots.map((time) => ({ lane: mine.lane, notBefore: toLocal(time) }));
    mine.slots = [...mine.slots, ...slots].sort((a, b) => a.notBefore - b.notBefore);
  }

  /**
   * One probe, one caller: the others hear soon that the gate is closed. It may go at once: by the storage's clock, which the
   * first answers tell within a second only, it could seem stale already, and no other comes until it lapses.
   */
  function handProbe(mine: Counter): void {
    const slot = { lane: mine.lane, notBefore: clock.now() };
    probe = slot;
    mine.slots = [slot];
    hand(mine, clock.now());
    if (!mine.slots.includes(slot)) return;
    // Who wanted it gave up meanwhile.
    mine.slots = [];
    dropProbe();
  }

  /** Without it the probe lapses by itself, only later. Who asks next may have it: that it was out is no news any more. */
  function dropProbe(): void {
    probe = undefined;
    closed = undefined;
    store
      .change((state) => ({ state: withoutProbe(state, instance), value: undefined }))
      .catch(() => undefined);
  }

  /** Nobody here waits for what is closed; each instance comes back at a moment of its own. */
  function close(
    lot: { readonly until: number; readonly reason: string; readonly wide: boolean },
    at: Counter,
  ): void {
    const until = toLocal(lot.until) + chance.fraction() * settings.slotLifeMs;
    const taken: Closed = { kind: 'closed', until, reason: lot.reason };
    if (lot.wide) closed = { taken, goodUntil: clock.now() + settings.slotLifeMs };
    turnAway(taken, lot.wide ? Object.values(counters) : [at]);
  }

  function turnAway(taken: Closed, lanes: readonly Counter[]): void {
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

  function giveBack(slot: Slot, spent = false): void {
    const mine = counters[slot.lane];
    if (mine.lane === 'worker' && !spent) permits.back(slot.notBefore + settings.slotLifeMs);
    if (slot === probe) {
      const isWanted = !spent && mine.waiters.length > 0 && isUsable(slot, clock.now(), settings);
      if (!isWanted) dropProbe();
      else {
        mine.slots = [slot];
        hand(mine, clock.now());
      }
    } else if (!spent) mine.slots = [slot, ...mine.slots];
    stir();
  }

  const reports = callReports({
    store,
    clock,
    telemetry,
    settings,
    instance,
    toLocal,
    opened: () => {
      closed = undefined;
    },
    shut: (barred) => close({ ...barred, wide: true }, counters.worker),
    shutHere: (taken) => {
      untold = taken;
      turnAway(taken, Object.values(counters));
    },
  });

  const gate = {
    take: (lane: Lane, giveUpAt: number, begun = false) =>
      take(begun ? rank.begun : rank.fresh, lane, giveUpAt),
    giveBack,
    ...reports,
    customerUntil,
    jobStarted: permits.started,
  };
  return { ...gate, urgent: { ...gate, take: (lane, giveUpAt) => take(rank.urgent, lane, giveUpAt) } };
}
