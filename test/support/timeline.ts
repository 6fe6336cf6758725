import { createHeap } from '../../local/service-bus/heap.ts';

/** Virtual time: what is to happen, in order. Nothing waits for the wall clock. */
export interface Timeline {
  /** The true time, epoch ms. Processes see it through clocks that are off. */
  now(): number;
  at(time: number, action: () => void): void;
  /** Nothing is to happen any more. */
  isEmpty(): boolean;
  /** Runs until `isOver` says so or nothing is left before `end`. Each action's promises settle before the next one. */
  run(end: number, isOver: () => boolean): Promise<void>;
}

interface Entry {
  readonly time: number;
  readonly order: number;
  readonly action: () => void;
}

/** After so many actions real input and output have their turn, for the test runner's sake. */
const turnsWithoutIo = 1_000;

export function createTimeline(start: number): Timeline {
  const entries = createHeap<Entry>((a, b) => a.time < b.time || (a.time === b.time && a.order < b.order));
  let time = start;
  let order = 0;
  let turns = 0;

  /** A next tick comes when no promise is left to go on: all that an action settled has run its course. */
  function settled(): Promise<void> {
    turns += 1;
    return new Promise((resolve) =>
      (turns % turnsWithoutIo === 0 ? setImmediate : process.nextTick)(resolve),
    );
  }

  async function run(end: number, isOver: () => boolean): Promise<void> {
    await settled();
    while (!isOver()) {
      const entry = entries.pop();
      if (entry === undefined) return;
      if (entry.time > end) return entries.push(entry);
      time = Math.max(time, entry.time);
      entry.action();
      await settled();
    }
  }

  return {
    now: () => time,
    at: (when, action) => entries.push({ time: Math.max(when, time), order: order++, action }),
    isEmpty: () => entries.size() === 0,
    run,
  };
}
