import type { BrokerClock } from './clock.ts';
import type { Entities, QueueSettings } from './config.ts';
import { entityNotFound, notAllowed } from './errors.ts';
import { type Content, withProperties } from './message.ts';
import { createMessageQueue, deadLetterProperties, type MessageQueue } from './message-queue.ts';

/** Something that messages can be received from. */
export interface Source {
  /** As it is written in addresses, in lower case. */
  readonly address: string;
  readonly queue: MessageQueue;
}

/** Something that messages can be sent to. */
export interface Target {
  readonly address: string;
  /** Returns the sequence number, by which a scheduled message can be cancelled. */
  add(content: Content): number;
  cancelScheduled(sequenceNumbers: readonly number[]): void;
}

export interface EntityMap {
  /** Throws `AmqpError` when there is none, or it cannot be received from. */
  source(address: string): Source;
  target(address: string): Target;
  sources(): readonly Source[];
  stop(): void;
}

const dead = '/$deadletterqueue';

/** An address without scheme, host and leading slash, in lower case: clients of other languages write it otherwise. */
export const normalized = (address: string): string =>
  address
    .replace(/^(amqps?|sb):\/\/[^/]+/i, '')
    .replace(/^\/+/, '')
    .toLowerCase();

/** Builds every entity of the configuration. `onReady` hears which source may have messages for receivers. */
export function buildEntities(
  config: Entities,
  clock: BrokerClock,
  onReady: (address: string) => void,
): EntityMap {
  const sources = new Map<string, Source>();
  const targets = new Map<string, Target>();

  function addQueue(name: string, settings: QueueSettings): MessageQueue {
    const address = normalized(name);
    const deadAddress = address + dead;
    const letters = createMessageQueue({
      clock,
      settings: { ...settings, timeToLive: Number.POSITIVE_INFINITY },
      deadLetters: undefined,
      onReady: () => onReady(deadAddress),
    });
    const queue = createMessageQueue({
      clock,
      settings,
      deadLetters: {
        add: (content, reason, description, from) =>
          letters.add(withProperties(content, deadLetterProperties(reason, description)), from),
      },
      onReady: () => onReady(address),
    });
    sources.set(address, { address, queue });
    sources.set(deadAddress, { address: deadAddress, queue: letters });
    return queue;
  }

  for (const { name, settings } of config.queues) {
    const queue = addQueue(name, settings);
    targets.set(normalized(name), {
      address: normalized(name),
      add: queue.add,
      cancelScheduled: queue.cancelScheduled,
    });
  }
  for (const { name, subscriptions, timeToLive } of config.topics) {
    const copies = subscriptions.map((subscription) => {
      const settings = {
        ...subscription.settings,
        timeToLive: Math.min(timeToLive, subscription.settings.timeToLive),
      };
      return addQueue(`${name}/subscriptions/${subscription.name}`, settings);
    });
    targets.set(normalized(name), topicTarget(normalized(name), copies));
  }

  return {
    source(address) {
      const wanted = normalized(address);
      const found = sources.get(wanted);
      if (found !== undefined) return found;
      if (targets.has(wanted))
        throw notAllowed(`'${address}' is a topic: receive from one of its subscriptions.`);
      throw entityNotFound(address);
    },
    target(address) {
      const wanted = normalized(address);
      const found = targets.get(wanted);
      if (found !== undefined) return found;
      if (sources.has(wanted)) throw notAllowed(`Nothing can be sent to '${address}'.`);
      throw entityNotFound(address);
    },
    sources: () => [...sources.values()],
    stop: () => {
      for (const { queue } of sources.values()) queue.stop();
    },
  };
}

/** Each subscription gets a copy with a number of its own. A message for later waits in each of them. */
function topicTarget(address: string, copies: readonly MessageQueue[]): Target {
  let next = 1;
  const scheduled = new Map<number, readonly { queue: MessageQueue; number: number }[]>();
  return {
    address,
    add(content) {
      const number = next++;
      scheduled.set(
        number,
        copies.map((queue) => ({ queue, number: queue.add(content, number) })),
      );
      // Only the latest can still be cancelled in practice; the rest need not be remembered for ever.
      if (scheduled.size > 10_000) scheduled.delete(scheduled.keys().next().value ?? 0);
      return number;
    },
    cancelScheduled(numbers) {
      for (const number of numbers)
        for (const copy of scheduled.get(number) ?? []) copy.queue.cancelScheduled([copy.number]);
    },
  };
}
