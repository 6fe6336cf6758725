/** The storage's clock as this instance knows it, from the `Date` header of each answer. Closures and permits are written in its time. */
import type { SkewBounds } from '../domain/times.ts';
import type { Clock } from '../ports/clock.ts';
import type { ServerTime, StorageClock } from '../ports/storage-clock.ts';

/** What the storage's clock is ahead of ours: between these two. */
export interface Offset {
  readonly low: number;
  readonly high: number;
  readonly seenAt: number;
}

/** How fast two clocks may part: 100 µs a second. */
const drift = 1e-4;

/** What the answers have shown so far. */
export interface Observed {
  /** The bounds on which at least two answers agree. */
  readonly agreed: Offset | undefined;
  /** The last answer, if it disagrees with those bounds, or there are none yet. */
  readonly single: Offset | undefined;
}

/**
 * The header was written at some instant between send and receipt, within its second. So each answer bounds the offset
 * from both sides, and several together narrow it to about a round trip. Bounds that exclude each other mean that a clock was
 * set, or that one header is wrong: the newer ones count as soon as the next answer agrees with them.
 */
export function observed({ agreed, single }: Observed, { date, sentAt, receivedAt }: ServerTime): Observed {
  const shown = { low: date - receivedAt, high: date + 1_000 - sentAt, seenAt: receivedAt };
  const narrower = agreed && common(agreed, shown);
  if (narrower !== undefined) return { agreed: narrower, single: undefined };
  const anew = single && common(single, shown);
  // guard: Clock: one wrong date moves no clock [replace: ({ agreed: shown, single: undefined })]
  return anew === undefined ? { agreed, single: shown } : { agreed: anew, single: undefined };
}

/** The bounds that both allow; undefined: they exclude each other. */
function common(known: Offset, shown: Offset): Offset | undefined {
  const before = aged(known, shown.seenAt);
  const low = Math.max(shown.low, before.low);
  const high = Math.min(shown.high, before.high);
  return low <= high ? { low, high, seenAt: shown.seenAt } : undefined;
}

function aged({ low, high, seenAt }: Offset, now: number): SkewBounds {
  const apart = drift * Math.abs(now - seenAt);
  return { low: low - apart, high: high + apart };
}

export function storageClock(clock: Clock): StorageClock {
  let seen: Observed = { agreed: undefined, single: undefined };
  return {
    observe: (time) => {
      if (Number.isFinite(time.date) && time.receivedAt >= time.sentAt) seen = observed(seen, time);
    },
    now: () => {
      const now = clock.now();
      const { agreed, single } = seen;
      if (agreed !== undefined) {
        const { low, high } = aged(agreed, now);
        return { earliest: now + low, latest: now + high };
      }
      if (single === undefined) return { earliest: now, latest: now };
      const { low, high } = aged(single, now);
      return { earliest: now + Math.min(0, low), latest: now + Math.max(0, high) };
    },
    skew: () => {
      if (seen.agreed === undefined || seen.single !== undefined) return undefined;
      const { low, high } = aged(seen.agreed, clock.now());
      return { low: Math.floor(low), high: Math.ceil(high) };
    },
  };
}
