import { type Decided, decisions, states } from '../checkout/record.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { unescapeOrderId } from '../order/order-id.ts';
import { decodeJob, type Job, type Rejection } from './job.ts';
import type { QueueMessage } from './queue-message.ts';

/** What the person saw of the job: its state, or that it had no record yet. */
const seenStates = [...states, 'nothing'] as const;
export type Seen = (typeof seenStates)[number];

/** What a person decided, as the message carries it. */
export interface Decision {
  readonly decision: Decided['decision'];
  readonly seen: Seen;
  readonly who: string;
  /** For `orders`: the ids that the person names. */
  readonly orderIds: readonly string[];
}

/** One time that the queue hands us the job's message. */
export interface Delivery {
  readonly job: Job;
  /** The body as its producer wrote it. */
  readonly body: string;
  readonly messageId: string;
  /** How often the queue has handed out this message: 1 on the first delivery. */
  readonly count: number;
  /** 0 for a producer's message. */
  readonly ticket: number;
  readonly decision?: Decision;
  /** Orders that an earlier delivery had in hand and could not record. */
  readonly found: readonly string[];
  readonly firstEnqueued: number;
  /** When the queue could hand out this message at the earliest, epoch ms. */
  readonly enqueuedAt: number;
  readonly traceparent?: string;
  /** A producer's first delivery has nothing to finish; every other one may. */
  readonly mayHaveTail: boolean;
}

export type DecodedDelivery =
  | { readonly kind: 'delivery'; readonly delivery: Delivery }
  | { readonly kind: 'rejected'; readonly rejection: Rejection }
  /** Written by a newer version of this program: a rolling deployment is under way. */
  | { readonly kind: 'newer'; readonly version: string };

/** The version of the application properties that this code writes and reads. */
export const propertiesVersion = 1;

const maxTicket = 999_999_999;

/** The last ticket is its own next one: no copy of ours has a ticket that the decoder refuses. */
export const ticketAfter = (ticket: number): number => Math.min(ticket + 1, maxTicket);

/** On a message that was no job, and could not be told of yet: the key that it has in the table Attention. */
export const rejectedProperty = 'checkout-rejected';

/** The application properties that the worker and people add. All are strings; the body stays as the producer wrote it. */
const known: Readonly<Record<string, RegExp>> = {
  'checkout-version': /^[1-9][0-9]{0,5}$/,
  'checkout-ticket': /^(0|[1-9][0-9]{0,8})$/,
  'checkout-decision': new RegExp(`^(${decisions.join('|')})$`),
  'checkout-seen': new RegExp(`^(${seenStates.join('|')})$`),
  'checkout-who': /^[^\p{Cc}]{1,256}$/u,
  'checkout-orders': /^[^\p{Cc},]+(,[^\p{Cc},]+){0,98}$/u,
  'checkout-found': /^[^\p{Cc},]+(,[^\p{Cc},]+)*$/u,
  'checkout-first-enqueued': /^[0-9]{13,15}$/,
  'checkout-traceparent': /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/,
  'checkout-requeued': /^1$/,
  [rejectedProperty]: /^[0-9a-f]{64}:[0-9]{1,16}-[0-9]{1,20}$/,
};

export function decodeDelivery(message: QueueMessage): DecodedDelivery {
  const version = text(message.properties['checkout-version']);
  if (version !== undefined && /^[1-9][0-9]{0,5}$/.test(version) && Number(version) > propertiesVersion)
    return { kind: 'newer', version };
  const decoded = decodeJob(message.body);
  if (!decoded.ok) return { kind: 'rejected', rejection: decoded.rejection };
  const properties = decodeProperties(message.properties);
  if (!properties.ok)
    return {
      kind: 'rejected',
      rejection: omitUndefined({
        ...properties.rejection,
        batchId: decoded.job.batchId,
        batchSize: decoded.job.batchSize,
      }),
    };
  const { values } = properties;
  const ticket = Number(values.get('checkout-ticket') ?? 0);
  return {
    kind: 'delivery',
    delivery: omitUndefined({
      job: decoded.job,
      body: new TextDecoder().decode(message.body),
      messageId: message.messageId,
      count: message.deliveryCount,
      ticket,
      decision: decisionIn(values),
      found: orderIdsIn(values.get('checkout-found')),
      firstEnqueued: Number(values.get('checkout-first-enqueued') ?? message.enqueuedAt),
      enqueuedAt: message.enqueuedAt,
      traceparent:
        values.get('checkout-traceparent') ?? producersTrace(message.properties) ?? message.traceparent,
      mayHaveTail:
        values.has('checkout-ticket') || message.deliveryCount > 1 || values.has('checkout-requeued'),
    }),
  };
}

type DecodedProperties =
  | { readonly ok: true; readonly values: ReadonlyMap<string, string> }
  | { readonly ok: false; readonly rejection: Rejection };

function decodeProperties(properties: QueueMessage['properties']): DecodedProperties {
  const values = new Map<string, string>();
  const refuse = (path: string, reason: string): DecodedProperties => ({
    ok: false,
    rejection: { kind: 'not-valid', path, reason },
  });
  for (const [name, value] of Object.entries(properties)) {
    if (!name.toLowerCase().startsWith('checkout-')) continue;
    const pattern = known[name];
    if (pattern === undefined)
      return refuse(name.slice(0, 128), `unknown property: known are ${Object.keys(known).join(', ')}`);
    const string = text(value);
    if (string === undefined || !pattern.test(string) || !string.isWellFormed())
      return refuse(name, `${name} is not as the contract has it`);
    values.set(name, string);
  }
  if (values.has('checkout-decision'))
    for (const needed of ['checkout-seen', 'checkout-who', 'checkout-ticket'])
      if (!values.has(needed)) return refuse(needed, `a decision needs ${needed}`);
  if (values.get('checkout-decision') === 'orders' && !values.has('checkout-orders'))
    return refuse('checkout-orders', 'the decision "orders" needs the order ids');
  return { ok: true, values };
}

function decisionIn(values: ReadonlyMap<string, string>): Decision | undefined {
  const decision = decisions.find((name) => name === values.get('checkout-decision'));
  const seen = seenStates.find((name) => name === values.get('checkout-seen'));
  const who = values.get('checkout-who');
  if (decision === undefined || seen === undefined || who === undefined) return undefined;
  return { decision, seen, who, orderIds: orderIdsIn(values.get('checkout-orders')) };
}

const orderIdsIn = (list: string | undefined): readonly string[] =>
  list?.split(',').map(unescapeOrderId) ?? [];

/** The trace that the official clients put on a message ("Diagnostic-Id" is its older name). */
function producersTrace(properties: QueueMessage['properties']): string | undefined {
  const trace =
    text(properties['traceparent']) ?? text(properties['diagnostic-Id']) ?? text(properties['Diagnostic-Id']);
  return trace !== undefined && /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(trace)
    ? trace
    : undefined;
}

/** A host may turn the text of a property into a number: both are read as text. */
function text(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : undefined;
}
