import { unreadableCode } from '../domain/checkout/attention-row.ts';
import type { UnreadableRecord } from '../ports/ledger.ts';
import { whenAsked } from './escalate.ts';
import { parkWithoutResult } from './park.ts';
import type { Run } from './run.ts';

/** A record that cannot be read is never acted on: a newer version of the worker will know it, or a person must look. */
export async function askAboutUnreadable(run: Run, error: UnreadableRecord): Promise<void> {
  const { deps } = run;
  const { customerId, cartId, batchId } = run.delivery.job;
  const now = deps.clock.now();
  deps.telemetry.warn(error.message, { customerId, cartId });
  if (error.newer)
    return parkWithoutResult(run, now + deps.times.parkMax, 'its record was written by a newer version');
  const wrote = await deps.attention.write(
    {
      customerId,
      cartId,
      kind: 'needs-decision',
      open: true,
      revision: 0,
      reason: {
        code: unreadableCode,
        description: error.message,
        remedy:
          'Mend the row in the table Checkouts, from a backup if there is one; the job is looked at again by itself.',
        at: now,
      },
      batchIds: batchId === undefined ? [] : [batchId],
      at: now,
    },
    'anyway',
  );
  if (wrote)
    deps.telemetry.event('AttentionOpened', {
      customerId,
      cartId,
      batchId,
      kind: 'needs-decision',
      code: unreadableCode,
      revision: 0,
    });
  await parkWithoutResult(run, whenAsked(run), 'its record cannot be read');
}
