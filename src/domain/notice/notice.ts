/** What a webhook is told: new rows for people, or the end of a batch, in words for somebody who reads them on a phone. */

import type { AttentionKind } from '../checkout/attention-row.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { cutText } from '../text.ts';

/** One message to people. */
export interface Notice {
  /** The same for each repetition of the message: a receiver that knows it may drop it. */
  readonly id: string;
  readonly kind: 'attention' | 'batch';
  readonly title: string;
  /** What it is about, a line for each group. */
  readonly what: readonly string[];
  /** Epoch ms. */
  readonly since: number;
  readonly howMany: number;
  /** What the worker does already. */
  readonly doing: string;
  readonly command: string;
  /** Address of the section of the runbook. */
  readonly runbook: string;
}

/** What a notice needs of an open row. */
export interface NoticeRow {
  readonly kind: AttentionKind;
  readonly code: string;
  /** Epoch ms. */
  readonly openedAt: number;
  readonly batchIds: readonly string[];
}

/** A batch whose declared lines are all final. */
export interface EndedBatch {
  readonly batchId: string;
  readonly total: number;
  readonly completed: number;
  readonly partial: number;
  readonly failed: number;
  readonly rejected: number;
  /** When its size was declared, and when it ended, epoch ms. */
  readonly since: number;
  readonly at: number;
}

/** More would not fit a phone, nor the 28 KB of a Teams message. */
const mostGroups = 10;
const mostBatches = 3;

/** `runbook`: the address of the page. `rows`: at least one. */
export function attentionNotice(id: string, rows: readonly NoticeRow[], runbook: string): Notice {
  const groups = new Map<string, NoticeRow[]>();
  for (const row of rows) {
    const key = `${row.kind} ${row.code}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  const lines = [...groups.values()].sort((one, other) => other.length - one.length).map(groupLine);
  const more = lines.length - mostGroups;
  return {
    id,
    kind: 'attention',
    title: rows.length === 1 ? '1 new row needs a person' : `${rows.length} new rows need a person`,
    what: more > 0 ? [...lines.slice(0, mostGroups), `and ${more} more kinds`] : lines,
    since: earliest(rows),
    howMany: rows.length,
    doing:
      'It continues with all other jobs. It buys nothing for these until a person has decided or the cause is fixed.',
    command: 'npx partner-checkout attention',
    runbook: `${runbook}#by-kind-of-attention`,
  };
}

function groupLine(rows: readonly NoticeRow[]): string {
  const [first] = rows;
  const batches = [...new Set(rows.flatMap(({ batchIds }) => batchIds))];
  const shown = batches.slice(0, mostBatches).join(', ');
  const more = batches.length > mostBatches ? ` and ${batches.length - mostBatches} more` : '';
  const code = first?.code === undefined || first.code === '' ? '' : `, code ${cutText(first.code, 60)}`;
  const where = batches.length === 0 ? '' : `, ${batches.length === 1 ? 'batch' : 'batches'} ${shown}${more}`;
  return `${rows.length} ${first?.kind ?? ''}${code}, since ${inUtc(earliest(rows))}${where}`;
}

const earliest = (rows: readonly NoticeRow[]): number =>
  rows.reduce((least, { openedAt }) => Math.min(least, openedAt), Number.POSITIVE_INFINITY);

/** A size that grows later ends again, with an id of its own. */
export function batchNotice(batch: EndedBatch, runbook: string): Notice {
  const { batchId, total, completed, partial, failed, rejected, since, at } = batch;
  const needsPeople = partial + failed + rejected > 0;
  return {
    id: `batch:${batchId}:${total}`,
    kind: 'batch',
    title: `Batch ${batchId} has ended`,
    what: [
      `${completed} completed, ${partial} partial, ${failed} failed, ${rejected} rejected, of ${total}`,
      `ended ${inUtc(at)}`,
    ],
    since,
    howMany: total,
    doing: needsPeople
      ? 'Nothing more. What failed waits for a person.'
      : 'Nothing more. Each order of the batch is completed.',
    command: `npx partner-checkout batch "${batchId}"`,
    runbook: `${runbook}#${needsPeople ? 'by-kind-of-attention' : 'first-look'}`,
  };
}

/** `2026-11-30 02:14 UTC`. A time that was edited by hand may be none. */
export function inUtc(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime())
    ? 'an unknown time'
    : `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** How the posting stands, as one tick hands it to the next. */
export interface NoticeState {
  /** When a notice was last accepted, epoch ms. */
  readonly acceptedAt?: number;
  readonly trouble?: NoticeTrouble;
}

export interface NoticeTrouble {
  /** Epoch ms. */
  readonly since: number;
  readonly failures: number;
  /** No notice leaves before it, epoch ms. */
  readonly nextAt: number;
  /** In words, without the address. */
  readonly why: string;
}

/** A little less than the time between two ticks. */
const firstPause = 50_000;
const longestPause = 15 * 60_000;

/** The pause doubles, from one tick to a quarter of an hour. */
export function withFailure(state: NoticeState, why: string, now: number): NoticeState {
  const failures = (state.trouble?.failures ?? 0) + 1;
  const pause = Math.min(firstPause * 2 ** Math.min(failures - 1, 10), longestPause);
  const trouble = {
    since: state.trouble?.since ?? now,
    failures,
    nextAt: now + pause,
    why: cutText(why, 300),
  };
  return omitUndefined({ acceptedAt: state.acceptedAt, trouble });
}
