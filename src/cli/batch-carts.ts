import type { BatchEntry } from '../checkout/batches.ts';
import type { CartKey } from '../checkout/job.ts';
import { CommandFailure, exit } from './failure.ts';
import type { Operator } from './operator.ts';

/** The carts of a batch as far as the worker has met them. Throws `CommandFailure` for a batch that nobody knows. */
export async function cartsOfBatch(
  { batches }: Pick<Operator, 'batches'>,
  batchId: string,
): Promise<readonly CartKey[]> {
  const carts: CartKey[] = [];
  let known = (await batches.summary(batchId)) !== undefined;
  for await (const entry of batches.entries(batchId)) {
    known = true;
    if (isJob(entry)) carts.push({ customerId: entry.customerId, cartId: entry.cartId });
  }
  if (known) return carts;
  throw new CommandFailure(
    exit.found,
    `Batch ${batchId} is not known: no file of that name is here, and no job of it has reached the worker yet.`,
  );
}

const isJob = (entry: BatchEntry): entry is Extract<BatchEntry, { kind: 'job' }> => entry.kind === 'job';
