import type { CheckoutRecord } from '../domain/checkout/record.ts';
import { isTerminal } from '../domain/order/order.ts';
import type { Run } from './run.ts';

/** The one event of a job that was ordered, or ended. */
export function reportFinished(run: Run, record: CheckoutRecord): void {
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
    outcome: state,
    code: reason?.code,
    orders: orders.length,
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
