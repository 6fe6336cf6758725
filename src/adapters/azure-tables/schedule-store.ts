/** The port `Schedule` over its table: inserts, moves, removes and lists entries. */

import * as z from 'zod/mini';
import { isSettled, states } from '../../domain/checkout/record.ts';
import { readJobKey } from '../../domain/message/job-key.ts';
import { omitUndefined } from '../../domain/omit-undefined.ts';
import {
  allJobKeys,
  type BatchCountEntry,
  type CancellationEntry,
  type JobEntry,
  jobKeysUntil,
  type OrderEntry,
  type PollEntry,
  type PollKind,
  pollKeysUntil,
  readJobEntryKey,
  wholeTime,
} from '../../domain/schedule-entry.ts';
import type { EntryMove, Schedule, WhichJobs } from '../../ports/schedule.ts';
import type { Change, Properties, Row, StoredRow, Table, Where } from '../../ports/table.ts';
import { keyPart } from './keys.ts';
import { pollSchema } from './record-schema.ts';
import { toTransactions } from './transactions.ts';

/** Source: Table service REST, query timeout and pagination: a page has 1,000 rows at most. */
const pageRows = 1_000;

/** One partition: a few rows a second against a limit of 2,000, and moving a row is one transaction. */
const partition = 'due';

/** `Schedule` over the table Schedule. A row that cannot be read is told to `onUnreadable` and passed over. */
export function scheduleStore(table: Table, onUnreadable: (key: string, why: string) => void): Schedule {
  function dueEntries(of: 'orders', now: number): AsyncIterable<OrderEntry>;
  function dueEntries(of: 'batches', now: number): AsyncIterable<BatchCountEntry>;
  function dueEntries(of: 'cancellations', now: number): AsyncIterable<CancellationEntry>;
  async function* dueEntries(of: PollKind, now: number): AsyncIterable<PollEntry> {
    for await (const row of table.rows({ partition, ...pollKeysUntil(of, now) })) {
      const read = fromEntry(row);
      if (typeof read === 'string') onUnreadable(row.key, read);
      else yield read;
    }
  }

  return {
    async insert(rows) {
      // Written over whatever is there: the key names the order and its time, so it can only be the same row.
      for (const transaction of toTransactions(rows.map(put))) {
        const [change, ...more] = transaction;
        const result = more.length === 0 ? await table.change(change) : await table.transact(transaction);
        if (result.kind === 'refused')
          throw new Error(`Entry refused as ${result.refusal} though it was unconditional`);
      }
    },

    async ensure(entry) {
      // Refused as `exists`: it is there, perhaps moved meanwhile.
      await table.change({ kind: 'insert', row: toJobRow(entry) });
    },

    async moveJobs(moves) {
      for (const transaction of toTransactions(moves.map(toMerge))) {
        const [only, ...more] = transaction;
        const moved = more.length === 0 ? undefined : await table.transact(transaction);
        if (moved?.kind === 'done') continue;
        // A refusal means that one of them was removed meanwhile, which is as good. The others are moved one by one.
        for (const change of moved === undefined ? [only] : transaction) await table.change(change);
      }
    },

    async remove(key) {
      await table.change({ kind: 'remove', partition, key });
    },

    async *jobs(range, which, now) {
      for await (const row of table.rows({
        partition,
        ...jobKeysUntil(range, now),
        ...whereOf(which, now),
      })) {
        const read = fromJobRow(row);
        if (typeof read === 'string') onUnreadable(row.key, read);
        else yield read;
      }
    },

    due: dueEntries,

    async sweep(of, after, now) {
      const range = of === 'orders' ? pollKeysUntil('orders', wholeTime) : allJobKeys;
      const found: { oldest?: number; late: number; lateSince?: number } = { late: 0 };
      let rows = 0;
      for await (const { key, properties } of table.rows({
        partition,
        ...range,
        select: ['since', 'state', 'notAfter'],
        ...(after === undefined ? {} : { after: { partition, key: after } }),
      })) {
        const { since, state, notAfter } = properties;
        const isOpen = of === 'orders' || !states.some((one) => one === state && isSettled(one));
        // A job that a person is asked about does not wait for a worker.
        const waits = of === 'orders' || state === 'waiting';
        if (waits && typeof since === 'number' && since <= now)
          found.oldest = Math.min(since, found.oldest ?? since);
        if (isOpen && typeof notAfter === 'number' && notAfter <= now) {
          found.late += 1;
          found.lateSince = Math.min(notAfter, found.lateSince ?? notAfter);
        }
        rows += 1;
        if (rows === pageRows) return { found, next: key };
      }
      return { found, next: undefined };
    },

    async exists(key) {
      const row = await table.get(partition, key);
      return row !== undefined && isReadable(row);
    },

    async move(from, to) {
      if (from.key === to.key) return void (await table.change(put(to)));
      const moved = await table.transact([put(to), remove(from)]);
      // `from` is gone: our own move came back, or another poller was faster. Either way `to` must be there.
      if (moved.kind === 'refused') await table.change(put(to));
    },

    async drop(row) {
      await table.change(remove(row));
    },
  };
}

