/** Asks a person about an order that is pending for too long. Used by `poll-order.ts` after each read. */

import { attentionRow, reportAttention } from '../checkout/finalize.ts';
import type { CheckoutRecord, Reason } from '../domain/checkout/record.ts';
import { isTerminal } from '../domain/order/order.ts';
import type { OrderEntry } from '../domain/schedule-entry.ts';
import type { Stored } from '../ports/ledger.ts';
import type { PollDeps } from './tick-deps.ts';

/** The ports of the alarm. */
type AlarmDeps = Pick<PollDeps, 'attention' | 'clock' | 'ledger' | 'random' | 'telemetry' | 'times'>;

/** Longer pending than the alarm allows: a person hears of it, and it is polled on. */
export function withQuestion(
  { clock, times }: Pick<PollDeps, 'clock' | 'times'>,
  record: CheckoutRecord,
  orderId: string,
): CheckoutRecord {
  const orderSummary = record.orders.find((known) => known.id === orderId);
  if (
    orderSummary === undefined ||
    record.state !== 'ordered' ||
    clock.now() - orderSummary.since < times.pendingAlarm
  )
    return record;
  if (record.asked?.kind === 'pending-too-long') return record;
  return { ...record, asked: { kind: 'pending-too-long', since: clock.now() }, attentionMayBeOpen: true };
}

/** Every poll opens the row again, in case the one before died in between. */
export async function openQuestion(
  deps: AlarmDeps,
  before: CheckoutRecord,
  record: CheckoutRecord,
): Promise<void> {
  if (record.asked?.kind !== 'pending-too-long') return;
  const reason = pendingTooLong(deps, record);
  await deps.attention.write(attentionRow(record, 'pending-too-long', reason), 'not-newer');
  if (before.asked === undefined)
    reportAttention(deps, 'AttentionOpened', record, 'pending-too-long', reason.code);
}

/** For an order that could not be read. */
export async function askWhenTooLong(
  deps: AlarmDeps,
  row: OrderEntry,
  found: Stored<CheckoutRecord>,
): Promise<void> {
  const asked = withQuestion(deps, found.value, row.orderId);
  if (asked !== found.value) {
    const written = await deps.ledger.replace(asked, found.etag, deps.random.guid());
    if (written.kind === 'conflict') return;
  }
  await openQuestion(deps, found.value, asked);
}

const pendingTooLong = (
  { clock, times }: Pick<PollDeps, 'clock' | 'times'>,
  record: CheckoutRecord,
): Reason => ({
  code: 'pending-too-long',
  description: `Orders of this cart are pending for more than ${Math.round(times.pendingAlarm / 3_600_000)} hours: ${record.orders
    .filter((orderSummary) => !isTerminal(orderSummary.status))
    .map(({ id, word }) => (word === undefined ? id : `${id} (status "${word}", which is not documented)`))
    .join(', ')}.`,
  remedy:
    'Look at the order in Partner Center; ask Microsoft support, with the correlation id, if it does not move.',
  at: clock.now(),
});
