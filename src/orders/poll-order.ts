import { roughly } from '../checkout/back-off.ts';
import type { Deps } from '../checkout/deps.ts';
import { isStale } from '../checkout/fence.ts';
import { judgeRead } from '../checkout/judge.ts';
import type { Stored } from '../checkout/ledger.ts';
import { type CheckoutRecord, isSettled, type Reason } from '../checkout/record.ts';
import { attentionRow, runTail, tellAttention } from '../checkout/tail.ts';
import { decodeOrder } from '../partner-center/decode.ts';
import type { Span } from '../tracing.ts';
import { afterPoll, withDueRow } from './after-poll.ts';
import { type DueRow, dueRowKey } from './due-rows.ts';
import { isTerminal, type Order } from './order.ts';

export type Polled = { readonly kind: 'finished' | 'pending' | 'dropped' | 'failed' | 'stop' };

/** Conflicts with other writers of the same record before the row is left to the next tick. */
const maxTries = 5;

/** Looks at one order: reads it, moves its status forward, then moves its due row, or drops it last of all. */
export function pollOrder(deps: Deps, row: DueRow, deadline: number): Promise<Polled> {
  const { customerId, cartId, orderId } = row;
  return deps.tracing.span('poll order', { fields: { customerId, cartId, orderId } }, (span) =>
    lookAt(deps, row, deadline, span),
  );
}

async function lookAt(deps: Deps, row: DueRow, deadline: number, span: Span): Promise<Polled> {
  const { ledger, dueRows } = deps;
  const found = await ledger.read(row);
  // Days may lie between: the producer's trace is linked, not prolonged.
  span.link(found?.value.traceparent);
  // The transaction that names this order may still be on its way, so the row stays.
  if (found === undefined) return later(deps, row);
  const { value: record } = found;
  const mark = record.orders.find((known) => known.id === row.orderId);
  if (mark === undefined && !isSettled(record.state)) return later(deps, row);
  if (mark?.dueRow !== undefined && mark.dueRow !== row.key && (await dueRows.exists(mark.dueRow))) {
    await dueRows.drop(row);
    return { kind: 'dropped' };
  }
  if (mark !== undefined && isTerminal(mark.status)) {
    await runTail(deps, record);
    await dueRows.drop(row);
    return { kind: 'finished' };
  }
  const read = await readOrder(deps, row, deadline);
  if (read.kind === 'stop') return read;
  if (read.kind === 'order') return recordOrder(deps, row, found, read.order);
  await warnWhenTooLong(deps, row, found);
  return later(deps, row);
}

type ReadOrder =
  | { readonly kind: 'order'; readonly order: Order }
  | { readonly kind: 'later' }
  | { readonly kind: 'stop' };

async function readOrder(deps: Deps, row: DueRow, deadline: number): Promise<ReadOrder> {
  const { chance, clock, gate, partnerCenter, telemetry } = deps;
  const { customerId, orderId, cartId } = row;
  let renewToken = false;
  for (let renewed = false; ; ) {
    const taken = await gate.take('poller', deadline);
    if (taken.kind !== 'slot') return { kind: 'stop' };
    const ids = { correlationId: chance.guid() };
    const at = clock.now();
    const mayLeave = () => !isStale(taken.slot, clock.now(), deps.times);
    const exchange = await partnerCenter.order(customerId, orderId, { ids, renewToken, mayLeave });
    renewToken = false;
    // While a token was fetched, the slot went stale: nothing was sent, and the token is there now.
    if (exchange.kind === 'no-answer' && exchange.stale === true) continue;
    const outcome = judgeRead(exchange, decodeOrder, { ids, at });
    switch (outcome.kind) {
      case 'renew-token':
        if (!renewed) {
          renewed = true;
          renewToken = true;
          continue;
        }
        await gate.report({ kind: 'auth', reason: outcome.reason.description });
        return { kind: 'stop' };
      case 'credential':
        await gate.report({ kind: 'auth', reason: outcome.reason.description });
        return { kind: 'stop' };
      case 'throttled': {
        const verdict = await gate.report({
          kind: 'throttled',
          customerId,
          retryAfterMs: outcome.retryAfterMs,
        });
        return verdict.kind === 'closed' ? { kind: 'stop' } : { kind: 'later' };
      }
      case 'unavailable': {
        const verdict = await gate.report({
          kind: 'unknown',
          customerId,
          reason: outcome.reason.description,
        });
        return verdict.kind === 'closed' ? { kind: 'stop' } : { kind: 'later' };
      }
      case 'gone':
      case 'refused':
        // 404 soon after the checkout is lag; whatever it is, an order is never forgotten for it.
        await gate.report({ kind: 'ok', customerId });
        telemetry.warn(`order ${orderId} cannot be read: ${outcome.reason.description}`, {
          customerId,
          cartId,
        });
        return { kind: 'later' };
      case 'value': {
        await gate.report({ kind: 'ok', customerId });
        const order = outcome.value;
        if (order.id !== orderId) return { kind: 'later' };
        if (order.rawStatus !== undefined)
          telemetry.warn(`order ${orderId} has the unknown status "${order.rawStatus}": treated as pending`, {
            customerId,
            cartId,
          });
        return { kind: 'order', order };
      }
    }
  }
}

