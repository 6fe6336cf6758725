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
export async function* batchCarts(
  deps: { readonly batches: Pick<Batches, 'entries'>; readonly ledger: Pick<Ledger, 'read'> },
  batchId: string,
): AsyncGenerator<BatchCart> {
  const ahead: Promise<BatchCart>[] = [];
  for await (const entry of deps.batches.entries(batchId)) {
    ahead.push(cartOf(deps.ledger, entry));
    // A read that fails is told when its turn comes, not as an unhandled rejection before.
    ahead.at(-1)?.catch(() => {});
    const next = ahead.length >= atOnce ? ahead.shift() : undefined;
    if (next !== undefined) yield await next;
  }
  for (const next of ahead) yield await next;
}

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
