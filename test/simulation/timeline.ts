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
  const heap: Entry[] = [];
  let time = start;
  let order = 0;

  const isBefore = (a: Entry, b: Entry) => a.time < b.time || (a.time === b.time && a.order < b.order);

  function push(entry: Entry): void {
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(entry, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  function pop(): Entry | undefined {
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      const left = heap[2 * index + 1];
      const right = heap[2 * index + 2];
      const child = right !== undefined && left !== undefined && isBefore(right, left) ? right : left;
      if (child === undefined || !isBefore(child, last)) break;
      heap[index] = child;
      index = child === right ? 2 * index + 2 : 2 * index + 1;
    }
    heap[index] = last;
    return first;
  }

  async function run(end: number, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const entry = pop();
      if (entry === undefined) return;
      if (entry.time > end) return push(entry);
      time = Math.max(time, entry.time);
      entry.action();
      // Next ticks come when no promise is left to go on: all that the action settled has run its course.
      await new Promise<void>((resolve) => process.nextTick(resolve));
    }
  }

  return {
    now: () => time,
    at: (when, action) => push({ time: Math.max(when, time), order: order++, action }),
    run,
  };
}
