/** What is numbered, by its number: added mostly in order, looked up seldom. An array takes a third of the memory of a map. */
export interface Order<T> {
  add(item: T): void;
  /** Items leave by being gone; this says that one more is. */
  noteGone(): void;
  find(number: number): T | undefined;
  /** Those with this number or a higher one, in order. */
  from(number: number): Iterable<T>;
}

export function createOrder<T>(numberOf: (item: T) => number, isGone: (item: T) => boolean): Order<T> {
  let items: T[] = [];
  let gone = 0;
  let sorted = true;

  function sort(): void {
    if (sorted) return;
    items.sort((a, b) => numberOf(a) - numberOf(b));
    sorted = true;
  }

  /** The first place whose item has this number or a higher one. */
  function placeOf(number: number): number {
    sort();
    let low = 0;
    let high = items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const item = items[middle];
      if (item !== undefined && numberOf(item) < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  return {
    add(item) {
      const last = items.at(-1);
      if (last !== undefined && numberOf(item) < numberOf(last)) sorted = false;
      items.push(item);
    },
    noteGone() {
      gone += 1;
      if (gone < 1_024 || gone * 2 < items.length) return;
      items = items.filter((item) => !isGone(item));
      gone = 0;
    },
    find(number) {
      for (let place = placeOf(number); place < items.length; place += 1) {
        const item = items[place];
        if (item === undefined || numberOf(item) !== number) return undefined;
        if (!isGone(item)) return item;
      }
      return undefined;
    },
    *from(number) {
      const start = placeOf(number);
      // A copy of the rest would be dear with a long queue; the callers do not change the queue meanwhile.
      for (let place = start; place < items.length; place += 1) {
        const item = items[place];
        if (item !== undefined && !isGone(item)) yield item;
      }
    },
  };
}
