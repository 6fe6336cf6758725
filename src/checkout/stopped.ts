import type { StoppedBatch } from '../domain/checkout/endings.ts';
import type { CheckoutRecord } from '../domain/checkout/record.ts';
import type { Deps } from './deps.ts';
import type { Run } from './run.ts';

/**
 * Whether the batch of this delivery is stopped; its size is declared on the way. A cart that another batch wants too,
 * which goes on, is not stopped. Asked again after every wait: it costs a request only now and then. Throws `Unavailable`.
 */
export async function stoppedNow(
  { deps, delivery }: Run,
  record: Pick<CheckoutRecord, 'batches' | 'job'> | undefined,
): Promise<StoppedBatch | undefined> {
  const { from } = delivery;
  if (from.kind === 'producer' && from.job.batchId !== undefined) {
    const { batchId, batchSize } = from.job;
    const stopped = await deps.joinBatch(batchId, batchSize);
    // guard: Batch: nothing is sent once it is stopped [replace: false]
    if (record === undefined) return stopped === undefined ? undefined : { batchId, ...stopped };
  }
  // Its first message belongs to no batch, so no batch stops it.
  if (record?.job.batchId === undefined) return undefined;
  for (const batchId of record.batches) {
    const stopped = await deps.joinBatch(batchId, undefined);
    if (stopped === undefined) return undefined;
    if (batchId === record.batches.at(-1)) return { batchId, ...stopped };
  }
  return undefined;
}

/** Every batch that names this cart is stopped. Throws `Unavailable`. */
export async function stoppedEverywhere(
  deps: Pick<Deps, 'joinBatch'>,
  record: Pick<CheckoutRecord, 'batches'>,
): Promise<boolean> {
  for (const batchId of record.batches)
    if ((await deps.joinBatch(batchId, undefined)) === undefined) return false;
  return record.batches.length > 0;
}
