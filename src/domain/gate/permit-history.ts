/**
 * How many permits each lane took in each second of the last two minutes. The gate's row keeps it: a 429 shows how far back
 * its count of calls goes, and this history how many calls that were.
 */
import type { GateSettings } from './gate-settings.ts';
import type { Lane } from './permit.ts';

/** Seconds, of a minute that has sixty of them whatever its length. */
const kept = 120;

/** One digit for each second, the newest last. No lane has 35 permits in a second: 500 calls a minute are 8. */
const radix = 36;

/** A lane's permits second by second, as digits of base 36; `newest` is the number of the last second since the epoch. Storage time. */
export interface PermitHistory extends Readonly<Record<Lane, string>> {
  readonly newest: number;
}

export const noPermits: PermitHistory = { newest: 0, worker: '', poller: '' };

export const isHistory = (digits: string): boolean => /^[0-9a-z]{0,120}$/.test(digits);

const secondMs = ({ minuteMs }: GateSettings): number => minuteMs / 60;

/** The history with one more permit of this lane, which may be used at `time`. */
export function withPermit(
  history: PermitHistory,
  lane: Lane,
  time: number,
  settings: GateSettings,
): PermitHistory {
  const second = Math.floor(time / secondMs(settings));
  const passed = Math.max(0, Math.min(kept, second - history.newest));
  const moved = (digits: string) => (digits + '0'.repeat(passed)).slice(-kept);
  const next = {
    newest: Math.max(history.newest, second),
    worker: moved(history.worker),
    poller: moved(history.poller),
  };
  const digits = next[lane];
  const place = digits.length - 1 - next.newest + second;
  if (place < 0) return next;
  const digit = Math.min(radix - 1, Number.parseInt(digits.charAt(place) || '0', radix) + 1).toString(radix);
  return { ...next, [lane]: digits.slice(0, place) + digit + digits.slice(place + 1) };
}

/** Permits of a lane, or of both, from `from` to `to`. Within a second they count as evenly spaced, as they are. */
export function permitsBetween(
  history: PermitHistory,
  from: number,
  to: number,
  settings: GateSettings,
  lane?: Lane,
): number {
  const [first, end] = [from / secondMs(settings), to / secondMs(settings)];
  const inLane = (digits: string): number =>
    [...digits].reduce((sum, digit, place) => {
      const second = history.newest - digits.length + 1 + place;
      const part = Math.max(0, Math.min(end, second + 1) - Math.max(first, second));
      return sum + Number.parseInt(digit, radix) * part;
    }, 0);
  return lane === undefined ? inLane(history.worker) + inLane(history.poller) : inLane(history[lane]);
}
