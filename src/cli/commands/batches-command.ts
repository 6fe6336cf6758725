/** `batches`: the batches that were sent last. */
import { batchState } from '../session/batch-words.ts';
import { exit } from '../session/cli-failure.ts';
import { inSession, newCommand } from '../session/command.ts';
import { clockTime, quoted } from '../session/words.ts';

const shown = 20;

export const batchesCommand = newCommand(
  'batches',
  `the last ${shown} batches, the newest first`,
  'npx partner-checkout batches',
).action((_options, command) =>
  inSession(command, async ({ output, operator }) => {
    const { batches, clock } = await operator();
    const found = await batches.recent(shown);
    output.data(found);
    const [newest] = found;
    if (newest === undefined) {
      output.line('No worker has taken a job of a batch yet. Next: npx partner-checkout status');
      return exit.ok;
    }
    const now = clock.now();
    output.table(
      ['batch', 'since', 'declared', 'state'],
      found.map((batch) => [
        batch.batchId,
        batch.since === undefined ? '' : clockTime(batch.since, now),
        batch.total ?? '',
        batchState(batch, now),
      ]),
    );
    output.line(`Next: npx partner-checkout batch ${quoted(newest.batchId)}`);
    return exit.ok;
  }),
);
