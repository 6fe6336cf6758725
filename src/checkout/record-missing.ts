import { customerOf } from '../domain/message/job-key.ts';
import { type Completed, type Run, returnPermit } from './run.ts';
import { askPerson } from './survive-trouble.ts';

/** An entry is written before its record, so a record may be on its way: from this wake-up on it counts as missing. */
const missingFrom = 5;

/** A wake-up without a record: its entry stays, until nobody can hope any more. The one removal that R2 does not cover. */
export async function recordMissing(run: Run): Promise<Completed> {
  const { deps, delivery } = run;
  const { from, jobKey } = delivery;
  returnPermit(run);
  if (from.kind !== 'wake-up')
    throw new Error(`A producer's message begins job ${jobKey}, and needs no record`);
  if (from.wakes < missingFrom) return 'entry';
  await askPerson(deps, jobKey, {
    code: 'record-missing',
    description: `The schedule wakes job ${jobKey} of customer ${customerOf(jobKey)}, but the ledger has no record of it.`,
    remedy:
      'If the record was removed, restore it from a backup. If the cart is still wanted, enqueue it again.',
    at: deps.clock.now(),
  });
  await deps.schedule.remove(from.entryKey);
  return 'entry';
}
