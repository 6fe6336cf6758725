import type { CheckoutRecord } from '../domain/checkout/record.ts';
import type { Deps } from './deps.ts';
import type { Run, StoppedBatch } from './run.ts';

/**
 * Whether the batch of this delivery is stopped; its size is declared on the way. A cart that another batch wants too,
 * which goes on, is not stopped. Asked again after every wait: it costs a request only now and then. Throws `Unavailable`.
 */
export async function stoppedNow(
  { deps, delivery }: Run,
  record: Pick<CheckoutRecord, 'batches'> | undefined,
): Promise<StoppedBatch | undefined> {
  const { batchId, batchSize } = delivery.job;
  if (batchId === undefined) return undefined;
  const stopped = await deps.joinBatch(batchId, batchSize);
  if (stopped === undefined) return undefined;
  if (record !== undefined && !(await stoppedEverywhere(deps, record))) return undefined;
  // guard: Batch: nothing is sent once it is stopped [replace: undefined]
  return { batchId, ...stopped };
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
