/** The port `CheckoutQueue`: sends wake-ups, and a message again for later. */

import type { ServiceBusMessage, ServiceBusSender } from '@azure/service-bus';
import type { OutgoingMessage } from '../../domain/message/queue-message.ts';
import type { CheckoutQueue } from '../../ports/checkout-queue.ts';
import { sendFailure } from './service-bus-failure.ts';

/** A message sent again has at most 64 KB of body and 64 KB of properties; a batch of the standard tier holds 256 KB. Wake-ups are small. */
const maxTogether = 100;

export function checkoutQueue(sender: ServiceBusSender): CheckoutQueue {
  return {
    async send(messages, at) {
      try {
        for (let from = 0; from < messages.length; from += maxTogether) {
          const together = messages.slice(from, from + maxTogether).map((message) => toMessage(message, at));
          await sender.sendMessages(together);
        }
      } catch (error) {
        const [first] = messages;
        const what = `${messages.length} message(s), the first ${first?.messageId},`;
        throw sendFailure('queue', `${what} to queue ${sender.entityPath}`, error);
      }
    },
  };
}

/**
 * Scheduled by an annotation, not by `scheduleMessages`: that is a request to the management link, and its sequence
 * number is of use only to who wants to cancel.
 */
function toMessage({ messageId, body, properties }: OutgoingMessage, at: number): ServiceBusMessage {
  return {
    messageId,
    // Bytes go out as they are; anything else the client writes as JSON again.
    body: Buffer.from(body),
    contentType: 'application/json',
    applicationProperties: { ...properties },
    ...(at > Date.now() ? { scheduledEnqueueTimeUtc: new Date(at) } : {}),
  };
}
