/** Looks at the messages of a queue without taking them. */

import type {
  ServiceBusClient,
  ServiceBusReceivedMessage,
  ServiceBusReceiverOptions,
} from '@azure/service-bus';
import type { QueuedMessages } from '../../ports/queued-messages.ts';
import { bodyBytes } from './body.ts';
import { sendFailure } from './service-bus-failure.ts';

const peeked = 250;

/** Every message of a queue, oldest first, locked and scheduled ones too. Changes nothing. Throws `Unavailable` ('queue'). */
export async function* peekAll(
  client: ServiceBusClient,
  queue: string,
  options: ServiceBusReceiverOptions,
): AsyncGenerator<ServiceBusReceivedMessage> {
  // A receiver peeks on from where it was: each look has its own, and begins with the oldest.
  const looker = client.createReceiver(queue, options);
  try {
    for (;;) {
      const messages = await looker.peekMessages(peeked).catch((error: unknown) => {
        throw sendFailure('queue', `a look at the messages of queue ${queue}`, error);
      });
      yield* messages;
      if (messages.length === 0) return;
    }
  } finally {
    await looker.close();
  }
}

/** The messages that wait in a queue. */
export const queuedMessages = (client: ServiceBusClient, queue: string): QueuedMessages => ({
  async *peek() {
    const options = { receiveMode: 'peekLock', skipParsingBodyAsJson: true } as const;
    for await (const { body, scheduledEnqueueTimeUtc } of peekAll(client, queue, options)) {
      const at = scheduledEnqueueTimeUtc?.getTime();
      yield { body: bodyBytes(body), ...(at === undefined ? {} : { at }) };
    }
  },
});
