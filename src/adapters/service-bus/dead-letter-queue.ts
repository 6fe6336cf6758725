/** The port of the dead-letter queue: takes letters under a lock, sends or removes them, and releases the rest. */

import { randomUUID } from 'node:crypto';
import type { ServiceBusClient, ServiceBusReceivedMessage } from '@azure/service-bus';
import { firstEnqueuedProperty, redeliveredProperty } from '../../domain/message/delivery.ts';
import type { DeadLetter, DeadLetters, TakenLetter } from '../../ports/dead-letters.ts';
import { bodyBytes } from './body.ts';
import { peekAll } from './peek.ts';
import { sendFailure } from './service-bus-failure.ts';

const gone = new Set(['MessageLockLost', 'SessionLockLost', 'MessageNotFound']);
/** In these the queue keeps why a message is dead. */
const ofTheQueue = new Set(['DeadLetterReason', 'DeadLetterErrorDescription']);

const options = {
  subQueueType: 'deadLetter',
  receiveMode: 'peekLock',
  // A body goes back byte for byte; the client would turn JSON into objects.
  skipParsingBodyAsJson: true,
  maxAutoLockRenewalDurationInMs: 0,
} as const;

/** The dead-letter queue of `queue`, by peek-lock. The links open on their first use. */
export function deadLetters(client: ServiceBusClient, queue: string): DeadLetters {
  const receiver = client.createReceiver(queue, options);
  const sender = client.createSender(queue);
  const tried = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw sendFailure('queue', `${what} queue ${queue}`, error);
    }
  };

  function take(message: ServiceBusReceivedMessage): TakenLetter {
    const letter = toLetter(message);
    const number = letter.sequenceNumber;
    const remove = async (): Promise<void> => {
      try {
        await receiver.completeMessage(message);
      } catch (error) {
        // Somebody else has it now, or has removed it. A letter that is sent twice is bought once.
        if (!isGone(error))
          throw sendFailure('queue', `the removal of dead letter ${number} of queue ${queue}`, error);
      }
    };
    return {
      letter,
      remove,
      async requeue() {
        await tried(`dead letter ${number} to`, () => sender.sendMessages(again(message, letter)));
        await remove();
      },
      release: () => receiver.abandonMessage(message),
    };
  }

  return {
    queue,
    async *peek() {
      for await (const message of peekAll(client, queue, options)) yield toLetter(message);
    },
    async take(most, waitMs) {
      const messages = await tried('a receive of the dead letters of', () =>
        receiver.receiveMessages(most, { maxWaitTimeInMs: waitMs }),
      );
      return messages.map(take);
    },
  };
}

/**
 * Body and properties as they are, marked as sent again: whoever gets it reads the record first, and finalizes what is settled. The
 * id is a new one: if the letter is sent twice, the host renews the lock of each by its id. The time of the first message is kept.
 */
function again(message: ServiceBusReceivedMessage, letter: DeadLetter) {
  const own = Object.entries(message.applicationProperties ?? {}).filter(([name]) => !ofTheQueue.has(name));
  return {
    body: message.body,
    bodyType: message._rawAmqpMessage.bodyType ?? ('data' as const),
    properties: {
      messageId: randomUUID(),
      ...(message.contentType === undefined ? {} : { contentType: message.contentType }),
      ...(message.correlationId === undefined ? {} : { correlationId: message.correlationId }),
    },
    applicationProperties: {
      [firstEnqueuedProperty]: String(letter.enqueuedAt),
      ...Object.fromEntries(own),
      [redeliveredProperty]: '1',
    },
  };
}

function toLetter(message: ServiceBusReceivedMessage): DeadLetter {
  const { sequenceNumber, messageId, enqueuedTimeUtc, deliveryCount, body } = message;
  const own = Object.entries(message.applicationProperties ?? {}).filter(([name]) => !ofTheQueue.has(name));
  return {
    sequenceNumber: sequenceNumber?.toString() ?? '',
    messageId: String(messageId ?? ''),
    enqueuedAt: enqueuedTimeUtc?.getTime() ?? 0,
    deliveryCount: deliveryCount ?? 0,
    reason: message.deadLetterReason ?? '',
    description: message.deadLetterErrorDescription ?? '',
    body: bodyBytes(body),
    properties: Object.fromEntries(own),
  };
}

const isGone = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && gone.has(String(error.code));
