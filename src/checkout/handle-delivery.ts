/**
 * The whole way of one delivery on one screen. Each step is a module beside this one; this one calls them in their order.
 */

import type { NextAction } from '../domain/checkout/next-action.ts';
import type { LeasedRecord } from '../domain/checkout/send-fence.ts';
import { type Delivery, decodeDelivery } from '../domain/message/delivery.ts';
import type { QueueMessage } from '../domain/message/queue-message.ts';
import { omitUndefined } from '../domain/omit-undefined.ts';
import { messageOf } from '../domain/text.ts';
import { callCheckout } from './call-checkout.ts';
import { carryOut } from './carry-out.ts';
import { type Claimed, claim } from './claim.ts';
import { commitFacts } from './commit-result.ts';
import type { Deps } from './deps.ts';
import { comeBack } from './entries.ts';
import { readOrders } from './gather-evidence.ts';
import { makeCart, repairCart } from './make-cart.ts';
import { claimRepeat, readNamedOrders, reconcile } from './reconcile.ts';
import { rejectMessage } from './reject-message.ts';
import { type Completed, type Run, returnPermit, startRun } from './run.ts';
import { leaveToNewerVersion, surviveError } from './survive-error.ts';

/**
 * The whole way of one delivery: decode → permit and claim → call or reconcile → next action → carry out. When it returns, the
 * message may be completed, for the reason that it returns (rule R1 of docs/protocol.md). It throws only when nothing could be
 * promised, and the queue then hands the message out again.
 */
export async function handleDelivery(deps: Deps, message: QueueMessage): Promise<Completed> {
  const decoded = decodeDelivery(message);
  switch (decoded.kind) {
    case 'rejected':
      return rejectMessage(deps, message, decoded.rejection);
    case 'newer':
      return leaveToNewerVersion(deps, message, decoded);
    case 'delivery':
      return traced(deps, message, decoded.delivery);
  }
}

async function work(run: Run, message: QueueMessage): Promise<Completed> {
  const claimed = await claim(run);
  if (claimed.kind === 'done') return claimed.completed;
  if (claimed.kind === 'refused') return rejectMessage(run.deps, message, claimed.rejection);
  if (claimed.kind === 'read-orders') return recordOrders(run, claimed);
  let leased = claimed.leased;
  let action = await firstAction(run, claimed);
  while (action.kind === 'repeat' || action.kind === 'repair-cart') {
    if (action.kind === 'repair-cart') {
      const repaired = await repairCart(run, run.leased ?? leased);
      if (repaired.kind === 'action') return carryOut(run, repaired.action);
    }
    const repeating = await claimRepeat(run, run.leased ?? leased, action.repeat);
    if (repeating === undefined) action = { kind: 'end', why: 'the lease was lost' };
    else {
      leased = repeating;
      action = await callCheckout(run, leased);
    }
  }
  return carryOut(run, action);
}

function firstAction(
  run: Run,
  { kind, leased }: Extract<Claimed, { leased: LeasedRecord }>,
): Promise<NextAction> {
  switch (kind) {
    case 'call':
      return callCheckout(run, leased);
    case 'make-cart':
      return makeAndSend(run, leased);
    case 'reconcile':
      return reconcile(run, leased);
    case 'named-orders':
      return readNamedOrders(run, leased);
  }
}

async function makeAndSend(run: Run, leased: LeasedRecord): Promise<NextAction> {
  const made = await makeCart(run, leased);
  return made.kind === 'send' ? callCheckout(run, made.leased) : made.action;
}

/** Orders that an earlier delivery received, of a job that has a result by now. */
async function recordOrders(
  run: Run,
  { found, orderIds }: Extract<Claimed, { kind: 'read-orders' }>,
): Promise<Completed> {
  const read = await readOrders(run, found.value, orderIds);
  if (read.kind === 'later') return comeBack(run, found.value, read.at);
  if (read.orders.length > 0) return commitFacts(run, found, read.orders);
  return comeBack(run, found.value, run.deps.clock.now() + run.deps.times.inProgressLater);
}

async function traced(deps: Deps, message: QueueMessage, delivery: Delivery): Promise<Completed> {
  const startedAt = deps.clock.now();
  const { jobKey, traceparent, firstEnqueued, from } = delivery;
  const job = from.kind === 'producer' ? from.job : undefined;
  // The oldest job that has no record yet tells how far the night is behind.
  if (job !== undefined)
    deps.tracing.measure(
      'checkout.job.age',
      Math.max(0, startedAt - Math.max(firstEnqueued, job.notBefore ?? 0)) / 1_000,
    );
  const fields = { jobKey, batchId: job?.batchId };
  return deps.tracing.span('checkout job', { parent: traceparent, fields }, async (span) => {
    // The host's span is linked and never the parent: the host may not have kept it.
    span.link(message.traceparent);
    const run = startRun(
      deps,
      // Where the producer has no trace, later deliveries of this job link to this one.
      omitUndefined({ ...delivery, traceparent: traceparent ?? deps.tracing.traceparent() }),
    );
    try {
      const completed = await work(run, message);
      // Days may lie between: the producer's trace is linked, not prolonged.
      if (from.kind === 'wake-up') span.link(run.leased?.record.traceparent);
      return completed;
    } catch (error) {
      span.fail(messageOf(error));
      return await surviveError(run, message, error);
    } finally {
      returnPermit(run);
    }
  });
}
