/** Pending orders by age, out of the schedule alone. */
import type { OrderEntry } from '../domain/schedule-entry.ts';
import type { Times } from '../domain/times.ts';

/** Pending orders by age. */
export interface PendingByAge {
  readonly total: number;
  /** More entries were there than were read: `mostCounted`. */
  readonly isCut?: true;
  /** The youngest first; `upTo` is milliseconds, the last is without end. */
  readonly ages: readonly { readonly upTo: number; readonly orders: number }[];
}

/** Whoever looks at the worker reads so many entries of a kind at most, however many wait. */
export const mostCounted = 10_000;

const minute = 60_000;
const bounds = [10 * minute, 60 * minute, 6 * 60 * minute, 24 * 60 * minute, Number.POSITIVE_INFINITY];

/**
 * Counts entries by how long their orders are pending. A row says how often it was polled and when it is due next, and
 * the polls come in known steps, so its age is known to about a tenth without reading each order's record.
 */
export async function pendingByAge(
  rows: AsyncIterable<Pick<OrderEntry, 'dueAt' | 'polls'>>,
  now: number,
  times: Pick<Times, 'pollSteps'>,
  factor: number,
): Promise<PendingByAge> {
  const ages = bounds.map((upTo) => ({ upTo: upTo / factor, orders: 0 }));
  let total = 0;
  for await (const row of rows) {
    if (total === mostCounted) return { total, ages, isCut: true };
    const age = ageOf(row, now, times);
    const found = ages.find(({ upTo }) => age < upTo);
    if (found !== undefined) found.orders += 1;
    total += 1;
  }
  return { total, ages };
}

/** The steps up to the poll that comes next, less what is left until then. */
function ageOf(
  { dueAt, polls }: Pick<OrderEntry, 'dueAt' | 'polls'>,
  now: number,
  { pollSteps }: Pick<Times, 'pollSteps'>,
) {
  let age = now - dueAt;
  for (let step = 0; step <= polls; step += 1) age += pollSteps[Math.min(step, pollSteps.length - 1)] ?? 0;
  return Math.max(0, age);
}
