import type { BrokerClock } from './clock.ts';
import { createMessageQueue, type MessageQueue } from './message-queue.ts';

/** A topic numbers what it is sent, holds what is for later, and gives each subscription a copy with a number of its own. */
export function createTopic(clock: BrokerClock, subscriptions: ReadonlySet<MessageQueue>): MessageQueue {
  const inbox: MessageQueue = createMessageQueue({
    clock,
    settings: {
      lockDuration: 0,
      maxDeliveryCount: Number.POSITIVE_INFINITY,
      timeToLive: Number.POSITIVE_INFINITY,
      deadLetterOnExpiration: false,
    },
    bury: undefined,
    onReady: () => fanOut(),
  });

  function fanOut(): void {
    for (let next = inbox.shift(); next !== undefined; next = inbox.shift())
      for (const subscription of subscriptions) subscription.add(next.content, next.sequenceNumber);
  }
  return inbox;
}
