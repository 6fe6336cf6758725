/** Follows the calls whose order or cart exists while their client does not know yet: the worst moment to kill a client. */
export interface Awaiting {
  arrived(call: number): void;
  committed(call: number): void;
  /** Answered, or the client has left. */
  closed(call: number): void;
  readonly count: number;
  /** Resolves as soon as `count` is at least `n`. */
  atLeast(n: number): Promise<void>;
}

export function makeAwaiting(): Awaiting {
  const open = new Set<number>();
  const committed = new Set<number>();
  let waiters: { n: number; resolve: () => void }[] = [];
  return {
    arrived: (call) => void open.add(call),
    committed(call) {
      if (!open.has(call)) return;
      committed.add(call);
      const ready = waiters.filter(({ n }) => committed.size >= n);
      waiters = waiters.filter(({ n }) => committed.size < n);
      for (const { resolve } of ready) resolve();
    },
    closed(call) {
      open.delete(call);
      committed.delete(call);
    },
    get count() {
      return committed.size;
    },
    atLeast: (n) =>
      committed.size >= n ? Promise.resolve() : new Promise((resolve) => waiters.push({ n, resolve })),
  };
}
