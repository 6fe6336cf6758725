/** The story of a job as a timeline, out of its record. */
import type {
  Call,
  CheckoutRecord,
  Decided,
  KeptDelivery,
  OrderSummary,
  Poll,
} from '../../domain/checkout/record.ts';
import { cancellableEvent, eventsOf } from '../../domain/events/event-list.ts';
import type { JobKey } from '../../domain/message/job-key.ts';
import { isTerminal } from '../../domain/order/order.ts';
import { wholeTime } from '../../domain/schedule-entry.ts';
import type { AttentionRow } from '../../ports/attention-rows.ts';
import type { Schedule } from '../../ports/schedule.ts';
import { evidenceInWords, readEvidence } from './evidence.ts';

export interface StoryLine {
  /** Epoch ms. */
  readonly at: number;
  readonly what:
    | 'message'
    | 'delivery'
    | 'call'
    | 'order'
    | 'poll'
    | 'person'
    | 'attention'
    | 'evidence'
    | 'event'
    | 'result';
  readonly words: string;
}

/**
 * What happened to a job, in order, from what is kept: the record, its attention row, and the polls that no record keeps
 * yet. Calls beyond the first 20 and last 80, deliveries and polls beyond the last 20 are only counted; a delivery that
 * left the record as it was (no permit, a duplicate) is in the telemetry alone.
 */
export function storyOf(
  record: CheckoutRecord,
  attention: AttentionRow | undefined,
  unkept: readonly Poll[] = [],
): readonly StoryLine[] {
  const lines: StoryLine[] = [
    { at: record.firstEnqueued, what: 'message', words: `came to the queue${fromWhom(record)}` },
    ...(record.deliveries.total === record.deliveries.last.length && record.deliveries.total > 0
      ? []
      : [{ at: record.createdAt, what: 'message' as const, words: 'was taken for the first time' }]),
    ...record.deliveries.last.map((delivery, index, all) =>
      deliveryLine(delivery, callsBetween(record, delivery.at, all[index + 1]?.at)),
    ),
    ...callsOf(record).map(callLine),
    ...[...record.polls.last, ...unkept].map(pollLine),
    ...record.orders.map(
      ({ since, id, status }): StoryLine => ({
        at: since,
        what: 'order',
        words: `${id} was recorded; it is now ${status}${isTerminal(status) ? '' : ', and is polled'}`,
      }),
    ),
    ...record.decisions.map(decisionLine),
    ...record.orders.flatMap((one) => datesOf(record, one)),
    ...orderLines(record),
    ...resultLines(record),
    ...(attention === undefined ? [] : attentionLines(attention)),
  ];
  return lines.sort((a, b) => a.at - b.at || order(a) - order(b));
}

const kinds: readonly StoryLine['what'][] = [
  'message',
  'person',
  'call',
  'delivery',
  'order',
  'poll',
  'result',
  'attention',
  'evidence',
  'event',
];
const order = ({ what }: StoryLine): number => kinds.indexOf(what);

export const callsOf = ({ history }: Pick<CheckoutRecord, 'history'>): readonly Call[] => [
  ...history.first,
  ...history.last,
];

function fromWhom({ job, batches }: CheckoutRecord): string {
  const by = job.requestedBy === undefined ? '' : `, asked for by ${job.requestedBy}`;
  return `${by}${batches.length === 0 ? '' : `, batch ${batches.join(', ')}`}`;
}

/** Polls that brought no order, from the rows that say when each order is looked at next: no key leads to them. */
export async function unkeptPolls(schedule: Pick<Schedule, 'due'>, jobKey: JobKey): Promise<readonly Poll[]> {
  const polls: Poll[] = [];
  for await (const row of schedule.due('orders', wholeTime))
    if (row.jobKey === jobKey && row.unkept !== undefined) polls.push(...row.unkept);
  return polls;
}

const callsBetween = (record: CheckoutRecord, from: number, to = Number.POSITIVE_INFINITY): readonly Call[] =>
  callsOf(record).filter(({ at }) => at >= from && at < to);

function decisionLine({ at, decision, who, orderIds = [], refused }: Decided): StoryLine {
  const ids = orderIds.length === 0 ? '' : ` ${orderIds.join(', ')}`;
  const outcome = refused === undefined ? '' : `. It was not carried out: ${refused}`;
  return { at, what: 'person', words: `${who} decided: ${decision}${ids}${outcome}` };
}

/** What came of a delivery stands after the calls that it made. */
const deliveryLine = (
  { at, messageId, count, from, end }: KeptDelivery,
  calls: readonly Call[],
): StoryLine => ({
  at: Math.max(at, ...calls.map((call) => call.at + (call.end?.ms ?? 0))),
  what: 'delivery',
  words: `${from === 'producer' ? 'message' : 'wake-up'} ${messageId}, delivery ${count}: ${end ?? 'no outcome is recorded: it runs, or its worker died'}`,
});

