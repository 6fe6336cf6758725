/**
 * Last step of a delivery: what a result leaves to do, which may come late and is safe to repeat. The poller uses it too.
 */

import type { AttentionKind } from '../domain/checkout/attention-row.ts';
import { lastCheckoutEnd } from '../domain/checkout/call-history.ts';
import { reasonOf } from '../domain/checkout/endings.ts';
import { type CheckoutRecord, isRetryable, isSettled, type Reason } from '../domain/checkout/record.ts';
import { boughtAgainReason } from '../domain/checkout/repeat-alarm.ts';
import { eventsOf } from '../domain/events/event-list.ts';
import { referenceHash } from '../domain/message/reference-hash.ts';
import { omitUndefined } from '../domain/omit-undefined.ts';
import { isTerminal } from '../domain/order/order.ts';
import { Unavailable } from '../ports/unavailable.ts';
import type { Deps } from './deps.ts';
import { comeBack, removeAll } from './entries.ts';
import type { Completed, RunWith } from './run.ts';

/** The effects after a result, each safe to repeat: batch rows, the attention row, the events. */
export async function finalize(
  deps: Pick<Deps, 'batches' | 'attention' | 'events' | 'telemetry'>,
  record: CheckoutRecord,
): Promise<void> {
  await writeBatchRows(
    deps,
    record,
    // guard: Finalize: batch rows are written only if theirs is older [replace: 'not-newer']
    'older',
  );
  await writeAttention(deps, record);
  const events = eventsOf(record);
  if (events.length > 0) await deps.events.publish(events);
}

/** The ports of the last step. */
export type Finalizing = 'attention' | 'batches' | 'clock' | 'events' | 'schedule' | 'telemetry' | 'times';

/** Last step of the way: finalize, then remove the entries. Events and rows may come late, the purchase never does. */
export async function finalizeOrComeBack(
  run: RunWith<Finalizing>,
  record: CheckoutRecord,
): Promise<Completed> {
  const { deps, delivery } = run;
  try {
    // guard: Finalize: a settled record is finalized by whoever may be the last to know
    await finalize(deps, record);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    const { jobKey, from } = delivery;
    deps.telemetry.warn(`The result of job ${jobKey} is recorded, but not finalized: ${error.message}`, {
      jobKey,
    });
    const pause = deps.times.outageRetry * 2 ** (from.kind === 'wake-up' ? Math.min(from.wakes - 1, 10) : 0);
    return comeBack(run, record, deps.clock.now() + Math.min(pause, deps.times.askedRetry));
  }
  // guard: Result: the entry is removed last [earlier]
  await removeAll(run);
  return 'finalized';
}

export async function writeBatchRows(
  deps: Pick<Deps, 'batches'>,
  record: CheckoutRecord,
  when: 'older' | 'not-newer',
): Promise<void> {
  const { jobKey, state, revision, reason, nextTry, asked, updatedAt: at } = record;
  const row = omitUndefined({
    jobKey,
    state,
    revision,
    code: reason?.code,
    calledAt: lastCheckoutEnd(record),
    nextTry,
    asked: asked?.kind,
    at,
  });
  for (const batchId of record.batches) await deps.batches.write({ batchId, ...row }, when);
}

async function writeAttention(
  deps: Pick<Deps, 'attention' | 'telemetry'>,
  record: CheckoutRecord,
): Promise<void> {
  const { state, boughtAgain } = record;
  if (boughtAgain !== undefined) {
    const alarm = boughtAgainReason(boughtAgain, record.orders);
    const opened = await deps.attention.write(attentionRow(record, 'needs-decision', alarm), 'older');
    if (opened) {
      reportAttention(deps, 'AttentionOpened', record, 'needs-decision', alarm.code);
      deps.telemetry.warn(`${alarm.description} ${alarm.remedy}`, { jobKey: record.jobKey });
    }
    return;
  }
  if (isRetryable(state)) {
    const reason = reasonOf(record);
    const opened = await deps.attention.write(attentionRow(record, state, reason), 'older');
    if (opened) reportAttention(deps, 'AttentionOpened', record, state, reason.code);
    return;
  }
  // A record that was never taken over, and never asked about, cannot have an open row.
  if (isSettled(state) && record.attentionMayBeOpen) await closeAttention(deps, record);
}

/** Closes the job's row if it tells of an older revision. */
export async function closeAttention(
  deps: Pick<Deps, 'attention' | 'telemetry'>,
  record: CheckoutRecord,
): Promise<void> {
  const closed = await deps.attention.close(record.jobKey, record.revision, record.updatedAt, 'the worker');
  if (closed) reportAttention(deps, 'AttentionClosed', record, record.state, '');
}

export const attentionRow = (
  record: CheckoutRecord,
  kind: Exclude<AttentionKind, 'rejected'>,
  reason: Reason,
  evidence?: string,
) => ({
  jobKey: record.jobKey,
  kind,
  open: true,
  revision: record.revision,
  reason,
  batchIds: record.batches,
  ...(record.job.reference === undefined ? {} : { reference: record.job.reference }),
  ...(evidence === undefined ? {} : { evidence }),
  at: record.updatedAt,
});

export function reportAttention(
  deps: Pick<Deps, 'telemetry'>,
  name: 'AttentionOpened' | 'AttentionClosed',
  record: CheckoutRecord,
  kind: string,
  code: string,
): void {
  const { jobKey, customerId, cartId, revision, job } = record;
  deps.telemetry.event(name, { jobKey, customerId, cartId, batchId: job.batchId, kind, code, revision });
}

/** The one event of a job that was ordered, or ended. */
export function reportFinished(run: RunWith<'clock' | 'telemetry'>, record: CheckoutRecord): void {
  const { jobKey, customerId, cartId, state, job, attempts, orders, reason, reschedules } = record;
  const { clock, telemetry } = run.deps;
  const { from } = run.delivery;
  telemetry.event('JobFinished', {
    jobKey,
    customerId,
    cartId,
    batchId: job.batchId,
    batchSize: from.kind === 'producer' ? from.job.batchSize : undefined,
    notAfter: job.notAfter,
    referenceHash: referenceHash(job.reference),
    outcome: state,
    code: reason?.code,
    orders: orders.length,
    orderIds: orders.length === 0 ? undefined : orders.map(({ id }) => id).join(','),
    pending: orders.filter((orderSummary) => !isTerminal(orderSummary.status)).length,
    attempts,
    reschedules,
    calls: run.calls,
    // Of the delivery that ended it: before it, the job waited in the queue or the schedule.
    queueMs: run.startedAt - run.delivery.enqueuedAt,
    gateMs: run.slept,
    apiMs: run.apiMs,
    runMs: clock.now() - run.startedAt,
    totalMs: clock.now() - record.firstEnqueued,
  });
}
