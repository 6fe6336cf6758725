/** The lines of a batch with their records, for reports, result files and `batch stop`. */
import { pMapIterable } from 'p-map';
import type { BatchEntry } from '../../domain/batch/batch.ts';
import type { CheckoutRecord } from '../../domain/checkout/record.ts';
import type { Batches } from '../../ports/batches.ts';
import { type Ledger, UnreadableRecord } from '../../ports/ledger.ts';

export type BatchCart =
  | { readonly kind: 'record'; readonly record: CheckoutRecord }
  /** Its record is not there, or cannot be read: what its row says is all. */
  | { readonly kind: 'row'; readonly entry: Extract<BatchEntry, { kind: 'job' }> }
  | Extract<BatchEntry, { kind: 'rejected' }>;

/** Reads in flight: enough to hide the round trips, few enough for any storage account. */
const atOnce = 16;

/** Every known line of a batch with its ledger record, in the order of its rows. Throws `Unavailable`. */
export const batchCarts = (
  deps: { readonly batches: Pick<Batches, 'entries'>; readonly ledger: Pick<Ledger, 'read'> },
  batchId: string,
): AsyncIterable<BatchCart> =>
  pMapIterable(deps.batches.entries(batchId), (entry) => cartOf(deps.ledger, entry), {
    concurrency: atOnce,
  });

async function cartOf(ledger: Pick<Ledger, 'read'>, entry: BatchEntry): Promise<BatchCart> {
  if (entry.kind === 'rejected') return entry;
  try {
    const found = await ledger.read(entry.jobKey);
    return found === undefined ? { kind: 'row', entry } : { kind: 'record', record: found.value };
  } catch (error) {
    if (error instanceof UnreadableRecord) return { kind: 'row', entry };
    throw error;
  }
}