const pollLine = (poll: Poll): StoryLine => ({
  at: poll.at,
  what: 'poll',
  words: `${poll.what === 'subscriptions' ? 'subscriptions of ' : ''}${poll.orderId}${poll.found === undefined ? '' : ` is ${poll.found}`}: ${answerOf(poll)} (${idsOf(poll)})`,
});

const callLine = (call: Call): StoryLine => ({
  at: call.at,
  what: 'call',
  words: `${call.what}: ${answerOf(call)} (${idsOf(call)})`,
});

function answerOf({ end }: Call): string {
  if (end === undefined) return 'no answer is recorded: it runs, or its worker died';
  const ms = Math.round(end.ms);
  if (end.status === undefined) return `no answer after ${ms} ms: ${end.failure ?? 'unknown'}`;
  return `${end.status}${end.code === undefined ? '' : ` ${end.code}`} in ${ms} ms`;
}

const idsOf = ({ correlationId, requestId, end }: Call): string =>
  `correlation ${correlationId}${requestId === undefined ? '' : `, request ${requestId}`}${end?.cv === undefined ? '' : `, CV ${end.cv}`}`;

function resultLines(record: CheckoutRecord): readonly StoryLine[] {
  const { reason, failedGroups, state, updatedAt, asked } = record;
  const ordered = Math.min(updatedAt, ...record.orders.map(({ since }) => since));
  const events = eventsOf(record).map(
    ({ type, id }): StoryLine => ({
      at: type === 'checkout.ordered' ? ordered : updatedAt,
      what: 'event',
      words: `${type} (id ${id})`,
    }),
  );
  return [
    ...(reason === undefined
      ? []
      : [
          {
            at: reason.at,
            what: 'result' as const,
            words: `${reason.status === undefined ? '' : `${reason.status} `}${reason.code}: ${reason.description}`,
          },
        ]),
    ...failedGroups.map(
      ({ group, code, description }): StoryLine => ({
        at: updatedAt,
        what: 'result',
        words: `order group ${group} has no order: ${code} ${description}`,
      }),
    ),
    ...(asked === undefined
      ? []
      : [{ at: asked.since, what: 'attention' as const, words: `a person was asked: ${asked.kind}` }]),
    { at: updatedAt, what: 'result', words: `is ${state}` },
    ...events,
  ];
}

/** Until when what an order has made can be cancelled, once it was read. */
function datesOf(record: CheckoutRecord, order: OrderSummary): readonly StoryLine[] {
  const { datesReadAt: at, subscriptions = [] } = order;
  if (at === undefined) return [];
  const event = cancellableEvent(record, order);
  return [
    ...subscriptions.map(({ id, offerId, line, cancellableUntil: until }): StoryLine => {
      const which = line === undefined ? offerId : `line ${line}, ${offerId}`;
      const words =
        until === undefined
          ? 'Partner Center does not say until when it can be cancelled'
          : until === null
            ? 'it cannot be cancelled'
            : `it can be cancelled until ${until}`;
      return { at, what: 'order', words: `subscription ${id} (${which}): ${words}` };
    }),
    ...(event === undefined ? [] : [{ at, what: 'event' as const, words: `${event.type} (id ${event.id})` }]),
  ];
}

/** Of a job that carries lines: what its cart holds, what was left out, and what its number wanted before. */
function orderLines({
  made,
  cartId,
  badLines = [],
  replaced = [],
  updatedAt,
}: CheckoutRecord): readonly StoryLine[] {
  const total = made?.total === undefined ? '' : `, ${made.total} ${made.currency ?? ''}`;
  const held = made?.lines.map(
    ({ line, quantity, catalogItemId }) => `line ${line}: ${quantity} × ${catalogItemId}`,
  );
  return [
    ...replaced.map(
      ({ at, messageId, body }): StoryLine => ({
        at,
        what: 'message',
        words: `message ${messageId} replaced the lines of this number; before it wanted ${body}`,
      }),
    ),
    ...(held === undefined
      ? []
      : [
          {
            at: updatedAt,
            what: 'result' as const,
            words: `cart ${cartId} was made and checked${total}: ${held.join('; ')}`,
          },
        ]),
    ...badLines.map(
      ({ line, code, description, remedy }): StoryLine => ({
        at: updatedAt,
        what: 'result',
        words: `line ${line} cannot be bought: ${code} ${description} ${remedy}`,
      }),
    ),
  ];
}

function attentionLines(row: AttentionRow): readonly StoryLine[] {
  const { openedAt, kind, code, closedAt, closedBy, at } = row;
  const evidence = evidenceInWords(readEvidence(row.evidence));
  return [
    { at: openedAt, what: 'attention', words: `row opened: ${kind}${code === '' ? '' : ` ${code}`}` },
    ...(evidence === undefined ? [] : [{ at, what: 'evidence' as const, words: evidence }]),
    ...(closedAt === undefined
      ? []
      : [{ at: closedAt, what: 'attention' as const, words: `row closed by ${closedBy ?? 'somebody'}` }]),
  ];
}
