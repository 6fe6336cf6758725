import { redeliveredProperty } from '../../src/domain/message/delivery.ts';
import type { OutgoingMessage, QueueMessage } from '../../src/domain/message/queue-message.ts';
import type { Timeline } from '../support/timeline.ts';
import type { Process } from './process.ts';

const lockMs = 300_000;
export const maxDeliveryCount = 10;

/** A message that somebody holds in peek-lock. */
export interface Locked {
  readonly message: QueueMessage;
  /** False: the lock was lost, and the message is handed out again. */
  complete(): boolean;
  abandon(): void;
  /** The run is over, or its process is dead: nobody renews the lock any more. */
  letGo(): void;
}

interface Entry {
  readonly copy: OutgoingMessage;
  sequence: number;
  enqueuedAt: number;
  deliveries: number;
  visibleAt: number;
  lock?: { readonly holder: Process; readonly since: number; until: number; renewed: boolean };
}

/** A Service Bus queue: peek-lock, renewal up to a limit, delivery counts, dead letters, scheduled messages. */
export interface Broker {
  send(copy: OutgoingMessage, at: number): void;
  receive(holder: Process): Locked | undefined;
  /** The locks of this process are lost; the messages are visible again. */
  dropLocks(holder: Process): void;
  /** Messages of all kinds but dead ones. */
  count(): number;
  /** Locked or visible now. */
  active(): number;
  readonly deadLetters: readonly QueueMessage[];
  /** Somebody puts these dead letters back on the queue, marked as sent again. */
  requeue(which: (message: QueueMessage) => boolean): void;
  /** All but dead letters, locked and scheduled ones too. */
  messages(): readonly QueueMessage[];
  /** Takes messages out of the queue, dead letters aside, as an operator may. */
  purge(isLost: (message: QueueMessage) => boolean): void;
}

const texts = (properties: QueueMessage['properties']): Record<string, string> =>
  Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, String(value)]));

export function createBroker(
  timeline: Timeline,
  renewedFor: number,
  onVisible: () => void,
  countsDeath: () => boolean,
): Broker {
  const entries: Entry[] = [];
  const deadLetters: QueueMessage[] = [];
  let sequence = 0;

  const view = (entry: Entry): QueueMessage => ({
    body: entry.copy.body,
    messageId: entry.copy.messageId,
    sequenceNumber: String(entry.sequence),
    queue: 'standard',
    deliveryCount: entry.deliveries,
    enqueuedAt: entry.enqueuedAt,
    properties: entry.copy.properties,
  });

  function remove(entry: Entry): void {
    const index = entries.indexOf(entry);
    if (index >= 0) entries.splice(index, 1);
  }

  function release(entry: Entry): void {
    delete entry.lock;
    onVisible();
  }

  function watch(entry: Entry, lock: NonNullable<Entry['lock']>): void {
    timeline.at(lock.until, () => {
      if (entry.lock !== lock) return;
      const { holder } = lock;
      const limit = lock.since + renewedFor;
      const isRenewed = lock.renewed && holder.isAlive() && timeline.now() >= holder.frozenUntil();
      if (!isRenewed || timeline.now() >= limit) {
        // Documented: the delivery count is not incremented when the underlying AMQP connection is closed.
        if (!holder.isAlive() && !countsDeath()) entry.deliveries -= 1;
        return release(entry);
      }
      lock.until = Math.min(timeline.now() + lockMs, limit);
      watch(entry, lock);
    });
  }

  function send(copy: OutgoingMessage, at: number): void {
    const visibleAt = Math.max(Math.floor(at), Math.floor(timeline.now()));
    sequence += 1;
    entries.push({ copy, sequence, enqueuedAt: visibleAt, deliveries: 0, visibleAt });
    timeline.at(visibleAt, onVisible);
  }

  return {
    send,
    receive(holder) {
      for (;;) {
        const entry = entries.find((one) => one.lock === undefined && one.visibleAt <= timeline.now());
        if (entry === undefined) return undefined;
        if (entry.deliveries >= maxDeliveryCount) {
          remove(entry);
          deadLetters.push(view(entry));
          continue;
        }
        entry.deliveries += 1;
        const lock = { holder, since: timeline.now(), until: timeline.now() + lockMs, renewed: true };
        entry.lock = lock;
        watch(entry, lock);
        return {
          message: view(entry),
          complete() {
            if (entry.lock !== lock) return false;
            remove(entry);
            return true;
          },
          abandon() {
            if (entry.lock === lock) release(entry);
          },
          letGo() {
            lock.renewed = false;
          },
        };
      }
    },
    dropLocks(holder) {
      for (const entry of entries) if (entry.lock?.holder === holder) release(entry);
    },
    count: () => entries.length,
    active: () => entries.filter((entry) => entry.visibleAt <= timeline.now()).length,
    deadLetters,
    requeue(which) {
      for (const message of deadLetters.filter(which)) {
        deadLetters.splice(deadLetters.indexOf(message), 1);
        const { messageId, body, properties } = message;
        send(
          { messageId, body, properties: { ...texts(properties), [redeliveredProperty]: '1' } },
          timeline.now(),
        );
      }
    },
    messages: () => entries.map(view),
    purge(isLost) {
      for (const entry of entries.filter((one) => isLost(view(one)))) remove(entry);
    },
  };
}
