/** `batch stop`: ends the open jobs of a batch, or lets it continue. */
import { describeValue } from '../../domain/looks-like.ts';
import { readBatchId } from '../../domain/message/job.ts';
import { findQueued, mostPeeked } from '../../operator/batches/queued-batch.ts';
import { setStopped } from '../../operator/batches/stop-batch.ts';
import { wakeOpenLines } from '../../operator/batches/wake-open-lines.ts';
import { counted } from '../../operator/counted.ts';
import { CommandFailure, exit } from '../session/cli-failure.ts';
import { inSession, newCommand } from '../session/command.ts';
import { inTime, quoted } from '../session/words.ts';

export const stopCommand = newCommand(
  'stop',
  'ends the open jobs of a batch as failed, code stopped; the worker first checks carts that may have been bought',
  'npx partner-checkout batch stop night-2026-11-24\n  npx partner-checkout batch stop night-2026-11-24 --undo',
)
  .argument('<id>', 'the batch')
  .option('--undo', 'undoes the stop')
  .option('--unseen', 'also stops a batch whose jobs have not been sent yet')
  .action((id: string, options: { undo?: true; unseen?: true }, command) =>
    inSession(command, async ({ output, operator, queues, interrupted }) => {
      const read = readBatchId(id);
      if (!read.ok)
        throw new CommandFailure(
          exit.usage,
          `The batch id is wrong: ${read.problems[0]?.reason ?? ''}; it is ${describeValue(id)}.`,
        );
      const { batchId } = read;
      const deps = await operator();
      const { batches, config, now, who } = deps;
      if ((await batches.summary(batchId)) === undefined && options.unseen !== true) {
        const [entry] = await firstOf(batches.entries(batchId));
        const { queued } = await queues();
        if (entry === undefined && (await findQueued(queued, batchId)) === undefined)
          throw new CommandFailure(
            exit.found,
            `Batch ${batchId} is not known, and none of it is among the first ${mostPeeked} messages of each queue: nothing was changed. If its jobs are still to be sent: add --unseen.`,
          );
      }
      const name = await who();
      await setStopped(batches, batchId, options.undo === true ? undefined : { who: name, at: now() });
      if (options.undo === true) {
        output.line(
          `Batch ${batchId} continues. To retry the jobs that the stop ended: npx partner-checkout retry --batch ${quoted(batchId)} --code stopped`,
        );
        output.data({ batchId, stopped: false, by: name });
        return exit.ok;
      }
      output.line(
        `Batch ${batchId} is stopped by ${name}; every worker obeys within ${inTime(config.times.batchMemory)}.`,
      );
      const { queue: standard, urgentQueue: urgent } = await queues();
      const at = now() + config.times.batchMemory;
      const woken = await wakeOpenLines({ ...deps, wakeUps: { standard, urgent } }, batchId, at, interrupted);
      output.line(
        `Its open jobs end as failed, code stopped: ${counted(woken, 'job is', 'jobs are')} woken for that now, the others end when a worker takes their message, or at their next try. To continue the batch: npx partner-checkout batch stop ${quoted(batchId)} --undo`,
      );
      output.data({ batchId, stopped: true, by: name, woken });
      return interrupted.aborted ? exit.interrupted : exit.ok;
    }),
  );

async function firstOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  for await (const item of items) return [item];
  return [];
}
