/** One lane of one instance: brings its wait queue and its permit store together, while somebody waits. The whole of `take` and `giveBack`. */
import type { Permit } from '../domain/gate/permit.ts';
import type { Closed, Taken } from '../ports/gate.ts';
import type { Circuit } from './circuit.ts';
import type { GateParts } from './gate-parts.ts';
import { isUsable, type PermitStore } from './permit-store.ts';
import { type Rank, waitQueue } from './wait-queue.ts';

export function serveLane(
  permits: PermitStore,
  circuit: Circuit,
  { clock, settings }: Pick<GateParts, 'clock' | 'settings'>,
) {
  const queue = waitQueue();
  let isServing = false;
  let changed = Promise.withResolvers<void>();

  function wake(): void {
    changed.resolve();
    changed = Promise.withResolvers();
  }

  /** Runs while somebody waits. */
  async function serve(): Promise<void> {
    isServing = true;
    for (;;) {
      for (let permit = next(); permit !== undefined; permit = next()) handOut(permit);
      const now = clock.now();
      queue.turnAwayLate(now, Math.max(now, permits.comeBackAt()) + settings.permitBatchAheadMs);
      if (queue.size() === 0) break;
      if (now >= permits.leaseAt(queue.size())) void lease();
      const event = Math.min(queue.nextGiveUp(), permits.nextAt(), permits.leaseAt(queue.size()));
      // Never long: a sleep cannot be called off, and would keep a finished process alive.
      const wait = Math.min(event - now, settings.permitBatchAheadMs);
      await Promise.race([clock.sleep(Math.max(1, wait)), changed.promise]);
    }
    isServing = false;
  }

  const next = (): Permit | undefined => (queue.size() > 0 ? permits.next() : undefined);

  function handOut(permit: Permit): void {
    permits.handedOut(permit);
    queue.serve(permit);
  }

  async function lease(): Promise<void> {
    try {
      receive(await permits.lease(queue.size));
    } catch (error) {
      queue.fail(error);
    } finally {
      wake();
    }
  }

  function receive(batch: Awaited<ReturnType<PermitStore['lease']>>): void {
    if (batch === undefined) return;
    if (batch.kind === 'closed') {
      const closed = circuit.closedBy(batch);
      if (batch.wide) circuit.close(closed);
      else turnAway(closed);
      return;
    }
    circuit.open();
    const closed = circuit.closed();
    const isTrial = batch.kind === 'trial';
    // A trial call that comes so late, after a standstill or a slow answer, may meet a gate that is closed for another reason.
    // What was asked for before a 429 is not used either.
    if (isTrial && (closed !== undefined || batch.isLate)) circuit.dropTrial();
    if (closed !== undefined) turnAway(closed);
    else if (!isTrial) permits.keep(batch.permits);
    else if (!batch.isLate) offerTrial(batch.permits);
  }

  /**
   * One trial call, one caller: the others hear soon that the gate is closed. It may go at once: by the storage's clock, which the
   * first answers show within a second only, it could seem stale already, and no other comes until it lapses.
   */
  function offerTrial([given]: readonly Permit[]): void {
    if (given === undefined) return;
    const permit = { ...given, notBefore: clock.now() };
    permits.drop();
    circuit.startTrial(permit);
    // Who wanted it may have given up meanwhile.
    if (queue.size() > 0) handOut(permit);
    else circuit.dropTrial();
  }

  /** Nobody here waits for what is closed. */
  function turnAway(closed: Closed): void {
    permits.drop();
    queue.turnAway(closed);
    wake();
  }

  function take(rank: Rank, giveUpAt: number): Promise<Taken> {
    const closed = circuit.closed();
    if (closed !== undefined) return Promise.resolve(closed);
    const taken = queue.join(rank, giveUpAt);
    wake();
    if (!isServing) void serve();
    return taken;
  }

  /** `spent`: its call was made. */
  function giveBack(permit: Permit, spent: boolean): void {
    if (!spent) permits.unused(permit);
    if (!circuit.isTrial(permit)) {
      if (!spent) permits.keep([permit]);
    } else if (!spent && queue.size() > 0 && isUsable(permit, clock.now(), settings)) handOut(permit);
    else circuit.dropTrial();
    wake();
  }

  return { take, giveBack, turnAway };
}
