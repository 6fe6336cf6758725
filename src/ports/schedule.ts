import type { PollEntry } from '../domain/schedule-entry.ts';

/** 15 digits hold epoch ms until the year 33658: rows sort by time. Every row due before `dueAt` has a lower key. */
export const dueTimeKey = (dueAt: number): string => String(Math.max(0, Math.floor(dueAt))).padStart(15, '0');

/** The table Schedule. Every write is safe to repeat. Throws `Unavailable` ('storage'). */
export interface Schedule {
  insert(rows: readonly PollEntry[]): Promise<void>;
  /** Rows due at `now`, oldest first, read page by page. */
  due(now: number): AsyncIterable<PollEntry>;
  exists(key: string): Promise<boolean>;
  /** Removes `from` and inserts `to` in one transaction. */
  move(from: PollEntry, to: PollEntry): Promise<void>;
  drop(row: PollEntry): Promise<void>;
}
