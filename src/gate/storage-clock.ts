import type { Clock } from '../clock.ts';
import type { StorageTime } from './gate-state.ts';

/** One answer of the storage: its `Date` header (whole seconds), and when we sent and received, by the local clock. Epoch ms. */
export interface ServerTime {
  readonly date: number;
  readonly sentAt: number;
  readonly receivedAt: number;
}

export interface StorageClock {
  /** To be called with every answer of the storage. */
  observe(time: ServerTime): void;
  /** The storage's time now. Before any answer: the local clock's. */
  now(): StorageTime;
}

/** What the storage's clock is ahead of ours: between these two. */
export interface Offset {
  readonly low: number;
  readonly high: number;
  readonly seenAt: number;
}

/** How fast two clocks may part: 100 µs a second. */
const drift = 1e-4;

/**
 * The header was written at some instant between send and receipt, within its second. So each answer bounds the offset
 * from both sides, and several together narrow it to about a round trip. Bounds that exclude each other mean that a
 * clock was set: the newer ones count.
 */
export function narrowed(known: Offset | undefined, { date, sentAt, receivedAt }: ServerTime): Offset {
  const told = { low: date - receivedAt, high: date + 1_000 - sentAt, seenAt: receivedAt };
  if (known === undefined) return told;
  const apart = drift * Math.abs(receivedAt - known.seenAt);
  const low = Math.max(told.low, known.low - apart);
  const high = Math.min(told.high, known.high + apart);
  return low <= high ? { low, high, seenAt: receivedAt } : told;
}

export function storageClock(clock: Clock): StorageClock {
  let offset: Offset | undefined;
  return {
    observe: (time) => {
      if (Number.isFinite(time.date) && time.receivedAt >= time.sentAt) offset = narrowed(offset, time);
    },
    now: () => {
      const now = clock.now();
      if (offset === undefined) return { atLeast: now, atMost: now };
      const apart = drift * Math.abs(now - offset.seenAt);
      return { atLeast: now + offset.low - apart, atMost: now + offset.high + apart };
    },
  };
}
