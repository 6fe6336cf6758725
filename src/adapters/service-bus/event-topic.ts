/** The port `Events` over the topic: sends the events of one result together. */

import { createHash } from 'node:crypto';
import type { ServiceBusMessage, ServiceBusSender } from '@azure/service-bus';
import type { CheckoutEvent } from '../../domain/events/event.ts';
import type { Events } from '../../ports/events.ts';
import { sendFailure } from './service-bus-failure.ts';

export function eventTopic(sender: ServiceBusSender): Events {
  return {
    async publish(events) {
      try {
        await sendAll(sender, events);
      } catch (error) {
        const ids = events
          .map(({ id }) => id)
          .join(', ')
          .slice(0, 500);
        throw sendFailure('events', `${events.length} events (${ids}) to topic ${sender.entityPath}`, error);
      }
    },
  };
}

/** The client's own limits do not hold for the opening of a link, which a batch asks for its size. */
const sendLimitMs = 20_000;

/** One batch for all, unless they are more than a message of this namespace holds. */
async function sendAll(sender: ServiceBusSender, events: readonly CheckoutEvent[]): Promise<void> {
  if (events.length === 0) return;
  const limited = { abortSignal: AbortSignal.timeout(sendLimitMs) };
  let batch = await sender.createMessageBatch(limited);
  for (const event of events) {
    if (batch.tryAddMessage(toMessage(event))) continue;
    if (batch.count > 0) await sender.sendMessages(batch, limited);
    batch = await sender.createMessageBatch(limited);
    if (batch.tryAddMessage(toMessage(event)) || batch.tryAddMessage(toMessage(shortened(event)))) continue;
    throw new RangeError(`event ${event.id} does not fit into ${batch.maxSizeInBytes} bytes`);
  }
  await sender.sendMessages(batch, limited);
}

/** An event that no message holds says so, and where to look: who needs the rest reads the ledger. */
function shortened(event: CheckoutEvent): CheckoutEvent {
  const short = Object.entries(event.data).filter(([, value]) => (JSON.stringify(value) ?? '').length <= 500);
  return { ...event, data: { ...Object.fromEntries(short), truncated: true } };
}

/** CloudEvents 1.0, AMQP binding, structured mode. Subscribers filter by the properties. */
function toMessage(event: CheckoutEvent): ServiceBusMessage {
  return {
    messageId: toMessageId(event.id),
    body: Buffer.from(JSON.stringify(event)),
    contentType: 'application/cloudevents+json',
    applicationProperties: { type: event.type, ...filters(event.data) },
  };
}

/** Service Bus takes 128 characters. The id of the event itself is in its body, whole. */
const toMessageId = (id: string): string =>
  id.length <= 128 ? id : createHash('sha256').update(id).digest('hex');

function filters(data: CheckoutEvent['data']): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of ['batchId', 'customerId', 'reference']) {
    const value = data[name];
    if (typeof value === 'string') found[name] = value;
  }
  return found;
}
