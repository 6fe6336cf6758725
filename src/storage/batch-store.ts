import type { Batches } from '../checkout/batches.ts';
import { compact } from '../compact.ts';
import { Unavailable } from '../unavailable.ts';
import { cartKey, keyPart } from './keys.ts';
import { column } from './record-rows.ts';
import { replaceIfDue } from './revisions.ts';
import type { Table } from './table.ts';

const batchPartition = (batchId: string): string => keyPart('batchId', batchId);
const summaryKey = 'summary';
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
      const key = `rejected:${keyPart('rejected message', rejectedKey)}`;
      // Refused as `exists`: this line was counted before.
      await table.change({
        kind: 'insert',
        row: { partition: batchPartition(batchId), key, properties: { version: 1, at } },
      });
    },
  };
}
