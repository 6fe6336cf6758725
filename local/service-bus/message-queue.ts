import { createAlarm } from './alarm.ts';
import type { BrokerClock } from './clock.ts';
import type { QueueSettings } from './config.ts';
import { lockLost, messageNotFound, notAllowed } from './errors.ts';
import { createHeap } from './heap.ts';
import { type Held, type Inspected, inspectHeld, newHeld, type Place, stateOf } from './held.ts';
import { keyOf, newToken, swapped } from './lock-token.ts';
import { type Content, type Properties, scheduledFor, withProperties, writeMessage } from './message.ts';
import { createOrder } from './order.ts';

/** A message handed out; after receive and delete its token locks nothing. */
export interface Handed {
  readonly bytes: Buffer;
  readonly token: Buffer;
}

/** Why a message is dead-lettered; undefined: nobody said. */
export interface Why {
  readonly reason?: string | undefined;
  readonly description?: string | undefined;
}

export interface QueueCounts {
  readonly active: number;
  readonly locked: number;
  readonly deferred: number;
  readonly scheduled: number;
}

export type MessageQueue = ReturnType<typeof createMessageQueue>;

export interface QueueParts {
  readonly clock: BrokerClock;
  readonly settings: QueueSettings;
  /** Takes messages that cannot be delivered; undefined: this is such a place itself, where nothing expires. */
  readonly bury: ((held: Held, content: Content, why: Why) => void) | undefined;
  /** Messages may be ready for receivers. */
  readonly onReady: () => void;
}

