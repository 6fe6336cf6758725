/** Stops a batch, or lets it continue. */
import type { BatchSummary } from '../../domain/batch/batch.ts';
import type { Batches } from '../../ports/batches.ts';
import { Unavailable } from '../../ports/unavailable.ts';

const maxRounds = 10;

/**
 * Stops a batch, or lets it go on when `stopped` is absent. Workers obey within `Times.batchMemory`. A batch that nobody has
 * seen yet can be stopped too: its jobs may be scheduled for later. Throws `Unavailable`.
 */
export async function setStopped(
  batches: Pick<Batches, 'summary' | 'writeSummary'>,
  batchId: string,
  stopped: BatchSummary['stopped'],
): Promise<void> {
  for (let round = 0; round < maxRounds; round += 1) {
    const found = await batches.summary(batchId);
    const { stopped: before, ...rest } = found?.value ?? { batchId };
    if ((before === undefined) === (stopped === undefined)) return;
    const next = stopped === undefined ? rest : { ...rest, stopped };
    if (await batches.writeSummary(next, found?.etag)) return;
  }
  throw new Unavailable('storage', `The summary of batch ${batchId} kept changing: try again`);
}
