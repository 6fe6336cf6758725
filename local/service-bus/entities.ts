import type { BrokerClock } from './clock.ts';
import type { Entities, QueueConfig, QueueSettings, TopicConfig } from './config.ts';
import { alreadyExists, entityNotFound, notAllowed } from './errors.ts';
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

/** A queue or subscription as it is listed. */
export interface ListedQueue extends QueueConfig {
  /** Epoch ms. */
  readonly createdAt: number;
  readonly queue: MessageQueue;
  readonly letters: MessageQueue;
}

export interface ListedTopic extends Omit<TopicConfig, 'subscriptions'> {
  readonly createdAt: number;
  readonly inbox: MessageQueue;
  readonly subscriptions: readonly ListedQueue[];
}

export interface EntityMap {
  queues(): readonly ListedQueue[];
  topics(): readonly ListedTopic[];
  /** Throws `AmqpError` when the name is taken, as the next two do. */
  addQueue(config: QueueConfig): void;
  addTopic(config: TopicConfig): void;
  addSubscription(topic: string, config: QueueConfig): void;
  /** Returns the addresses that are gone; throws `AmqpError` when there is none. */
  remove(address: string): readonly string[];
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

interface Topic extends Omit<ListedTopic, 'subscriptions'> {
  readonly subscriptions: Map<string, ListedQueue>;
  /** The queues of its subscriptions, which its inbox fills. */
  readonly copies: Set<MessageQueue>;
}

/** Builds every entity of the configuration. `onReady` hears which source may have messages for receivers. */
export function buildEntities(
  config: Entities,
  clock: BrokerClock,
  onReady: (address: string) => void,
): EntityMap {
  const queues = new Map<string, ListedQueue>();
  const topics = new Map<string, Topic>();
  const sources = new Map<string, Source>();
  const targets = new Map<string, Target>();

  function openQueue(address: string, { name, settings }: QueueConfig, limits: QueueSettings): ListedQueue {
    const deadAddress = address + dead;
    const letters = createMessageQueue({
      clock,
      settings: limits,
      bury: undefined,
      onReady: () => onReady(deadAddress),
    });
    const queue = createMessageQueue({
      clock,
      settings: limits,
      bury: (held, content, why) => letters.addDead(held, withDeadLetterReason(content, why)),
      onReady: () => onReady(address),
    });
    sources.set(address, { address, queue });
    sources.set(deadAddress, { address: deadAddress, queue: letters });
    return { name, settings, createdAt: clock.now(), queue, letters };
  }

  function closeQueue(address: string, { queue, letters }: ListedQueue): readonly string[] {
    queue.stop();
    letters.stop();
    const gone = [address, address + dead];
    for (const each of gone) sources.delete(each);
    return gone;
  }

  function openTarget(address: string, { add, cancelScheduled, peek }: MessageQueue): void {
    targets.set(address, { address, add: (content) => add(content), cancelScheduled, peek });
  }

  function freeAddress(name: string): string {
    const address = normalized(name);
    if (sources.has(address) || targets.has(address)) throw alreadyExists(name);
    return address;
  }

  function topicOf(name: string): Topic {
    const topic = topics.get(normalized(name));
    if (topic === undefined) throw entityNotFound(name);
    return topic;
  }

  function addQueue(queue: QueueConfig): void {
    const address = freeAddress(queue.name);
    const opened = openQueue(address, queue, queue.settings);
    queues.set(address, opened);
    openTarget(address, opened.queue);
  }

  function addTopic({ name, timeToLive, subscriptions }: TopicConfig): void {
    const address = freeAddress(name);
    const copies = new Set<MessageQueue>();
    const inbox = createTopic(clock, copies);
    topics.set(address, {
      name,
      timeToLive,
      createdAt: clock.now(),
      inbox,
      copies,
      subscriptions: new Map(),
    });
    openTarget(address, inbox);
    for (const subscription of subscriptions) addSubscription(name, subscription);
  }

  function addSubscription(name: string, subscription: QueueConfig): void {
    const topic = topicOf(name);
    const address = freeAddress(`${topic.name}/subscriptions/${subscription.name}`);
    const timeToLive = Math.min(topic.timeToLive, subscription.settings.timeToLive);
    const opened = openQueue(address, subscription, { ...subscription.settings, timeToLive });
    topic.subscriptions.set(address, opened);
    topic.copies.add(opened.queue);
  }

  function removeSubscription(topic: Topic, address: string): readonly string[] | undefined {
    const subscription = topic.subscriptions.get(address);
    if (subscription === undefined) return undefined;
    topic.subscriptions.delete(address);
    topic.copies.delete(subscription.queue);
    return closeQueue(address, subscription);
  }

  for (const queue of config.queues) addQueue(queue);
  for (const topic of config.topics) addTopic(topic);

  return {
    queues: () => [...queues.values()],
    topics: () =>
      [...topics.values()].map((topic) => ({ ...topic, subscriptions: [...topic.subscriptions.values()] })),
    addQueue,
    addTopic,
    addSubscription,
    remove(name) {
      const address = normalized(name);
      const queue = queues.get(address);
      if (queue !== undefined) {
        queues.delete(address);
        targets.delete(address);
        return closeQueue(address, queue);
      }
      const topic = topics.get(address);
      if (topic !== undefined) {
        topics.delete(address);
        targets.delete(address);
        topic.inbox.stop();
        return [
          address,
          ...[...topic.subscriptions.keys()].flatMap((each) => removeSubscription(topic, each) ?? []),
        ];
      }
      for (const each of topics.values()) {
        const gone = removeSubscription(each, address);
        if (gone !== undefined) return gone;
      }
      throw entityNotFound(name);
    },
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
      for (const { queue } of sources.values()) queue.stop();
      for (const { inbox } of topics.values()) inbox.stop();
    },
  };
}
