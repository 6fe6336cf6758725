import { createAlarm } from './alarm.ts';
import type { BrokerClock } from './clock.ts';
import type { QueueSettings } from './config.ts';
import { lockLost, messageNotFound, notAllowed } from './errors.ts';
import { createHeap } from './heap.ts';
import { keyOf, newToken } from './lock-token.ts';
import { type Content, scheduledFor, withProperties, writeMessage } from './message.ts';
import { type TypedValue, types } from './typed.ts';

type Place = 'ready' | 'locked' | 'deferred' | 'scheduled' | 'gone';

interface Held {
  sequenceNumber: number;
  enqueuedSequenceNumber: number;
  enqueuedAt: number;
  expiresAt: number;
  timeToLive: number | undefined;
  deliveryCount: number;
  content: Content;
  place: Place;
  /** Deferred before it was locked: there it goes back. */
  wasDeferred: boolean;
  token: Buffer | undefined;
  /** End of the lock, or the time for which it is scheduled. */
  until: number;
}

/** A message handed out; without a token it is already gone (receive and delete). */
export interface Handed {
  readonly bytes: Buffer;
  readonly token: Buffer;
}

export type Properties = ReadonlyMap<string, TypedValue>;

export interface QueueCounts {
  readonly active: number;
  readonly locked: number;
  readonly deferred: number;
  readonly scheduled: number;
}

/** A message as it lies in the queue, for tests and status screens. */
export interface Inspected {
  readonly messageId: string;
  readonly sequenceNumber: number;
  readonly deliveryCount: number;
  readonly place: Exclude<Place, 'gone'>;
  /** Epoch ms; for a scheduled message, when it is handed out. */
  readonly until: number;
  readonly bytes: Buffer;
}

export type MessageQueue = ReturnType<typeof createMessageQueue>;

export interface QueueParts {
  readonly clock: BrokerClock;
  readonly settings: QueueSettings;
  /** Where messages go that cannot be delivered; undefined: this is such a place itself. */
  readonly deadLetters:
    | { add(content: Content, reason: string, description: string, from: number): void }
    | undefined;
  /** Messages may be ready for receivers. */
  readonly onReady: () => void;
}

