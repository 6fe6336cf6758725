import type { Clock } from '../ports/clock.ts';

/** Works on `most` items at a time. After the first failure no item is taken; what runs ends, then the failure is thrown. */
export async function sideBySide<T>(
  items: AsyncIterable<T> | Iterable<T>,
  most: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  for await (const item of items) {
    if (failures.length > 0) break;
    const task = work(item)
      .catch((error: unknown) => void failures.push(error))
      .finally(() => running.delete(task));
    running.add(task);
    if (running.size >= most) await Promise.race(running);
  }
  await Promise.all(running);
  if (failures.length > 0) throw failures[0];
}

/** Resolves at most so often a second; at once when no rate is asked for. */
export function pacer(clock: Clock, perSecond: number | undefined): () => Promise<void> {
  if (perSecond === undefined) return async () => {};
  let next = clock.now();
  return async () => {
    const at = Math.max(next, clock.now());
    next = at + 1_000 / perSecond;
    if (at > clock.now()) await clock.sleep(at - clock.now());
  };
}
