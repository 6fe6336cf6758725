import type { BrokerClock } from './clock.ts';
import { createHeap } from './heap.ts';

interface Entry<T> {
  readonly at: number;
  /** Of two for the same instant, the one that was set first comes first. */
  readonly nth: number;
  readonly what: T;
}

export interface Alarm<T> {
  /** `ring` is called with `what` at `at`, if it is still needed then. */
  set(at: number, what: T): void;
  /** One more that was set is no longer wanted: when they are many they are dropped, before their time. */
  noteUnwanted(): void;
  stop(): void;
}

/** One timer for many instants. Entries that are no longer wanted are skipped when they come. */
export function createAlarm<T>(
  clock: BrokerClock,
  wanted: (what: T, at: number) => boolean,
  ring: (what: T) => void,
): Alarm<T> {
  const heap = createHeap<Entry<T>>((a, b) => a.at < b.at || (a.at === b.at && a.nth < b.nth));
  let cancel = () => {};
  let wakesAt = Number.POSITIVE_INFINITY;
  let unwanted = 0;
  let nth = 0;

  function arm(): void {
    const next = heap.peek();
    if (next === undefined || next.at >= wakesAt) return;
    cancel();
    wakesAt = next.at;
    cancel = clock.wakeAt(next.at, wake);
  }

  function wake(): void {
    wakesAt = Number.POSITIVE_INFINITY;
    const now = clock.now();
    for (let next = heap.peek(); next !== undefined && next.at <= now; next = heap.peek()) {
      heap.pop();
      if (wanted(next.what, next.at)) ring(next.what);
    }
    arm();
  }

  return {
    set(at, what) {
      heap.push({ at, nth: nth++, what });
      arm();
    },
    noteUnwanted() {
      unwanted += 1;
      if (unwanted < 1_024 || unwanted * 2 < heap.size()) return;
      heap.keep((entry) => wanted(entry.what, entry.at));
      unwanted = 0;
    },
    stop: () => cancel(),
  };
}
