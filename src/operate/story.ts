import { eventsOf } from '../checkout/event-list.ts';
import type { Call, CheckoutRecord } from '../checkout/record.ts';
import { isTerminal } from '../orders/order.ts';
import type { AttentionRow } from './attention-rows.ts';

export interface StoryLine {
  /** Epoch ms. */
  readonly at: number;
  readonly what: 'message' | 'call' | 'order' | 'person' | 'attention' | 'event' | 'result';
  readonly words: string;
}

/**
 * What happened to a job, in order, from what is kept: the record, and its attention row. Calls beyond the first 20 and
 * last 80 are only counted; each delivery and poll is in the telemetry.
 */
export function storyOf(record: CheckoutRecord, attention: AttentionRow | undefined): readonly StoryLine[] {
  const lines: StoryLine[] = [
    { at: record.firstEnqueued, what: 'message', words: `came to the queue${fromWhom(record)}` },
    { at: record.createdAt, what: 'message', words: 'was taken for the first time' },
    ...callsOf(record).map(callLine),
    ...record.orders.map(
      ({ since, id, status }): StoryLine => ({
        at: since,
        what: 'order',
        words: `${id} was recorded; it is ${status}${isTerminal(status) ? '' : ', and is polled'}`,
      }),
    ),
    ...record.decisions.map(
      ({ at, decision, who }): StoryLine => ({ at, what: 'person', words: `${who} decided: ${decision}` }),
    ),
    ...resultLines(record),
    ...(attention === undefined ? [] : attentionLines(attention)),
  ];
  return lines.sort((a, b) => a.at - b.at || order(a) - order(b));
}

const kinds: readonly StoryLine['what'][] = [
  'message',
  'person',
  'call',
  'order',
  'result',
  'attention',
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

function callLine(call: Call): StoryLine {
  const { what, at, correlationId, requestId, end } = call;
  const answer =
    end === undefined
      ? 'no answer is recorded: it runs, or its worker died'
      : end.status === undefined
        ? `no answer after ${Math.round(end.ms)} ms: ${end.failure ?? 'unknown'}`
        : `${end.status}${end.code === undefined ? '' : ` ${end.code}`} in ${Math.round(end.ms)} ms`;
  const ids = `correlation ${correlationId}${requestId === undefined ? '' : `, request ${requestId}`}${end?.cv === undefined ? '' : `, CV ${end.cv}`}`;
  return { at, what: 'call', words: `${what}: ${answer} (${ids})` };
}

function resultLines(record: CheckoutRecord): readonly StoryLine[] {
  const { reason, failedGroups, state, updatedAt, asked } = record;
  const events = eventsOf(record).map(
    ({ type, id, time }): StoryLine => ({ at: Date.parse(time), what: 'event', words: `${type} (id ${id})` }),
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

function attentionLines(row: AttentionRow): readonly StoryLine[] {
  const { openedAt, kind, code, closedAt, closedBy, overtaken } = row;
  const told = overtaken === undefined ? undefined : /^(\S+Z): (.*)$/s.exec(overtaken);
  return [
    { at: openedAt, what: 'attention', words: `row opened: ${kind}${code === '' ? '' : ` ${code}`}` },
    ...(closedAt === undefined
      ? []
      : [{ at: closedAt, what: 'attention' as const, words: `row closed by ${closedBy ?? 'somebody'}` }]),
    ...(told?.[1] === undefined || told[2] === undefined
      ? []
      : [{ at: Date.parse(told[1]), what: 'person' as const, words: told[2] }]),
  ];
}
