/** Groups attention rows by kind and code. */
import type { JobKey } from '../../domain/message/job-key.ts';
import { omitUndefined } from '../../domain/omit-undefined.ts';
import type { AttentionRow } from '../../ports/attention-rows.ts';

/** Rows with one kind and one code: most often one cause, and one remedy. */
export interface AttentionGroup {
  readonly kind: AttentionRow['kind'];
  readonly code: string;
  readonly count: number;
  /** How many of them are closed; only asked for with `all`. */
  readonly closed: number;
  /** On how many of them somebody works. */
  readonly taken: number;
  /** Of the newest row. Epoch ms. */
  readonly newest: number;
  readonly description: string;
  readonly remedy: string;
  /** The newest of them: its job key, or the key of a rejected message. */
  readonly example: string;
  /** Of the newest; absent for a rejected message. */
  readonly jobKey?: JobKey;
}

export interface AttentionGrouper {
  add(row: AttentionRow): void;
  /** The largest group first. */
  groups(): readonly AttentionGroup[];
}

/** Rows come one by one, so that a table of a million costs no more memory than its kinds and codes. */
export function attentionGrouper(): AttentionGrouper {
  const groups = new Map<string, AttentionGroup>();
  return {
    add(row) {
      const { kind, code, description, remedy, at } = row;
      const key = `${kind} ${code}`;
      const known = groups.get(key);
      const count = (known?.count ?? 0) + 1;
      const taken = (known?.taken ?? 0) + (row.takenBy === undefined ? 0 : 1);
      const closed = (known?.closed ?? 0) + (row.open ? 0 : 1);
      const example = row.jobKey ?? row.key;
      const job = omitUndefined({ jobKey: row.jobKey });
      groups.set(
        key,
        known === undefined || at >= known.newest
          ? { kind, code, count, closed, taken, newest: at, description, remedy, example, ...job }
          : { ...known, count, closed, taken },
      );
    },
    groups: () => [...groups.values()].sort((a, b) => b.count - a.count || b.newest - a.newest),
  };
}
