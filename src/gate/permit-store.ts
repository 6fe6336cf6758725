/** The permit store of one lane: the permits that this instance holds, and when and how it leases the next batch of them from the row. */
import type { GateSettings } from '../domain/gate/gate-settings.ts';
import { dayOf } from '../domain/gate/gate-state.ts';
import type { Lane, Permit } from '../domain/gate/permit.ts';
import { leasePermits } from '../domain/gate/permit-batches.ts';
import { changeGate } from './change-gate.ts';
import { dailyQuota } from './daily-quota.ts';
import { type GateParts, toLocal } from './gate-parts.ts';

export type PermitStore = ReturnType<typeof permitStore>;

/** A permit leaves its caller at least a quarter of its life; an instance that was frozen has none left. */
export const isUsable = (permit: Permit, now: number, settings: GateSettings): boolean =>
  now < permit.notBefore + 0.75 * settings.permitLifeMs;

/** All times are local. */
export function permitStore(lane: Lane, parts: Omit<GateParts, 'random'>) {
  const { store, clock, telemetry, settings, instance } = parts;
  const { permitBatchAheadMs, permitLifeMs } = settings;
  const quota = dailyQuota();
  /** In the order of their times. */
  let permits: Permit[] = [];
  /** When to come back for what was not there; undefined: any time. */
  let comeBackAt: number | undefined;
  let leasedAt = 0;
  let isLeasing = false;

  /** Leases the next batch, unless nobody lacks a permit any more (undefined). `keep` takes its permits. Throws `Unavailable`. */
  async function lease(waiting: () => number) {
    isLeasing = true;
    leasedAt = clock.now();
    const onTime = comeBackAt !== undefined && leasedAt < comeBackAt + permitBatchAheadMs;
    try {
      const { value: batch } = await changeGate(store, telemetry, (state, time) => {
        const want = waiting() - permits.length;
        if (want <= 0) return { state, value: undefined };
        const spare = quota.spare(permits.length, dayOf(time.earliest), clock.now());
        const leased = leasePermits(state, time, { lane, want, instance, onTime, quota: spare }, settings);
        return { state: leased.state, value: leased.batch };
      });
      comeBackAt = undefined;
      if (batch === undefined || batch.kind === 'closed') return batch;
      quota.add(batch.quota);
      if (batch.comeBackAt !== undefined) comeBackAt = toLocal(parts, batch.comeBackAt);
      const local = batch.permits.map((time) => ({ lane, notBefore: toLocal(parts, time) }));
      return { kind: batch.kind, permits: local, isLate: clock.now() - leasedAt >= permitLifeMs };
    } catch (error) {
      comeBackAt = undefined;
      throw error;
    } finally {
      isLeasing = false;
    }
  }

  /**
   * When to lease the next batch for so many callers. Wants that come one by one are gathered: until the permits at hand are nearly
   * used, and for an eighth of a permit batch after the lease before, so that no instance keeps the row to itself.
   */
  function leaseAt(waiting: number): number {
    if (isLeasing || waiting <= permits.length) return Infinity;
    const last = permits.at(-1);
    return Math.max(
      comeBackAt ?? 0,
      leasedAt + permitBatchAheadMs / 8,
      last === undefined ? 0 : last.notBefore - permitBatchAheadMs / 4,
    );
  }

  return {
    lease,
    leaseAt,
    comeBackAt: () => comeBackAt ?? 0,
    /** When the next permit may be used. */
    nextAt: () => permits[0]?.notBefore ?? Infinity,
    /** Takes out the first permit whose time has come. Those that leave a caller too little time are dropped. */
    next: (): Permit | undefined => {
      const now = clock.now();
      permits = permits.filter((permit) => isUsable(permit, now, settings));
      return permits[0] !== undefined && permits[0].notBefore <= now ? permits.shift() : undefined;
    },
    keep: (more: readonly Permit[]) => {
      permits = [...permits, ...more].sort((a, b) => a.notBefore - b.notBefore);
    },
    /** The gate is closed, or was: permits and reservations of before count no more. */
    drop: () => {
      permits = [];
      comeBackAt = undefined;
    },
    /** Until its end a permit that is with a caller may start a job. */
    handedOut: ({ notBefore }: Permit) => quota.out(notBefore + permitLifeMs),
    unused: ({ notBefore }: Permit) => quota.back(notBefore + permitLifeMs),
    jobStarted: quota.started,
  };
}