/** One queue, subscription or dead-letter queue: the messages, their locks and their times. No network. */
export function createMessageQueue({ clock, settings, deadLetters, onReady }: QueueParts) {
  let nextSequence = 1;
  const all = new Map<number, Held>();
  const ready = createHeap<Held>((a, b) => a.sequenceNumber < b.sequenceNumber);
  const locked = new Map<string, Held>();
  const counts = { ready: 0, locked: 0, deferred: 0, scheduled: 0, gone: 0 };

  const locks = createAlarm<Held>(
    clock,
    (held, at) => held.place === 'locked' && held.until === at,
    (held) => loseLock(held),
  );
  const schedule = createAlarm<Held>(
    clock,
    (held, at) => held.place === 'scheduled' && held.until === at,
    (held) => activate(held),
  );
  const lives = createAlarm<Held>(
    clock,
    (held) => held.place === 'ready' || held.place === 'locked',
    (held) => expire(held),
  );

  function move(held: Held, place: Place): void {
    counts[held.place] -= 1;
    counts[place] += 1;
    held.place = place;
    if (place === 'gone') all.delete(held.sequenceNumber);
    if (place === 'ready') {
      ready.push(held);
      onReady();
    }
  }

  function add(content: Content, from?: number): number {
    const now = clock.now();
    const held: Held = {
      sequenceNumber: nextSequence++,
      enqueuedSequenceNumber: from ?? 0,
      enqueuedAt: now,
      expiresAt: Number.POSITIVE_INFINITY,
      timeToLive: undefined,
      deliveryCount: 0,
      content,
      place: 'gone',
      wasDeferred: false,
      token: undefined,
      until: 0,
    };
    counts.gone += 1;
    all.set(held.sequenceNumber, held);
    const at = scheduledFor(content);
    if (at !== undefined && at > now) {
      held.until = at;
      move(held, 'scheduled');
      schedule.set(at, held);
    } else enter(held, now);
    return held.sequenceNumber;
  }

  /** The message's life begins: now, and not when it was sent for later. */
  function enter(held: Held, now: number): void {
    const ttl = Math.min(held.content.timeToLive ?? Number.POSITIVE_INFINITY, settings.timeToLive);
    held.enqueuedAt = now;
    if (deadLetters !== undefined && Number.isFinite(ttl)) {
      held.timeToLive = ttl;
      held.expiresAt = now + ttl;
      lives.set(held.expiresAt, held);
    }
    move(held, 'ready');
  }

  /** A scheduled message is appended under a new number when its time comes. */
  function activate(held: Held): void {
    all.delete(held.sequenceNumber);
    held.sequenceNumber = nextSequence++;
    all.set(held.sequenceNumber, held);
    enter(held, clock.now());
  }

  function expire(held: Held): void {
    // A locked message ends when it is unlocked.
    if (held.place !== 'ready') return;
    move(held, 'gone');
    if (settings.deadLetterOnExpiration)
      deadLetters?.add(
        held.content,
        'TTLExpiredException',
        'The message expired and was dead lettered.',
        held.sequenceNumber,
      );
  }

  /** Back to where it came from, one delivery more. */
  function giveBack(held: Held, content: Content): void {
    locked.delete(held.token === undefined ? '' : keyOf(held.token));
    held.token = undefined;
    held.content = content;
    if (deadLetters !== undefined) held.deliveryCount += 1;
    if (held.wasDeferred) {
      move(held, 'deferred');
      return;
    }
    if (deadLetters !== undefined && held.deliveryCount >= settings.maxDeliveryCount) {
      move(held, 'gone');
      const description = `Message could not be consumed after ${settings.maxDeliveryCount} delivery attempts.`;
      deadLetters.add(content, 'MaxDeliveryCountExceeded', description, held.sequenceNumber);
      return;
    }
    move(held, 'ready');
    if (held.expiresAt <= clock.now()) expire(held);
  }

  const loseLock = (held: Held): void => giveBack(held, held.content);

  function lock(held: Held): Handed {
    const token = newToken();
    held.token = token;
    held.until = clock.now() + settings.lockDuration;
    move(held, 'locked');
    locked.set(keyOf(token), held);
    locks.set(held.until, held);
    return { bytes: write(held), token };
  }

  function hand(held: Held, destructive: boolean): Handed {
    if (!destructive) return lock(held);
    const bytes = write(held);
    move(held, 'gone');
    return { bytes, token: newToken() };
  }

  const write = (held: Held): Buffer =>
    writeMessage(held.content, {
      ...held,
      state: held.place === 'deferred' || held.wasDeferred ? 1 : held.place === 'scheduled' ? 2 : 0,
      lockedUntil: held.place === 'locked' ? held.until : undefined,
    });

  function take(token: Buffer): Held {
    const held = locked.get(keyOf(token));
    if (held === undefined) throw lockLost();
    return held;
  }

  return {
    /** Puts a message in; returns its sequence number. `from` is the number that it had elsewhere (topic). */
    add,
    /** The next message for a receiver, locked or, when `destructive`, removed. */
    next(destructive: boolean): Handed | undefined {
      for (let held = ready.pop(); held !== undefined; held = ready.pop())
        if (held.place === 'ready') return hand(held, destructive);
      return undefined;
    },
    hasReady: () => counts.ready > 0,
    complete(token: Buffer): void {
      const held = take(token);
      locked.delete(keyOf(token));
      move(held, 'gone');
    },
    abandon(token: Buffer, properties: Properties): void {
      const held = take(token);
      giveBack(held, withProperties(held.content, properties));
    },
    defer(token: Buffer, properties: Properties): void {
      const held = take(token);
      held.wasDeferred = true;
      giveBack(held, withProperties(held.content, properties));
    },
    deadLetter(
      token: Buffer,
      reason: string | undefined,
      description: string | undefined,
      more: Properties,
    ): void {
      if (deadLetters === undefined)
        throw notAllowed('A message of a dead-letter queue cannot be dead-lettered.');
      const held = take(token);
      locked.delete(keyOf(token));
      move(held, 'gone');
      deadLetters.add(
        withProperties(held.content, more),
        reason ?? '',
        description ?? '',
        held.sequenceNumber,
      );
    },
    /** The new end of the lock. */
    renew(token: Buffer): number {
      const held = take(token);
      held.until = clock.now() + settings.lockDuration;
      locks.set(held.until, held);
      return held.until;
    },
    receiveDeferred(sequenceNumbers: readonly number[], destructive: boolean): readonly Handed[] {
      const found = sequenceNumbers.map((number) => all.get(number));
      return found
        .map((held) => {
          if (held?.place !== 'deferred') throw messageNotFound();
          return held;
        })
        .map((held) => hand(held, destructive));
    },
    cancelScheduled(sequenceNumbers: readonly number[]): void {
      const found = sequenceNumbers.map((number) => all.get(number));
      for (const held of found) if (held?.place !== 'scheduled') throw messageNotFound();
      for (const held of found) if (held !== undefined) move(held, 'gone');
    },
    peek(from: number, count: number): readonly Buffer[] {
      const found: Buffer[] = [];
      for (const held of all.values()) {
        if (held.sequenceNumber < from) continue;
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
    inspect: (): readonly Inspected[] =>
      [...all.values()].flatMap((held) =>
        held.place === 'gone'
          ? []
          : {
              messageId: held.content.messageId,
              sequenceNumber: held.sequenceNumber,
              deliveryCount: held.deliveryCount,
              place: held.place,
              until: held.until,
              bytes: write(held),
            },
      ),
    /** Ends every lock now, as if its time were over. */
    loseLocks(): number {
      const lost = [...locked.values()];
      for (const held of lost) loseLock(held);
      return lost.length;
    },
    stop(): void {
      for (const alarm of [locks, schedule, lives]) alarm.stop();
    },
  };
}

/** What a dead-letter queue adds to a message: why it is there. */
export function deadLetterProperties(reason: string, description: string): Properties {
  const properties = new Map<string, TypedValue>();
  if (reason !== '') properties.set('DeadLetterReason', types.wrap_string(reason));
  if (description !== '') properties.set('DeadLetterErrorDescription', types.wrap_string(description));
  return properties;
}
