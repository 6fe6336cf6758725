import { withJitter } from '../domain/checkout/backoff.ts';
import { isLate } from '../domain/checkout/claim-rules.ts';
import { type Delivery, decodeDelivery } from '../domain/message/delivery.ts';
import type { QueueMessage } from '../domain/message/queue-message.ts';
import { UnreadableRecord } from '../ports/ledger.ts';
import { Unavailable } from '../ports/unavailable.ts';
import { submit } from './call-checkout.ts';
import { claimJob } from './claim-job.ts';
import { tellFinished } from './commit-result.ts';
import { decideByPerson } from './decide.ts';
import type { Deps } from './deps.ts';
import { runTail } from './finalize.ts';
import { parkWithoutResult } from './park.ts';
import { findOut } from './reconcile.ts';
import { parkNewer, rejectOrPark } from './reject-message.ts';
import { type Run, returnPermit, startRun } from './run.ts';
import { stoppedNow } from './stopped.ts';
import { askAboutUnreadable } from './unreadable-record.ts';
import { waitOrPark } from './wait-for-permit.ts';

/**
 * One delivery of a job. When it returns, the message may be completed: its job is done, or lives on in a copy.
 * It throws only for crashes and bugs, and when not even a copy could be sent.
 */
export async function runJob(deps: Deps, message: QueueMessage): Promise<void> {
  const decoded = decodeDelivery(message);
  if (decoded.kind === 'newer') return orGiveBack(deps, () => parkNewer(deps, message));
  if (decoded.kind === 'rejected')
    return orGiveBack(deps, () => rejectOrPark(deps, message, decoded.rejection));
  const run = startRun(deps, decoded.delivery);
  const { job, ticket, traceparent, firstEnqueued } = decoded.delivery;
  // A job that has no record yet: the oldest of them tells how far the night is behind.
  if (ticket === 0)
    deps.tracing.measure(
      'checkout.job.age',
      Math.max(0, run.startedAt - Math.max(firstEnqueued, job.notBefore ?? 0)) / 1_000,
    );
  const fields = { customerId: job.customerId, cartId: job.cartId, batchId: job.batchId, ticket };
  await deps.tracing.span('checkout job', { parent: traceparent, fields }, async (span) => {
    span.link(message.traceparent);
    try {
      await work(run, decoded.delivery);
    } catch (error) {
      span.fail(error instanceof Error ? error.message : String(error));
      await orGiveBack(deps, () => survive(run, error));
    } finally {
      returnPermit(run);
    }
  });
}

async function work(run: Run, delivery: Delivery): Promise<void> {
  const { clock, times } = run.deps;
  const { notBefore, notAfter } = delivery.job;
  run.stopped = await stoppedNow(run, undefined);
  const over = () => run.stopped !== undefined || isLate(notAfter, clock.now());
  if (notBefore !== undefined && clock.now() < notBefore && !over()) {
    const wait = notBefore - clock.now();
    // The queue's clock may be ahead of ours: its copy, due at `notBefore`, would come back at once, again and again.
    if (wait > times.sleepBudget - run.slept)
      return parkWithoutResult(run, Math.max(notBefore, delivery.enqueuedAt + wait), 'its time has not come');
    run.slept += wait;
    await clock.sleep(wait);
  }
  // The permit comes before the claim: while the gate is closed, nothing is claimed, and the ledger stays as it is.
  if (!over()) {
    const waited = await waitOrPark(run, times.callTimeout);
    if (waited.kind === 'park') return parkWithoutResult(run, waited.until, waited.why);
  }
  const claimed = await claimJob(run);
  switch (claimed.kind) {
    case 'done':
      return;
    case 'ended':
      tellFinished(run, claimed.record);
      return runTail(run.deps, claimed.record);
    case 'settled':
      // guard: Tail: run again for a redelivery or a copy
      if (delivery.mayHaveTail) await runTail(run.deps, claimed.record);
      return;
    case 'call':
      return submit(run, claimed.held);
    case 'look':
      return findOut(run, claimed.held);
    case 'orders':
    case 'give-up':
      return decideByPerson(run, claimed);
  }
}

/** Our own storage or queue fails: the job goes on later, in a copy. Anything else is a bug, and is thrown. */
async function survive(run: Run, error: unknown): Promise<void> {
  const { clock, chance, times } = run.deps;
  if (error instanceof UnreadableRecord) return askAboutUnreadable(run, error);
  if (!(error instanceof Unavailable)) throw error;
  const { customerId, cartId, batchId } = run.delivery.job;
  run.deps.telemetry.warn(error.message, { customerId, cartId, batchId });
  await parkWithoutResult(
    run,
    clock.now() + withJitter(times.outageRetry, chance),
    `our own ${error.what} fails`,
  );
}

/** Not even a copy can be sent: wait a little, then hand the message back. This alone spends deliveries. */
async function orGiveBack(deps: Deps, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Unavailable) await deps.clock.sleep(deps.times.throwDelay);
    throw error;
  }
}
