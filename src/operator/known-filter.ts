/** Tells a filter that matches nothing from one that names something unknown. */
import { isListedCode } from '../domain/checkout/api-errors.ts';
import type { AttentionFilter, AttentionRows } from '../ports/attention-rows.ts';
import type { Batches } from '../ports/batches.ts';
import type { Ledger } from '../ports/ledger.ts';

export interface KnownDeps {
  readonly batches: Pick<Batches, 'summary' | 'entries'>;
  readonly ledger: Pick<Ledger, 'customer'>;
  readonly attentionRows: Pick<AttentionRows, 'list'>;
}

/**
 * Why a filter that matches nothing is no good news: it names something that nobody knows, so it is probably a slip. Undefined:
 * all that it names is known. Throws `Unavailable`.
 */
export async function unknownInFilter(deps: KnownDeps, filter: AttentionFilter): Promise<string | undefined> {
  const { batchId, customerId, code } = filter;
  if (batchId !== undefined && !(await isKnownBatch(deps, batchId)))
    return `Batch ${batchId} is not known: no worker has taken a job of it.`;
  if (customerId !== undefined && !(await isKnownCustomer(deps, customerId)))
    return `Customer ${customerId} is not known: no worker has taken a job of it.`;
  if (code !== undefined && !isListedCode(code) && !(await hasRow(deps, { code, all: true })))
    return `No row, open or closed, has the code ${code}.`;
  return undefined;
}

export async function isKnownBatch(
  { batches }: Pick<KnownDeps, 'batches'>,
  batchId: string,
): Promise<boolean> {
  if ((await batches.summary(batchId)) !== undefined) return true;
  for await (const _ of batches.entries(batchId)) return true;
  return false;
}

export const isKnownCustomer = async (
  { ledger }: Pick<KnownDeps, 'ledger'>,
  customerId: string,
): Promise<boolean> => (await ledger.customer(customerId)).records.length > 0;

async function hasRow({ attentionRows }: KnownDeps, filter: AttentionFilter): Promise<boolean> {
  for await (const _ of attentionRows.list(filter)) return true;
  return false;
}
