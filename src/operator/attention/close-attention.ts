/** What people do to attention rows: close them, or say who works on them. */
import { boughtAgainCode, unreadableCode } from '../../domain/checkout/attention-row.ts';
import { readJobKey } from '../../domain/message/job-key.ts';
import type { AttentionRow, AttentionRows } from '../../ports/attention-rows.ts';
import type { Clock } from '../../ports/clock.ts';

export interface CloseDeps {
  readonly attentionRows: AttentionRows;
  readonly clock: Clock;
}

export interface Closed {
  readonly closed: number;
  /** The worker wrote the row meanwhile: it tells of something newer. */
  readonly changed: number;
  /** Rows that only the worker can close, each with what to do instead. */
  readonly refused: readonly { readonly key: string; readonly why: string }[];
}

/** Questions that nobody asks again: the entry that woke the job is gone, or its cart was bought twice. */
const askedOnce = new Set([boughtAgainCode, 'record-missing']);

/**
 * Why a person cannot close this row; undefined: they can. A failed or partial job, or a rejected message, is at its end,
 * and a person may say that nothing more will be done. The other kinds are questions that the worker asks again at every look.
 */
export function closeRefusal({ kind, key: jobKey, code }: AttentionRow): string | undefined {
  if (askedOnce.has(code)) return undefined;
  // Whether it was bought is not what these ask.
  const command = code === 'worker-crashed' || code === unreadableCode ? 'job' : 'resolve';
  if (kind === 'needs-decision')
    return `it asks for a decision, and would be asked again: npx partner-checkout ${command} ${jobKey}`;
  if (kind === 'pending-too-long')
    return `it closes when Partner Center is done: npx partner-checkout job ${jobKey}`;
  return undefined;
}

/** Closes these rows, each with the person's name. Run again, it closes the rest. Throws `Unavailable`. */
export async function closeRows(
  { attentionRows, clock }: CloseDeps,
  rows: readonly AttentionRow[],
  who: string,
): Promise<Closed> {
  const counts = { closed: 0, changed: 0 };
  const refused: { key: string; why: string }[] = [];
  for (const row of rows) {
    const why = closeRefusal(row);
    if (why === undefined) counts[await attentionRows.close(row, who, clock.now())] += 1;
    else refused.push({ key: row.key, why });
  }
  return { ...counts, refused };
}

export interface TakenRows {
  readonly taken: number;
  /** Closed, or written by the worker meanwhile. */
  readonly changed: number;
}

/** Writes into these rows who works on them; without a name that nobody does. Throws `Unavailable`. */
export async function takeRows(
  { attentionRows, clock }: CloseDeps,
  rows: readonly AttentionRow[],
  who: string | undefined,
): Promise<TakenRows> {
  const counts = { taken: 0, changed: 0 };
  for (const row of rows) counts[await attentionRows.take(row, who, clock.now())] += 1;
  return counts;
}

/** The row that a person names: by a job key, or by the key of a rejected message. */
export function findRow({ attentionRows }: CloseDeps, name: string): Promise<AttentionRow | undefined> {
  const jobKey = readJobKey(name);
  return jobKey === undefined ? attentionRows.rejected(name) : attentionRows.ofJob(jobKey);
}
