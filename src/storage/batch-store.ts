import type { BatchEntry, Batches, BatchSummary } from '../checkout/batches.ts';
import { compact } from '../compact.ts';
import { Unavailable } from '../unavailable.ts';
import { cartKey, keyPart } from './keys.ts';
import { column } from './record-rows.ts';
import { replaceIfDue } from './revisions.ts';
import type { Properties, StoredRow, Table } from './table.ts';

const batchPartition = (batchId: string): string => keyPart('batchId', batchId);
const summaryKey = 'summary';
const rejectedPrefix = 'rejected:';
const states = ['submitting', 'waiting', 'unresolved', 'ordered', 'completed', 'partial', 'failed'] as const;
const questions = ['needs-decision', 'pending-too-long'] as const;
const maxRounds = 10;
const maxRemembered = 1_000;

/** `Batches` over the table of that name: partition batchId, rows `summary`, `{customerId}:{cartId}`, `rejected:{key}`. */
export function batchStore(table: Table): Batches {
  const declared = new Map<string, Promise<number>>();

  async function declare(batchId: string, size: number): Promise<void> {
    // Every job of a batch declares the same size: one request for each size seen, not for each job.
    const known = declared.get(batchId);
    if (known !== undefined && (await known.catch(() => 0)) >= size) return;
    const pending = atLeast(batchId, size);
    remember(batchId, pending);
    try {
      await pending;
    } catch (error) {
      if (declared.get(batchId) === pending) declared.delete(batchId);
      throw error;
    }
  }

  function remember(batchId: string, total: Promise<number>): void {
    declared.delete(batchId);
    declared.set(batchId, total);
    const oldest = declared.size > maxRemembered ? declared.keys().next().value : undefined;
    if (oldest !== undefined) declared.delete(oldest);
  }

  /** The total that stands in the table in the end. */
  async function atLeast(batchId: string, size: number): Promise<number> {
    const partition = batchPartition(batchId);
    const fresh = { partition, key: summaryKey, properties: { version: 1, total: size, stopped: false } };
    const inserted = await table.change({ kind: 'insert', row: fresh });
    if (inserted.kind === 'done') return size;
    for (let round = 0; round < maxRounds; round++) {
      const stored = await table.get(partition, summaryKey);
      const total = stored?.properties['total'];
      if (typeof total === 'number' && total >= size) return total;
      const written = await table.change(
        stored === undefined
          ? { kind: 'insert', row: fresh }
          : {
              kind: 'replace',
              row: { ...stored, properties: { ...stored.properties, total: size } },
              etag: stored.etag,
            },
      );
      if (written.kind === 'done') return size;
    }
    throw new Unavailable(
      'storage',
      `The summary of batch ${batchId} kept changing: gave up after ${maxRounds} tries`,
    );
  }

  return {
    declare,

    async write(job, when) {
      const properties = compact({
        version: 1,
        customerId: job.customerId,
        cartId: job.cartId,
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
        cartKey(job),
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
      return row && fromSummary(batchId, row.properties);
    },

    async *entries(batchId) {
      // A cart's key begins with a hex digit; `rejected:` and `summary` come after.
      const rows = table.rows({ partition: batchPartition(batchId), from: '0', to: summaryKey });
      for await (const row of rows) yield fromRow(batchId, row);
    },
  };
}

function fromSummary(batchId: string, { total, stopped, stoppedBy, stoppedAt }: Properties): BatchSummary {
  return compact({
    batchId,
    total: number(total),
    stopped:
      stopped === true ? { who: text(stoppedBy) ?? 'somebody', at: number(stoppedAt) ?? 0 } : undefined,
  });
}

function fromRow(batchId: string, { key, properties }: StoredRow): BatchEntry {
  const at = number(properties['at']) ?? 0;
  if (key.startsWith(rejectedPrefix))
    return { kind: 'rejected', rejectedKey: key.slice(rejectedPrefix.length), at };
  const [customerId = '', cartId = ''] = key.split(':');
  return compact({
    kind: 'job' as const,
    batchId,
    customerId,
    cartId,
    state: states.find((state) => state === properties['state']) ?? 'unresolved',
    revision: number(properties['revision']) ?? 0,
    code: text(properties['code']),
    calledAt: number(properties['calledAt']),
    nextTry: number(properties['nextTry']),
    asked: questions.find((question) => question === properties['asked']),
    at,
  });
}

const number = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);
const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
