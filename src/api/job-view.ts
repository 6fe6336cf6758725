/** The view of one job over HTTP, made from its record. Pure. */

import type { CheckoutRecord, Reason } from '../domain/checkout/record.ts';
import { isFinal } from '../domain/checkout/record.ts';
import { isOrderJob } from '../domain/message/job.ts';
import { omitUndefined } from '../domain/omit-undefined.ts';
import type { Order } from '../domain/order/order.ts';
import { type ResultLine, resultLines } from '../domain/order/result-lines.ts';
import type { JobView, ReasonView } from './api-shapes.ts';

/** A record of the ledger as others may see it: what is the case, why, and what comes next. `orders`: as their rows have them. */
export function jobView(record: CheckoutRecord, orders: readonly Order[]): JobView {
  const { job, asked, reason, nextTry, history } = record;
  return omitUndefined({
    jobKey: record.jobKey,
    customerId: record.customerId,
    cartId: record.cartId,
    externalOrderId: isOrderJob(job) ? job.externalOrderId : undefined,
    state: record.state,
    final: isFinal(record.state),
    reason: reason && reasonView(reason),
    orders: record.orders.map(({ id, status, since, subscriptions }) =>
      omitUndefined({
        id,
        status,
        since: instant(since),
        subscriptions: subscriptions?.map(({ line: _, ...subscription }) => subscription),
      }),
    ),
    lines: isOrderJob(job) ? resultLines(record, orders).map(lineView) : undefined,
    failedGroups: record.failedGroups.map(({ group, code, description, retryable }) => ({
      group,
      code,
      description,
      retryable,
    })),
    attempts: record.attempts,
    calls: history.total,
    nextTry: nextTry === undefined || isFinal(record.state) ? undefined : instant(nextTry),
    question: asked && { kind: asked.kind, since: instant(asked.since) },
    decisions: record.decisions.map(({ decision, who, at, orderIds, refused }) =>
      omitUndefined({ decision, who, at: instant(at), orderIds: orderIds && [...orderIds], refused }),
    ),
    batches: [...record.batches],
    reference: job.reference,
    notBefore: job.notBefore === undefined ? undefined : instant(job.notBefore),
    notAfter: job.notAfter === undefined ? undefined : instant(job.notAfter),
    firstEnqueued: instant(record.firstEnqueued),
    updatedAt: instant(record.updatedAt),
  });
}

const lineView = ({ wanted: { line, product, sku, quantity }, ...result }: ResultLine) => ({
  line,
  product,
  sku,
  quantity,
  ...result,
});

const reasonView = ({
  at,
  code,
  description,
  remedy,
  status,
  requestId,
  correlationId,
  cv,
}: Reason): ReasonView =>
  omitUndefined({ code, description, remedy, at: instant(at), status, requestId, correlationId, cv });

const instant = (time: number): string => new Date(time).toISOString();
