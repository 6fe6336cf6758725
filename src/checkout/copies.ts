import type { CheckoutRecord } from '../domain/checkout/record.ts';
import { type Decision, type Delivery, propertiesVersion, ticketAfter } from '../domain/message/delivery.ts';
import { escapeOrderId } from '../domain/order/order-id.ts';
import type { Chance } from '../ports/chance.ts';
import type { Copy } from '../ports/checkout-queue.ts';

interface CopyFields {
  readonly body: string;
  readonly ticket: number;
  readonly firstEnqueued: number;
  readonly traceparent?: string | undefined;
  readonly decision?: Decision | undefined;
  /** Orders in hand that could not be recorded: evidence for the next delivery. */
  readonly found?: readonly string[];
}

/** Service Bus allows 64 KB for all properties of a message; the list of orders in hand gets a share of it. */
const maxFoundLength = 32_000;

function makeCopy(fields: CopyFields, chance: Chance): Copy {
  const { decision, found, traceparent } = fields;
  return {
    messageId: chance.guid(),
    body: new TextEncoder().encode(fields.body),
    properties: {
      'checkout-version': String(propertiesVersion),
      'checkout-ticket': String(fields.ticket),
      'checkout-first-enqueued': String(fields.firstEnqueued),
      // The second one is for the host, whose own span then is in the same trace.
      ...(traceparent === undefined ? {} : { 'checkout-traceparent': traceparent, traceparent }),
      ...(decision === undefined ? {} : decisionProperties(decision)),
      ...(found === undefined || found.length === 0
        ? {}
        : { 'checkout-found': joinWithin(found.map(escapeOrderId), maxFoundLength) }),
    },
  };
}

function decisionProperties(decision: Decision): Record<string, string> {
  return {
    'checkout-decision': decision.decision,
    'checkout-seen': decision.seen,
    'checkout-who': decision.who,
    ...(decision.orderIds.length === 0
      ? {}
      : { 'checkout-orders': decision.orderIds.map(escapeOrderId).join(',') }),
  };
}

function joinWithin(ids: readonly string[], length: number): string {
  let joined = '';
  for (const id of ids) {
    if (joined.length + id.length + 1 > length) break;
    joined = joined === '' ? id : `${joined},${id}`;
  }
  return joined;
}

/** The copy of a park without a result: the message's own ticket and decision. */
export const sameAgain = (delivery: Delivery, found: readonly string[], chance: Chance): Copy =>
  makeCopy({ ...delivery, found: [...new Set([...delivery.found, ...found])] }, chance);

/** The copy of a record's next try, with the ticket that the record is about to take. */
export const nextTry = (
  record: CheckoutRecord,
  ticket: number,
  found: readonly string[],
  chance: Chance,
): Copy => makeCopy({ ...record, ticket, found }, chance);

/** What a person's tool sends: a copy with the next ticket, the state seen, the decision and the name. */
export const decisionCopy = (
  record: Pick<CheckoutRecord, 'body' | 'ticket' | 'firstEnqueued' | 'traceparent'>,
  decision: Decision,
  chance: Chance,
): Copy => makeCopy({ ...record, ticket: ticketAfter(record.ticket), decision }, chance);