/** One queue, subscription or dead-letter queue: the messages, their locks and their times. No network. */
export function createMessageQueue({ clock, settings, bury, onReady }: QueueParts) {
  let nextSequence = 1;
  const all = createOrder<Held>(
    (held) => held.sequenceNumber,
    (held) => held.place === 'gone',
  );
  const ready = createHeap<Held>((a, b) => a.sequenceNumber < b.sequenceNumber);
  const locked = new Map<string, Held>();
  const counts = { ready: 0, locked: 0, deferred: 0, scheduled: 0, gone: 0 };

  const locks = createAlarm<Held>(
    clock,
    (held, at) => held.place === 'locked' && held.until === at,
    (held) => giveBack(held, held.content),
  );
  const schedule = createAlarm<Held>(
    clock,
    (held) => held.place === 'scheduled',
    (held) => {
      move(held, 'gone');
      enter(newHeld(nextSequence++, held.content, clock.now()));
    },
  );
  const lives = createAlarm<Held>(
    clock,
    (held) => held.place === 'ready' || held.place === 'locked',
    // A locked message is asked when it is unlocked.
    (held) => {
      if (held.place === 'ready') expire(held);
    },
  );

  function move(held: Held, place: Place): void {
    counts[held.place] -= 1;
    counts[place] += 1;
    held.place = place;
    if (place === 'gone') {
      all.noteGone();
      if (held.timeToLive !== undefined) lives.noteUnwanted();
    }
    if (place !== 'ready') return;
    ready.push(held);
    onReady();
  }

  function put(held: Held, place: Place): void {
    counts.gone += 1;
    all.add(held);
    move(held, place);
  }

  /** The message's life begins: now, and not when it was sent for later. */
  function enter(held: Held): void {
    const ttl = Math.min(held.content.timeToLive ?? Number.POSITIVE_INFINITY, settings.timeToLive);
    if (bury !== undefined && Number.isFinite(ttl)) {
      held.timeToLive = ttl;
      held.expiresAt = held.enqueuedAt + ttl;
      lives.set(held.expiresAt, held);
    }
    put(held, 'ready');
  }

  function expire(held: Held): void {
    move(held, 'gone');
    const description = 'The message expired and was dead lettered.';
    if (settings.deadLetterOnExpiration)
      bury?.(held, held.content, { reason: 'TTLExpiredException', description });
  }

  function unlock(held: Held): void {
    if (held.token !== undefined) locked.delete(keyOf(held.token));
    held.token = undefined;
    locks.noteUnwanted();
  }

  /** Back to where it came from, one delivery more. Inside a dead-letter queue nothing is counted. */
  function giveBack(held: Held, content: Content): void {
    held.content = content;
    if (bury !== undefined) held.deliveryCount += 1;
    putBack(held);
  }

  function putBack(held: Held): void {
    unlock(held);
    if (held.wasDeferred) move(held, 'deferred');
    else if (bury !== undefined && held.deliveryCount >= settings.maxDeliveryCount) {
      move(held, 'gone');
      const description = `Message could not be consumed after ${settings.maxDeliveryCount} delivery attempts.`;
      bury(held, held.content, { reason: 'MaxDeliveryCountExceeded', description });
    } else {
      move(held, 'ready');
      if (held.expiresAt <= clock.now()) expire(held);
    }
  }

  function hand(held: Held, destructive: boolean): Handed {
    const token = newToken();
    if (destructive) {
      const bytes = write(held);
      move(held, 'gone');
      return { bytes, token };
    }
    held.token = token;
    held.until = clock.now() + settings.lockDuration;
    move(held, 'locked');
    locked.set(keyOf(token), held);
    locks.set(held.until, held);
    // The answer to a request has no delivery tag: some clients look for the token in the message itself.
    return { bytes: write(held, held.wasDeferred ? token : undefined), token };
  }

  const write = (held: Held, token?: Buffer): Buffer =>
    writeMessage(held.content, {
      ...held,
      state: stateOf(held),
      lockedUntil: held.place === 'locked' ? held.until : undefined,
      lockToken: token === undefined ? undefined : swapped(token),
    });

  function nextReady(): Held | undefined {
    for (let held = ready.pop(); held !== undefined; held = ready.pop()) {
      if (held.place !== 'ready') continue;
      if (held.expiresAt > clock.now()) return held;
      expire(held);
    }
    return undefined;
  }

  function holderOf(token: Buffer): Held {
    const held = locked.get(keyOf(token));
    if (held !== undefined && held.until > clock.now()) return held;
    if (held !== undefined) giveBack(held, held.content);
    throw lockLost();
  }

  function foundIn(place: Place, numbers: readonly number[]): readonly Held[] {
    return numbers.map((number) => {
      const held = all.find(number);
      if (held?.place !== place) throw messageNotFound(number);
      return held;
    });
  }

  return {
    /** Puts a message in; returns its sequence number. `from` is the number that its topic gave it. */
    add(content: Content, from = 0): number {
      const now = clock.now();
      const held = newHeld(nextSequence++, content, now, from);
      const at = scheduledFor(content);
      if (at !== undefined && at > now) {
        put(held, 'scheduled');
        held.until = at;
        schedule.set(at, held);
      } else enter(held);
      return held.sequenceNumber;
    },
    /** Puts in what another queue buries: number, time and count stay as they were. */
    addDead(held: Held, content: Content): void {
      const { sequenceNumber, enqueuedAt, topicNumber } = held;
      put(
        { ...newHeld(sequenceNumber, content, enqueuedAt, topicNumber), deliveryCount: held.deliveryCount },
        'ready',
      );
    },
    /** The next message for a receiver, locked or, when `destructive`, removed. */
    next(destructive: boolean): Handed | undefined {
      const held = nextReady();
      return held === undefined ? undefined : hand(held, destructive);
    },
    /** The next message, taken out for somewhere else. */
    shift(): { readonly content: Content; readonly sequenceNumber: number } | undefined {
      const held = nextReady();
      if (held !== undefined) move(held, 'gone');
      return held;
    },
    complete(token: Buffer): void {
      const held = holderOf(token);
      unlock(held);
      move(held, 'gone');
    },
    abandon(token: Buffer, properties: Properties): void {
      const held = holderOf(token);
      giveBack(held, withProperties(held.content, properties));
    },
    /** Gives back what nobody looked at: Service Bus does not count this as a delivery. */
    release(token: Buffer): void {
      putBack(holderOf(token));
    },
    defer(token: Buffer, properties: Properties): void {
      const held = holderOf(token);
      held.wasDeferred = true;
      giveBack(held, withProperties(held.content, properties));
    },
    deadLetter(token: Buffer, why: Why, properties: Properties): void {
      if (bury === undefined) throw notAllowed('A message of a dead-letter queue cannot be dead-lettered.');
      const held = holderOf(token);
      unlock(held);
      move(held, 'gone');
      bury(held, withProperties(held.content, properties), why);
    },
    /** The new end of the lock, epoch ms. */
    renew(token: Buffer): number {
      const held = holderOf(token);
      held.until = clock.now() + settings.lockDuration;
      locks.noteUnwanted();
      locks.set(held.until, held);
      return held.until;
    },
    /** All of them, or `AmqpError` when one is not there. */
    receiveDeferred: (numbers: readonly number[], destructive: boolean): readonly Handed[] =>
      foundIn('deferred', numbers).map((held) => hand(held, destructive)),
    cancelScheduled(numbers: readonly number[]): void {
      for (const held of foundIn('scheduled', numbers)) {
        move(held, 'gone');
        schedule.noteUnwanted();
      }
    },
    peek(from: number, count: number): readonly Buffer[] {
      const found: Buffer[] = [];
      for (const held of all.from(from)) {
        if (found.length >= count) break;
        found.push(write(held));
      }
      return found;
    },
    counts: (): QueueCounts => ({
      active: counts.ready,
      locked: counts.locked,
      deferred: counts.deferred,
      scheduled: counts.scheduled,
    }),
    size: (): number => counts.ready + counts.locked + counts.deferred + counts.scheduled,
    inspect: (): readonly Inspected[] => [...all.from(0)].map((held) => inspectHeld(held, write(held))),
    /** Ends locks now, as if their time were over; returns how many. */
    loseLocks(messageId?: string): number {
      const lost = [...locked.values()].filter(
        ({ content }) => messageId === undefined || content.messageId === messageId,
      );
      for (const held of lost) giveBack(held, held.content);
      return lost.length;
    },
    stop(): void {
      for (const alarm of [locks, schedule, lives]) alarm.stop();
    },
  };
}
