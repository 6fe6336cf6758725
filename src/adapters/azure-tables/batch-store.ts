/** The port `Batches` over its table: the summary of a batch, one row for each job, one for each rejected line. */

import type { BatchEntry, BatchSummary } from '../../domain/batch/batch.ts';
import { questionKinds, states } from '../../domain/checkout/record.ts';
import { identityOf, readJobKey } from '../../domain/message/job-key.ts';
import { omitUndefined } from '../../domain/omit-undefined.ts';
import type { Batches } from '../../ports/batches.ts';
import type { Change, Properties, Row, StoredRow, Table } from '../../ports/table.ts';
import { keyPart } from './keys.ts';
import { column } from './record-rows.ts';
import { replaceIfDue } from './revisions.ts';

const batchPartition = (batchId: string): string => keyPart('batchId', batchId);
const summaryKey = 'summary';
/** The index of batches by age; no batch id begins so. */
const indexPartition = '_recent';
const distantTime = 1e14;
const rejectedPrefix = 'rejected:';

/** `Batches` over the table of that name: partition batchId, rows `summary`, `{jobKey}`, `rejected:{key}`; and the index of all. */
export function batchStore(table: Table): Batches {
  return {
    async write(job, when) {
      const properties = omitUndefined({
        version: 1,
        ...identityOf(job.jobKey),
        state: job.state,
        revision: job.revision,
        code: job.code === undefined ? undefined : column(job.code),
        calledAt: job.calledAt,
        nextTry: job.nextTry,
        asked: job.asked,
        at: job.at,
      });
      await replaceIfDue(
        table,
        batchPartition(job.batchId),
        keyPart('job', job.jobKey),
        job.revision,
        when,
        () => properties,
      );
    },

    async reject(batchId, rejectedKey, at) {
      const key = `${rejectedPrefix}${keyPart('rejected message', rejectedKey)}`;
      // Refused as `exists`: this line was counted before.
      await table.change({
        kind: 'insert',
        row: { partition: batchPartition(batchId), key, properties: { version: 1, at } },
      });
    },

    async summary(batchId) {
      const row = await table.get(batchPartition(batchId), summaryKey);
      return row && { value: fromSummary(batchId, row.properties), etag: row.etag };
    },

    async writeSummary(summary, etag) {
      // The index first: a batch that is not in it would never be listed, one without a summary is passed over.
      if (etag === undefined) await table.change({ kind: 'replace', row: toIndexRow(summary) });
      const row = toSummaryRow(summary);
      const change: Change = etag === undefined ? { kind: 'insert', row } : { kind: 'replace', row, etag };
      return (await table.change(change)).kind === 'done';
    },

    async recent(most) {
      const found = new Map<string, BatchSummary>();
      for await (const { properties } of table.rows({ partition: indexPartition, from: '', to: '~' })) {
        if (found.size >= most) break;
        const batchId = text(properties['batchId']);
        if (batchId === undefined || found.has(batchId)) continue;
        const row = await table.get(batchPartition(batchId), summaryKey);
        if (row !== undefined) found.set(batchId, fromSummary(batchId, row.properties));
      }
      return [...found.values()];
    },

    async *entries(batchId, part) {
      const partition = batchPartition(batchId);
      const which =
        part === undefined
          ? {}
          : 'afterKey' in part
            ? { after: { partition, key: part.afterKey } }
            : { where: { at: { above: part.writtenAfter } } };
      // A cart's key begins with a hex digit; `rejected:` and `summary` come after.
      const rows = table.rows({ partition, from: '0', to: summaryKey, ...which });
      for await (const row of rows) yield fromRow(batchId, row);
    },
  };
}

/** The newest first: the key begins with the time that is left until a distant one. */
function toIndexRow({ batchId, since, stopped }: BatchSummary): Row {
  const time = Math.floor(since ?? stopped?.at ?? 0);
  const key = `${String(distantTime - time).padStart(15, '0')}:${keyPart('batchId', batchId)}`;
  return { partition: indexPartition, key, properties: { version: 1, batchId } };
}

function toSummaryRow({ batchId, total, since, entryKey, finished, stopped }: BatchSummary): Row {
  return {
    partition: batchPartition(batchId),
    key: summaryKey,
    properties: omitUndefined({
      version: 1,
      total,
      since,
      entryKey,
      finishedTotal: finished?.total,
      finishedAt: finished?.at,
      stopped: stopped !== undefined,
      stoppedBy: stopped === undefined ? undefined : column(stopped.who),
      stoppedAt: stopped?.at,
    }),
  };
}

/** A flag that a person sets by hand in a storage browser counts, though it says no name. */
function fromSummary(batchId: string, properties: Properties): BatchSummary {
  const finishedTotal = number(properties['finishedTotal']);
  return omitUndefined({
    batchId,
    total: number(properties['total']),
    since: number(properties['since']),
    entryKey: text(properties['entryKey']),
    finished:
      finishedTotal === undefined
        ? undefined
        : { total: finishedTotal, at: number(properties['finishedAt']) ?? 0 },
    stopped:
      properties['stopped'] === true
        ? { who: text(properties['stoppedBy']) ?? 'somebody', at: number(properties['stoppedAt']) ?? 0 }
        : undefined,
  });
}

function fromRow(batchId: string, { key, properties }: StoredRow): BatchEntry {
  const at = number(properties['at']) ?? 0;
  if (key.startsWith(rejectedPrefix))
    return { kind: 'rejected', rejectedKey: key.slice(rejectedPrefix.length), at };
  const jobKey = readJobKey(key);
  // A key that a person wrote by hand names no job.
  if (jobKey === undefined) return { kind: 'rejected', rejectedKey: key, at };
  return omitUndefined({
    kind: 'job' as const,
    batchId,
    jobKey,
    state: states.find((state) => state === properties['state']) ?? 'unresolved',
    revision: number(properties['revision']) ?? 0,
    code: text(properties['code']),
    calledAt: number(properties['calledAt']),
    nextTry: number(properties['nextTry']),
    asked: questionKinds.find((question) => question === properties['asked']),
    at,
  });
}

const number = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);
const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
