/** Port: the schedule, the table of what is due when. */

import type { State } from '../domain/checkout/record.ts';
import type { Found } from '../domain/fleet-state.ts';
import type {
  BatchCountEntry,
  CancellationEntry,
  JobEntry,
  JobRange,
  OrderEntry,
  PollEntry,
} from '../domain/schedule-entry.ts';

/** A change of one job's entry: it never brings back an entry that is gone. */
export interface EntryMove {
  readonly key: string;
  readonly dueAt: number;
  readonly wakes?: number;
  readonly wokenAt: number;
  /** The record's state, where a delivery has seen it: a job with a result is woken whatever the gate says. */
  readonly state?: State;
}

export type WhichJobs = 'due' | 'no-call' | { readonly wokenSince: number };

/**
 * The table Schedule: what is due when. An entry wakes a job, polls an order, counts a batch, or reads until when an order's
 * subscriptions can be cancelled. Every write is safe to repeat. Throws `Unavailable` ('storage').
 */
export interface Schedule {
  /** Makes sure that the entry is there: inserts it, or finds it as it was moved meanwhile. */
  ensure(entry: JobEntry): Promise<void>;
  /** Changes when entries are due. One that is gone stays gone. Up to 100 go in one transaction. */
  moveJobs(moves: readonly EntryMove[]): Promise<void>;
  /** One that is gone already is as good. */
  remove(key: string): Promise<void>;
  /**
   * Entries of a range, oldest first, read page by page. `due`: all that are due at `now`. `no-call`: those among them that need no
   * call, as there is a result or it is too late. `wokenSince`: woken after that time, not due, and not moved by a delivery yet.
   */
  jobs(range: JobRange, which: WhichJobs, now: number): AsyncIterable<JobEntry>;

  /** Entries of orders, batches and cancellation dates. Their keys begin with the time at which they are due. */
  insert(entries: readonly PollEntry[]): Promise<void>;
  /** Entries of one kind that are due at `now`, oldest first, read page by page. */
  due(of: 'orders', now: number): AsyncIterable<OrderEntry>;
  due(of: 'batches', now: number): AsyncIterable<BatchCountEntry>;
  due(of: 'cancellations', now: number): AsyncIterable<CancellationEntry>;
  /**
   * Reads one page of entries after a key, of orders or of jobs, whenever they are due. `next`: where to go on; undefined: it was the
   * last page.
   */
  sweep(
    of: 'orders' | 'jobs',
    after: string | undefined,
    now: number,
  ): Promise<{ readonly found: Found; readonly next: string | undefined }>;
  /** Whether an entry with this key, of any kind, is there. */
  exists(key: string): Promise<boolean>;
  /** Removes `from` and inserts `to` in one transaction. */
  move(from: PollEntry, to: PollEntry): Promise<void>;
  drop(entry: PollEntry): Promise<void>;
}
