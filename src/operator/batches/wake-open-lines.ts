/** After a stop: wakes the open jobs of the batch, so that they end soon. */
import { type CheckoutRecord, isSettled } from '../../domain/checkout/record.ts';
import { wakeUp } from '../../domain/message/delivery.ts';
import { jobEntryKeyOf } from '../../domain/schedule-entry.ts';
import type { CheckoutQueue } from '../../ports/checkout-queue.ts';
import type { Random } from '../../ports/random.ts';
import { type BatchCart, batchCarts } from './batch-carts.ts';

export interface WakeDeps {
  readonly batches: Parameters<typeof batchCarts>[0]['batches'];
  readonly ledger: Parameters<typeof batchCarts>[0]['ledger'];
  readonly wakeUps: { readonly urgent: CheckoutQueue; readonly standard: CheckoutQueue };
  readonly random: Random;
}

/** Messages in one send. */
const atOnce = 100;

/**
 * Sends a wake-up for each open line of a batch, which the queue hands out at `at`: workers obey a stop only once they have
 * forgotten what they knew of the batch. Each names the entry of its job, which stands: nothing is lost if a send fails. Returns
 * how many it sent. Throws `Unavailable`.
 */
export async function wakeOpenLines(
  deps: WakeDeps,
  batchId: string,
  at: number,
  signal: AbortSignal,
): Promise<number> {
  const waiting = { urgent: [] as CheckoutRecord[], standard: [] as CheckoutRecord[] };
  let sent = 0;
  const send = async (queue: keyof typeof waiting) => {
    const records = waiting[queue].splice(0);
    if (records.length === 0) return;
    const messages = records.map((record) =>
      wakeUp({ key: entryKeyOf(record, at), wakes: 0 }, deps.random.guid()),
    );
    await deps.wakeUps[queue].send(messages, at);
    sent += records.length;
  };
  for await (const line of batchCarts(deps, batchId)) {
    if (signal.aborted) break;
    if (!isOpenLine(line)) continue;
    const queue = line.record.urgent ? 'urgent' : 'standard';
    waiting[queue].push(line.record);
    if (waiting[queue].length >= atOnce) await send(queue);
  }
  await send('urgent');
  await send('standard');
  return sent;
}

const isOpenLine = (line: BatchCart): line is Extract<BatchCart, { kind: 'record' }> =>
  line.kind === 'record' && !isSettled(line.record.state);

/** The entry that the record names. A wake-up whose entry is not there does what the record says all the same. */
const entryKeyOf = ({ urgent, entryOrigin, nextTry, jobKey }: CheckoutRecord, now: number): string =>
  jobEntryKeyOf(urgent, entryOrigin ?? nextTry ?? Math.floor(now), jobKey);
