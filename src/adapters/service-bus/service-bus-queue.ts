import type { ServiceBusMessage, ServiceBusSender } from '@azure/service-bus';
import type { CheckoutQueue, Copy } from '../../ports/checkout-queue.ts';
import { limiter } from './limiter.ts';
import { sendFailure } from './service-bus-failure.ts';

/** A link of the client holds 2,048 unsettled messages; a burst beyond that would wait inside it until it times out. */
const maxInFlight = 512;

export function checkoutQueue(sender: ServiceBusSender): CheckoutQueue {
  const inTurn = limiter(maxInFlight);
  return {
    async send(copy, at) {
      try {
        await inTurn(() => sender.sendMessages(toMessage(copy, at)));
      } catch (error) {
        throw sendFailure('queue', `message ${copy.messageId} to queue ${sender.entityPath}`, error);
      }
    },
  };
}

/**
 * Scheduled by an annotation, not by `scheduleMessages`: that is a request to the management link, and its sequence
 * number is of use only to who wants to cancel.
 */
function toMessage({ messageId, body, properties }: Copy, at: number): ServiceBusMessage {
  return {
    messageId,
    // Bytes go out as they are; anything else the client writes as JSON again.
    body: Buffer.from(body),
    contentType: 'application/json',
    applicationProperties: { ...properties },
    ...(at > Date.now() ? { scheduledEnqueueTimeUtc: new Date(at) } : {}),
  };
}