const put = (row: PollEntry): Change => ({ kind: 'replace', row: toEntry(row) });
const remove = ({ key }: PollEntry): Change => ({ kind: 'remove', partition, key });

function toEntry({ key, ...row }: PollEntry): Row {
  return { partition, key: keyPart('entry', key), properties: { version: 1, ...columnsOf(row) } };
}

function columnsOf(
  row: Omit<OrderEntry, 'key'> | Omit<BatchCountEntry, 'key'> | Omit<CancellationEntry, 'key'>,
): Properties {
  if ('batchId' in row || 'looks' in row) return row;
  const { unkept, ...fields } = row;
  return unkept === undefined ? fields : { ...fields, unkept: JSON.stringify(unkept) };
}

const unkeptSchema = z.array(pollSchema);

/** For people alone: what cannot be read is left out. */
function unkeptIn(text: unknown): Pick<OrderEntry, 'unkept'> {
  if (typeof text !== 'string') return {};
  try {
    const parsed = z.safeParse(unkeptSchema, JSON.parse(text));
    return parsed.success ? { unkept: parsed.data } : {};
  } catch {
    return {};
  }
}

function fromEntry({ key, properties }: StoredRow): PollEntry | string {
  const { dueAt, orderId, jobKey: named, batchId, looks, since, polls, unkept, version } = properties;
  if (typeof version === 'number' && version > 1)
    return `version ${version} is newer than 1, which this program knows`;
  if (typeof batchId === 'string')
    return typeof dueAt === 'number' ? { key, dueAt, batchId } : 'dueAt is missing';
  const jobKey = readJobKey(named);
  if (jobKey === undefined) return 'jobKey is missing';
  if (typeof dueAt !== 'number' || typeof orderId !== 'string') return 'dueAt or orderId is missing';
  if (typeof looks === 'number') return { key, dueAt, orderId, jobKey, looks };
  return {
    key,
    dueAt,
    orderId,
    jobKey,
    // An entry of an older version has none until its next poll.
    since: typeof since === 'number' ? since : dueAt,
    polls: typeof polls === 'number' && polls >= 0 ? polls : 0,
    ...unkeptIn(unkept),
  };
}

/** No tick finds an entry whose time somebody made a text, or took away. What a newer version wrote is left alone. */
const isReadable = (row: StoredRow): boolean => {
  const { version, dueAt } = row.properties;
  if (typeof version === 'number' && version > 1) return true;
  return readJobEntryKey(row.key) === undefined
    ? typeof fromEntry(row) !== 'string'
    : typeof dueAt === 'number';
};

const toMerge = ({ key, ...columns }: EntryMove): Change => ({
  kind: 'merge',
  row: { partition, key, properties: omitUndefined(columns) },
});

function toJobRow({ key, ...columns }: JobEntry): Row {
  return { partition, key: keyPart('entry', key), properties: { version: 1, ...omitUndefined(columns) } };
}

/** People edit rows too. A number that is missing reads as 0: a wake-up too many is harmless. Without `dueAt` no query finds the row. */
function fromJobRow({ key, properties }: StoredRow): JobEntry | string {
  const read = readJobEntryKey(key);
  if (read === undefined) return 'its key is not the key of a job';
  const number = (name: string): number => {
    const value = properties[name];
    return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0;
  };
  const { notAfter } = properties;
  return omitUndefined({
    ...read,
    key,
    dueAt: number('dueAt'),
    wakes: number('wakes'),
    wokenAt: number('wokenAt'),
    since: number('since'),
    state: states.find((state) => state === properties['state']) ?? 'unresolved',
    notAfter: typeof notAfter === 'number' ? notAfter : undefined,
  });
}

function whereOf(which: WhichJobs, now: number): { readonly where: Where; readonly or?: readonly Where[] } {
  const due = { dueAt: { atMost: now } };
  if (which === 'due') return { where: due };
  if (which === 'no-call')
    return { where: due, or: [{ state: states.filter(isSettled) }, { notAfter: { atMost: now } }] };
  return { where: { dueAt: { above: now }, wokenAt: { above: which.wokenSince } } };
}