async function recordOrder(
  deps: Deps,
  row: DueRow,
  found: Stored<CheckoutRecord>,
  order: Order,
): Promise<Polled> {
  const { chance, clock, dueRows, ledger } = deps;
  let { value: record, etag } = found;
  for (let tries = 0; tries < maxTries; tries += 1) {
    const now = clock.now();
    const next = nextRow(deps, row);
    const ended = isTerminal(order.status);
    const polled = afterPoll(record, order, { now, nextPoll: next.dueAt });
    const asked = ended ? polled : withQuestion(deps, polled, row.orderId);
    const named = ended ? asked : withDueRow(asked, row.orderId, next.key);
    const committed = await ledger.commit({ record: named, etag, orders: [order], writeId: chance.guid() });
    if (committed.kind === 'owned') {
      await dueRows.drop(row);
      return { kind: 'dropped' };
    }
    if (committed.kind === 'written') {
      if (ended) {
        tellEnded(deps, row, named, order);
        await runTail(deps, named);
        await dueRows.drop(row);
        return { kind: 'finished' };
      }
      await openQuestion(deps, record, named);
      await dueRows.move(row, next);
      measureAge(deps, named, row.orderId);
      return { kind: 'pending' };
    }
    const again = await ledger.read(row);
    if (again === undefined) return { kind: 'failed' };
    record = again.value;
    etag = again.etag;
  }
  return { kind: 'failed' };
}

function nextRow({ chance, clock, times }: Deps, row: DueRow): DueRow {
  const polls = row.polls + 1;
  const step = times.pollSteps[Math.min(polls, times.pollSteps.length - 1)] ?? times.tickLimit;
  const dueAt = Math.floor(clock.now() + roughly(step, chance));
  return { ...row, polls, dueAt, key: dueRowKey(dueAt, row.orderId) };
}

function measureAge({ clock, tracing }: Deps, record: CheckoutRecord, orderId: string): void {
  const since = record.orders.find((mark) => mark.id === orderId)?.since;
  if (since === undefined) return;
  const hours = (clock.now() - since) / 3_600_000;
  const age = hours < 1 ? 'under-1h' : hours < 24 ? 'under-24h' : 'over-24h';
  tracing.measure('checkout.order.pending', hours * 3_600, { age });
}

/** Nothing was learned: the row moves on, and counts as current because the row that the order names is missing then. */
async function later(deps: Deps, row: DueRow): Promise<Polled> {
  await deps.dueRows.move(row, nextRow(deps, row));
  return { kind: 'pending' };
}

/** Longer pending than the alarm allows: a person hears of it, and it is polled on. */
function withQuestion({ clock, times }: Deps, record: CheckoutRecord, orderId: string): CheckoutRecord {
  const mark = record.orders.find((known) => known.id === orderId);
  if (mark === undefined || record.state !== 'ordered' || clock.now() - mark.since < times.pendingAlarm)
    return record;
  if (record.asked?.kind === 'pending-too-long') return record;
  return { ...record, asked: { kind: 'pending-too-long', since: clock.now() }, attentionMayBeOpen: true };
}

async function openQuestion(deps: Deps, before: CheckoutRecord, record: CheckoutRecord): Promise<void> {
  if (record.asked?.kind !== 'pending-too-long') return;
  const reason = pendingTooLong(deps, record);
  await deps.attention.write(attentionRow(record, 'pending-too-long', reason), 'not-newer');
  if (before.asked === undefined)
    tellAttention(deps, 'AttentionOpened', record, 'pending-too-long', reason.code);
}

async function warnWhenTooLong(deps: Deps, row: DueRow, found: Stored<CheckoutRecord>): Promise<void> {
  const asked = withQuestion(deps, found.value, row.orderId);
  if (asked !== found.value) {
    const written = await deps.ledger.replace(asked, found.etag, deps.chance.guid());
    if (written.kind === 'conflict') return;
  }
  await openQuestion(deps, found.value, asked);
}

const pendingTooLong = ({ clock, times }: Deps, record: CheckoutRecord): Reason => ({
  code: 'pending-too-long',
  description: `Orders of this cart are pending for more than ${Math.round(times.pendingAlarm / 3_600_000)} hours: ${record.orders
    .filter((mark) => !isTerminal(mark.status))
    .map((mark) => mark.id)
    .join(', ')}.`,
  cure: 'Look at the order in Partner Center; ask Microsoft support, with the correlation id, if it does not move.',
  at: clock.now(),
});

function tellEnded({ telemetry, clock }: Deps, row: DueRow, record: CheckoutRecord, order: Order): void {
  const mark = record.orders.find((known) => known.id === order.id);
  telemetry.event('OrderFinished', {
    customerId: row.customerId,
    cartId: row.cartId,
    batchId: record.job.batchId,
    orderId: order.id,
    status: order.status,
    cart: record.state,
    polls: row.polls + 1,
    pendingMs: mark === undefined ? undefined : clock.now() - mark.since,
  });
}
