import type { BrokerClock } from './clock.ts';
import type { Entities, QueueSettings } from './config.ts';
import { entityNotFound, notAllowed } from './errors.ts';
import type { Content } from './message.ts';
import { withDeadLetterReason } from './message.ts';
import { createMessageQueue, type MessageQueue } from './message-queue.ts';
import { createTopic } from './topic.ts';

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
  /** A topic shows what is scheduled: the rest is in its subscriptions. */
  peek: MessageQueue['peek'];
}

export interface EntityMap {
  /** Throws `AmqpError` when there is none, or it cannot be received from. */
  source(address: string): Source;
  /** Throws `AmqpError` when there is none, or nothing can be sent to it. */
  target(address: string): Target;
  /** Throws `AmqpError` when there is none. */
  peekable(address: string): Pick<MessageQueue, 'peek'>;
  /** The address of something that can be sent to or received from; throws `AmqpError` when there is none. */
  known(address: string): string;
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
  const stops: (() => void)[] = [];

  function addQueue(name: string, settings: QueueSettings): MessageQueue {
    const address = normalized(name);
    const deadAddress = address + dead;
    const letters = createMessageQueue({
      clock,
      settings,
      bury: undefined,
      onReady: () => onReady(deadAddress),
    });
    const queue = createMessageQueue({
      clock,
      settings,
      bury: (held, content, why) => letters.addDead(held, withDeadLetterReason(content, why)),
      onReady: () => onReady(address),
    });
    sources.set(address, { address, queue });
    sources.set(deadAddress, { address: deadAddress, queue: letters });
    stops.push(queue.stop, letters.stop);
    return queue;
  }

  function addTarget(name: string, { add, cancelScheduled, peek }: MessageQueue): void {
    const address = normalized(name);
    targets.set(address, { address, add: (content) => add(content), cancelScheduled, peek });
  }

  for (const { name, settings } of config.queues) addTarget(name, addQueue(name, settings));
  for (const { name, subscriptions, timeToLive } of config.topics) {
    const copies = subscriptions.map((subscription) => {
      const settings = {
        ...subscription.settings,
        timeToLive: Math.min(timeToLive, subscription.settings.timeToLive),
      };
      return addQueue(`${name}/subscriptions/${subscription.name}`, settings);
    });
    const topic = createTopic(clock, copies);
    stops.push(topic.stop);
    addTarget(name, topic);
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
    peekable(address) {
      const wanted = normalized(address);
      const found = sources.get(wanted)?.queue ?? targets.get(wanted);
      if (found !== undefined) return found;
      throw entityNotFound(address);
    },
    known(address) {
      const wanted = normalized(address);
      if (sources.has(wanted) || targets.has(wanted)) return wanted;
      throw entityNotFound(address);
    },
    stop: () => {
      for (const stop of stops) stop();
    },
  };
}
