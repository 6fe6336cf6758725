/** The carts of a batch, for the commands that read each of them at Partner Center. */
import type { BatchEntry } from '../../domain/batch/batch.ts';
import type { JobKey } from '../../domain/message/job-key.ts';
import { CommandFailure, exit } from '../session/cli-failure.ts';
import type { Operator } from '../session/operator.ts';

export interface BatchOfJobs {
  readonly jobs: readonly JobKey[];
  /** Jobs that the batch declares, and that no worker has taken yet. */
  readonly notTaken: number;
}

/** The jobs of a batch as far as the worker has met them. Throws `CommandFailure` for a batch that nobody knows. */
export async function jobsOfBatch(
  { batches }: Pick<Operator, 'batches'>,
  batchId: string,
): Promise<BatchOfJobs> {
  const jobs: JobKey[] = [];
  const summary = await batches.summary(batchId);
  let known = summary !== undefined;
  let met = 0;
  for await (const entry of batches.entries(batchId)) {
    known = true;
    met += 1;
    if (isJob(entry)) jobs.push(entry.jobKey);
  }
  if (known) return { jobs, notTaken: Math.max(0, (summary?.value.total ?? 0) - met) };
  throw new CommandFailure(
    exit.found,
    `Batch ${batchId} is not known: no file of that name is here, and no job of it has reached the worker yet.`,
  );
}

const isJob = (entry: BatchEntry): entry is Extract<BatchEntry, { kind: 'job' }> => entry.kind === 'job';
