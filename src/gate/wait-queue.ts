import type { GateSettings } from '../domain/gate/gate-settings.ts';
import type { Lane, Permit } from '../domain/gate/permit.ts';
import type { Taken } from '../ports/gate.ts';

/**
 * Who is served first. A delivery that has made a call comes before those that have not: else, with more callers than permits, each
 * would make its first call, wait for its second for longer than it may, reschedule, and begin anew.
 */
export const rank = { urgent: 0, begun: 1, fresh: 2 } as const;

export interface Waiter {
  readonly rank: (typeof rank)[keyof typeof rank];
  readonly giveUpAt: number;
  readonly resolve: (taken: Taken) => void;
  readonly reject: (error: unknown) => void;
}

/** What one instance has and wants in a lane. Times are local. */
export interface Counter {
  readonly lane: Lane;
  /** In the order in which they are served. */
  waiters: Waiter[];
  /** In the order of their times. */
  permits: Permit[];
  /** When the entity wants us to come for more; undefined: any time. */
  turn: number | undefined;
  leasedAt: number;
  leasing: boolean;
  serving: boolean;
}

export const counter = (lane: Lane): Counter => ({
  lane,
  waiters: [],
  permits: [],
  turn: undefined,
  leasedAt: 0,
  leasing: false,
  serving: false,
});

/** By rank, and within a rank in the order in which they came. */
export function inLine(waiters: readonly Waiter[], next: Waiter): Waiter[] {
  const place = waiters.findIndex((waiter) => waiter.rank > next.rank);
  return place < 0 ? [...waiters, next] : waiters.toSpliced(place, 0, next);
}

/** A permit leaves its caller at least a quarter of its life; an instance that was frozen has none left. */
export const isUsable = (permit: Permit, now: number, settings: GateSettings): boolean =>
  now < permit.notBefore + 0.75 * settings.permitLifeMs;

/** Gives every permit whose time has come to who is next, and tells who waited long enough. */
export function handOut(
  mine: Counter,
  now: number,
  settings: GateSettings,
  out: (permit: Permit) => void,
): void {
  mine.permits = mine.permits.filter((permit) => isUsable(permit, now, settings));
  while (mine.waiters.length > 0) {
    const permit = mine.permits[0];
    if (permit === undefined || permit.notBefore > now) break;
    const waiter = mine.waiters.shift();
    mine.permits.shift();
    out(permit);
    waiter?.resolve({ kind: 'permit', permit });
  }
  const late = mine.waiters.filter(({ giveUpAt }) => giveUpAt <= now);
  if (late.length === 0) return;
  mine.waiters = mine.waiters.filter(({ giveUpAt }) => giveUpAt > now);
  const until = Math.max(now, mine.turn ?? 0) + settings.permitBatchAheadMs;
  for (const { resolve } of late) resolve({ kind: 'busy', until });
}

/**
 * When to lease the next permit batch; never while one is on its way, or nobody lacks a permit. Wants that come one by one are
 * gathered: until the permits at hand are nearly used, and for an eighth of a permit batch after the lease before, so that no
 * instance keeps the row to itself.
 */
export function leaseAt(mine: Counter, settings: GateSettings): number {
  if (mine.leasing || mine.waiters.length <= mine.permits.length) return Infinity;
  const last = mine.permits.at(-1);
  return Math.max(
    mine.turn ?? 0,
    mine.leasedAt + settings.permitBatchAheadMs / 8,
    last === undefined ? 0 : last.notBefore - settings.permitBatchAheadMs / 4,
  );
}

/** When something happens next at the latest, if nobody comes. */
export function nextEvent(mine: Counter, settings: GateSettings): number {
  return Math.min(
    ...mine.waiters.map(({ giveUpAt }) => giveUpAt),
    mine.permits[0]?.notBefore ?? Infinity,
    leaseAt(mine, settings),
  );
}
