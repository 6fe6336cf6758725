import type { AttentionKind } from '../domain/checkout/attention-row.ts';
import { lastCheckoutEnd } from '../domain/checkout/call-history.ts';
import { type CheckoutRecord, isRetryable, isSettled, type Reason } from '../domain/checkout/record.ts';
import { boughtAgainReason } from '../domain/checkout/repeat-alarm.ts';
import { eventsOf } from '../domain/events/event-list.ts';
import { omitUndefined } from '../domain/omit-undefined.ts';
import { isLacking } from '../domain/order/order.ts';
import type { Deps } from './deps.ts';

/** The last effects of a result, each safe to repeat: batch rows, the attention row, the events. */
export async function runTail(deps: Deps, record: CheckoutRecord): Promise<void> {
  // guard: Tail: rows are written only if theirs is older
  await writeBatchRows(deps, record, 'older');
  await writeAttention(deps, record);
  const events = eventsOf(record);
  if (events.length > 0) await deps.events.publish(events);
}

export async function writeBatchRows(
  deps: Pick<Deps, 'batches'>,
  record: CheckoutRecord,
  when: 'older' | 'not-newer',
): Promise<void> {
  const { customerId, cartId, state, revision, reason, nextTry, asked, updatedAt: at } = record;
  const row = omitUndefined({
    customerId,
    cartId,
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

async function writeAttention(deps: Deps, record: CheckoutRecord): Promise<void> {
  const { state, revision, customerId, cartId, updatedAt: at } = record;
  const alarm = boughtAgainReason(record);
  if (alarm !== undefined) {
    const opened = await deps.attention.write(attentionRow(record, 'needs-decision', alarm), 'older');
    if (opened) tellAttention(deps, 'AttentionOpened', record, 'needs-decision', alarm.code);
    return;
  }
  if (isRetryable(state)) {
    const reason = reasonOf(record);
    const opened = await deps.attention.write(attentionRow(record, state, reason), 'older');
    if (opened) tellAttention(deps, 'AttentionOpened', record, state, reason.code);
    return;
  }
  // A record that was never taken over, and never asked about, cannot have an open row.
  if (!isSettled(state) || !record.attentionMayBeOpen) return;
  const closed = await deps.attention.close({ customerId, cartId }, revision, at, 'the worker');
  if (closed) tellAttention(deps, 'AttentionClosed', record, state, '');
}

export const attentionRow = (
  record: CheckoutRecord,
  kind: Exclude<AttentionKind, 'rejected'>,
  reason: Reason,
  evidence?: string,
) => ({
  customerId: record.customerId,
  cartId: record.cartId,
  kind,
  open: true,
  revision: record.revision,
  reason,
  batchIds: record.batches,
  ...(record.job.reference === undefined ? {} : { reference: record.job.reference }),
  ...(evidence === undefined ? {} : { evidence }),
  at: record.updatedAt,
});

export function tellAttention(
  deps: Pick<Deps, 'telemetry'>,
  name: 'AttentionOpened' | 'AttentionClosed',
  record: CheckoutRecord,
  kind: string,
  code: string,
): void {
  const { customerId, cartId, revision, job } = record;
  deps.telemetry.event(name, { customerId, cartId, batchId: job.batchId, kind, code, revision });
}

/** Why a result lacks something. Orders can end without what was bought though no call failed. */
export function reasonOf(record: CheckoutRecord): Reason {
  if (record.reason !== undefined) return record.reason;
  const status = record.orders.find((order) => isLacking(order.status))?.status ?? 'cancelled';
  return {
    code: status,
    description: `At least one order of this cart was ${status} at Partner Center.`,
    remedy: 'Look at the order in Partner Center; if the customer still wants it, prepare a new cart.',
    at: record.updatedAt,
  };
}
