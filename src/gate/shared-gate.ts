import { type GateSettings, workerShare } from '../domain/gate/gate-settings.ts';
import { closureOf, dayOf, endOfDay, type GateState } from '../domain/gate/gate-state.ts';
import type { Lane, Permit } from '../domain/gate/permit.ts';
import type { Clock } from '../ports/clock.ts';
import type { Gate, GateStanding, Taken } from '../ports/gate.ts';
import type { GateStore } from '../ports/gate-store.ts';
import type { Random } from '../ports/random.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import { withoutProbe } from './circuit.ts';
import { dailyQuota } from './daily-quota.ts';
import { callReports } from './outcome-reporter.ts';
import { leasePermits, type PermitBatch } from './permit-batches.ts';
import { tellChange } from './report-change.ts';
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
} from './wait-queue.ts';

export interface SharedGate extends Gate {
  /** To be told when a call of this instance has opened the gate for all. */
  onOpened(listener: () => void): void;
  /** The same gate for those who are served first: the next permit of this instance is theirs. */
  readonly urgent: Gate;
}

export interface SharedGateParts {
  readonly store: GateStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly settings: GateSettings;
}

type Closed = Extract<Taken, { kind: 'closed' }>;

/** What a lease did to the gate; without a permit batch nobody wanted one any more. */
interface Leased {
  readonly before: GateState;
  readonly after: GateState;
  readonly batch: PermitBatch | undefined;
}

