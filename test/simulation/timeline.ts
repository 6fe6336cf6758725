import { createHeap } from '../../local/service-bus/heap.ts';

/** Virtual time: what is to happen, in order. Nothing waits for the wall clock. */
export interface Timeline {
  /** The true time, epoch ms. Processes see it through clocks that are off. */
  now(): number;
  at(time: number, action: () => void): void;
  /** Runs until `isOver` says so or nothing is left before `end`. Each action's promises settle before the next one. */
  run(end: number, isOver: () => boolean): Promise<void>;
}

interface Entry {
  readonly time: number;
  readonly order: number;
  readonly action: () => void;
}

export function createTimeline(start: number): Timeline {
  const entries = createHeap<Entry>((a, b) => a.time < b.time || (a.time === b.time && a.order < b.order));
  let time = start;
  let order = 0;

  async function run(end: number, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const entry = entries.pop();
      if (entry === undefined) return;
      if (entry.time > end) return entries.push(entry);
      time = Math.max(time, entry.time);
      entry.action();
      // Next ticks come when no promise is left to go on: all that the action settled has run its course.
      await new Promise<void>((resolve) => process.nextTick(resolve));
    }
  }

  return {
    now: () => time,
    at: (when, action) => entries.push({ time: Math.max(when, time), order: order++, action }),
    run,
  };
}
