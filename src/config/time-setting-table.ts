import { defaultTimes, type Times } from '../domain/times.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
export const units = { ms: 1, s: second, m: minute, h: hour, d: day };

/** The only times that somebody sets. All others are constants of `src/domain/times.ts`: a wrong one could buy twice. */
export const timeSettings = {
  PERMIT_LIFE: {
    key: 'permitLife',
    meaning: 'For a scaled local stack: the life of a permit before it is divided by CHECKOUT_TIME_FACTOR.',
    fallback: toText(defaultTimes.permitLife),
  },
  REPEAT_WITHIN: {
    key: 'repeatWithin',
    meaning:
      'How long after a call its repeat may still leave: only as long as Partner Center surely keeps its answers.',
    fallback: toText(defaultTimes.repeatWithin),
  },
  PENDING_ALARM_HOURS: {
    key: 'pendingAlarm',
    meaning: 'After so many hours of pending, or of review, a person hears of it. A number.',
    fallback: String(defaultTimes.pendingAlarm / hour),
  },
} as const satisfies Record<string, { key: keyof Times; meaning: string; fallback: string }>;

function toText(ms: number): string {
  const [unit, length] = Object.entries(units)
    .toReversed()
    .find(([, size]) => ms % size === 0) ?? ['ms', 1];
  return `${ms / length}${unit}`;
}