/** The gate as the callers of one instance share it: they queue here, and small permit batches come from the entity. */
export function sharedGate({ store, clock, random, telemetry, settings }: SharedGateParts): SharedGate {
  const instance = random.guid();
  const counters: Record<Lane, Counter> = { worker: counter('worker'), poller: counter('poller') };
  const quota = dailyQuota();
  /** The last reading that found the gate closed, and when it grows too old to be believed. */
  let closed: { readonly taken: Closed; readonly goodUntil: number } | undefined;
  /** A Retry-After that could not be written: this instance alone knows of it, and obeys to its end, whatever the row says. */
  let untold: Closed | undefined;
  let probe: Permit | undefined;
  const listeners: (() => void)[] = [];
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

  function closureNow(): Closed | undefined {
    const now = clock.now();
    if (untold !== undefined && now < untold.until) return untold;
    return closed !== undefined && now < Math.min(closed.goodUntil, closed.taken.until)
      ? closed.taken
      : undefined;
  }

  function take(place: Waiter['rank'], lane: Lane, giveUpAt: number): Promise<Taken> {
    const closure = closureNow();
    if (closure !== undefined) return Promise.resolve(closure);
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
      const next = Math.min(nextEvent(mine, settings), now + settings.permitBatchAheadMs);
      await Promise.race([clock.sleep(Math.max(1, next - now)), woken]);
    }
    mine.serving = false;
  }

  function hand(mine: Counter, now: number): void {
    handOut(mine, now, settings, ({ lane, notBefore }) => {
      if (lane === 'worker') quota.out(notBefore + settings.permitLifeMs);
    });
  }

  async function lease(mine: Counter): Promise<void> {
    mine.leasing = true;
    mine.leasedAt = clock.now();
    try {
      const inTurn = mine.turn !== undefined && clock.now() < mine.turn + settings.permitBatchAheadMs;
      const { before, after, batch } = await store.change<Leased>((state, time) => {
        const held = counters.worker.permits.length;
        const spare = quota.spare(held, dayOf(time.atLeast), clock.now());
        const want = mine.waiters.length - mine.permits.length;
        const ask = { lane: mine.lane, want, instance, inTurn, quota: spare };
        if (want <= 0) return { state, value: { before: state, after: state, batch: undefined } };
        const leased = leasePermits(state, time, ask, settings);
        return { state: leased.state, value: { before: state, after: leased.state, batch: leased.batch } };
      });
      tellChange(telemetry, before, after, store.now().atLeast);
      mine.turn = undefined;
      if (batch !== undefined) receive(mine, batch);
    } catch (error) {
      mine.turn = undefined;
      for (const { reject } of mine.waiters.splice(0)) reject(error);
    } finally {
      mine.leasing = false;
      stir();
    }
  }

  function receive(mine: Counter, batch: PermitBatch): void {
    if (batch.kind === 'closed') {
      close(batch, mine);
      return;
    }
    closed = undefined;
    quota.add(batch.quota);
    const closure = closureNow();
    if (closure !== undefined) {
      // Asked for before the 429: nobody here may use it.
      if (batch.kind === 'probe') dropProbe();
      turnAway(closure, [mine]);
      return;
    }
    if (batch.kind === 'probe') {
      // So late, after a standstill or a slow answer, the gate may be closed for another reason: give it back, and ask again.
      if (clock.now() - mine.leasedAt >= settings.permitLifeMs) dropProbe();
      else handProbe(mine);
      return;
    }
    if (batch.turn !== undefined) mine.turn = toLocal(batch.turn);
    const permits = batch.permits.map((time) => ({ lane: mine.lane, notBefore: toLocal(time) }));
    mine.permits = [...mine.permits, ...permits].sort((a, b) => a.notBefore - b.notBefore);
  }

  /**
   * One probe, one caller: the others hear soon that the gate is closed. It may go at once: by the storage's clock, which the
   * first answers tell within a second only, it could seem stale already, and no other comes until it lapses.
   */
  function handProbe(mine: Counter): void {
    const permit = { lane: mine.lane, notBefore: clock.now() };
    probe = permit;
    mine.permits = [permit];
    hand(mine, clock.now());
    if (!mine.permits.includes(permit)) return;
    // Who wanted it gave up meanwhile.
    mine.permits = [];
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
    batch: { readonly until: number; readonly reason: string; readonly wide: boolean },
    at: Counter,
  ): void {
    const until = toLocal(batch.until) + random.fraction() * settings.permitLifeMs;
    const taken: Closed = { kind: 'closed', until, reason: batch.reason };
    if (batch.wide) closed = { taken, goodUntil: clock.now() + settings.permitLifeMs };
    turnAway(taken, batch.wide ? Object.values(counters) : [at]);
  }

  function turnAway(taken: Closed, lanes: readonly Counter[]): void {
    for (const mine of lanes) {
      mine.permits = [];
      for (const { resolve } of mine.waiters.splice(0)) resolve(taken);
    }
    stir();
  }

  function customerUntil(customerId: string): number | undefined {
    const throttled = store.lastSeen()?.throttledCustomers.find(({ customer }) => customer === customerId);
    // A call that was under way at the 429 may pass after it. That tells whose limit it was, and shortens no Retry-After.
    if (throttled === undefined) return undefined;
    const until = toLocal(throttled.until);
    return until > clock.now() ? until : undefined;
  }

  async function standing(): Promise<GateStanding> {
    const state = await store.read();
    const now = store.now().atLeast;
    const closure = closureOf(state, now, settings);
    if (closure !== undefined)
      return closure.probeWanted ? { kind: 'trial' } : { kind: 'closed', until: toLocal(closure.until) };
    const jobs = state.day === dayOf(now) ? state.jobs : 0;
    if (settings.maxJobsPerDay !== undefined && jobs >= settings.maxJobsPerDay)
      return { kind: 'closed', until: toLocal(endOfDay(now)) };
    return { kind: 'open', permitsPerMinute: state.limit * workerShare };
  }

  function giveBack(permit: Permit, spent = false): void {
    const mine = counters[permit.lane];
    if (mine.lane === 'worker' && !spent) quota.back(permit.notBefore + settings.permitLifeMs);
    if (permit === probe) {
      const isWanted = !spent && mine.waiters.length > 0 && isUsable(permit, clock.now(), settings);
      if (!isWanted) dropProbe();
      else {
        mine.permits = [permit];
        hand(mine, clock.now());
      }
    } else if (!spent) mine.permits = [permit, ...mine.permits];
    stir();
  }

  const reports = callReports({
    store,
    clock,
    telemetry,
    settings,
    instance,
    toLocal,
    opened: (wasClosed) => {
      closed = undefined;
      if (wasClosed) for (const listener of listeners) listener();
    },
    close: (closure) => close({ ...closure, wide: true }, counters.worker),
    closeHere: (taken) => {
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
    standing,
    jobStarted: quota.started,
  };
  const onOpened = (listener: () => void) => void listeners.push(listener);
  return {
    ...gate,
    onOpened,
    urgent: { ...gate, take: (lane, giveUpAt) => take(rank.urgent, lane, giveUpAt) },
  };
}
