/**
 * Counts the lines of a batch by where they stand. Used by the poller, the HTTP view and the operator's commands.
 */

import { isFinal, openStates, type State, states } from '../checkout/record.ts';
import type { BatchEntry } from './batch.ts';

/**
 * Where a line of a batch can stand. `rejected`: it was no job. `notStarted`: declared, and not yet seen by a worker; none
 * when nobody declared a size.
 */
export const lineKinds = [...states, 'rejected', 'notStarted'] as const;
export type LineKind = (typeof lineKinds)[number];

/** How many lines of a batch stand where. */
export type BatchCounts = Readonly<Record<LineKind, number>>;

type Countable =
  | { readonly kind: 'job'; readonly state: State }
  | { readonly kind: 'rejected'; readonly rejectedKey: string };

/** Counts one by one: `add` each entry, then ask. */
export function batchCounter() {
  const counts: Record<Exclude<LineKind, 'notStarted'>, number> = {
    submitting: 0,
    waiting: 0,
    unresolved: 0,
    ordered: 0,
    completed: 0,
    partial: 0,
    failed: 0,
    rejected: 0,
  };
  let known = 0;
  let lastRejected = '';
  return {
    /** In the order of the rows. A rejected line that was sent twice is one: its rows differ in the time alone. */
    add(entry: Countable): void {
      if (entry.kind === 'rejected') {
        const content = entry.rejectedKey.split(':', 1)[0] ?? '';
        if (content === lastRejected) return;
        lastRejected = content;
      }
      counts[entry.kind === 'rejected' ? 'rejected' : entry.state] += 1;
      known += 1;
    },
    known: () => known,
    counts: (declared: number | undefined): BatchCounts => ({
      ...counts,
      notStarted: Math.max(0, (declared ?? 0) - known),
    }),
  };
}

export const isOver = (entry: BatchEntry): boolean => entry.kind === 'rejected' || isFinal(entry.state);

/** Lines that have no result yet: each needs a checkout call at least. */
export const openLines = (counts: BatchCounts): number =>
  openStates.reduce((sum, state) => sum + counts[state], counts.notStarted);

/** Every line that is known, or declared. */
export const allLines = (counts: BatchCounts): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);
