/** A binary heap: the smallest entry first. */
export interface Heap<T> {
  readonly size: () => number;
  readonly peek: () => T | undefined;
  readonly push: (entry: T) => void;
  readonly pop: () => T | undefined;
  /** Keeps only the entries that pass; entries that are no longer wanted are dropped this way, in bulk. */
  readonly keep: (wanted: (entry: T) => boolean) => void;
}

export function createHeap<T>(before: (a: T, b: T) => boolean): Heap<T> {
  let entries: T[] = [];

  function push(entry: T): void {
    entries.push(entry);
    let child = entries.length - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      const above = entries[parent];
      if (above === undefined || !before(entry, above)) break;
      entries[child] = above;
      child = parent;
    }
    entries[child] = entry;
  }

  function pop(): T | undefined {
    const first = entries[0];
    const last = entries.pop();
    if (first === undefined || last === undefined || entries.length === 0) return first;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      const left = entries[child];
      const right = entries[child + 1];
      if (left === undefined) break;
      if (right !== undefined && before(right, left)) child += 1;
      const smaller = entries[child];
      if (smaller === undefined || !before(smaller, last)) break;
      entries[parent] = smaller;
      parent = child;
    }
    entries[parent] = last;
    return first;
  }

  return {
    size: () => entries.length,
    peek: () => entries[0],
    push,
    pop,
    keep(wanted) {
      const kept = entries.filter(wanted);
      entries = [];
      for (const entry of kept) push(entry);
    },
  };
}
