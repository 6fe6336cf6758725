/** Finds jobs by batch, customer, state and reference, for people. */
import type { BatchEntry } from '../../domain/batch/batch.ts';
import { type CheckoutRecord, isFinal, type State } from '../../domain/checkout/record.ts';
import { customerOf, type JobKey } from '../../domain/message/job-key.ts';
import { omitUndefined } from '../../domain/omit-undefined.ts';
import type { Batches } from '../../ports/batches.ts';
import type { Ledger } from '../../ports/ledger.ts';
import type { LedgerScan } from '../../ports/ledger-scan.ts';
import { batchCarts } from '../batches/batch-carts.ts';

export interface JobFilter {
  readonly batchId?: string;
  readonly customerId?: string;
  readonly state?: State;
  /** The reference of the job, as a whole and in any case. */
  readonly reference?: string;
}

/** A job in one line. Times are epoch ms. */
export interface JobLine {
  readonly jobKey: JobKey;
  readonly state: State;
  readonly reference?: string;
  readonly code?: string;
  readonly orderIds: readonly string[];
  readonly nextTry?: number;
  readonly updatedAt?: number;
}

export interface ListJobsDeps {
  readonly batches: Pick<Batches, 'entries'>;
  readonly ledger: Pick<Ledger, 'read' | 'customer'>;
  readonly ledgerScan: Pick<LedgerScan, 'inState'>;
}

/**
 * Why the ledger is not searched for this filter; undefined: it is. Jobs without a result are few. For the others a batch or a
 * customer must be named: the ledger is kept for years, and a search would read all of it.
 */
export function whyNotList({ batchId, customerId, state }: JobFilter): string | undefined {
  if (batchId !== undefined || customerId !== undefined) return undefined;
  return state === undefined || isFinal(state)
    ? 'Which jobs? Name a batch or a customer, or a state without a result (waiting, submitting, unresolved, ordered).'
    : undefined;
}

/** Of a batch in the order of its rows. Throws `Unavailable`. */
export async function* listJobs(deps: ListJobsDeps, filter: JobFilter): AsyncGenerator<JobLine> {
  for await (const line of linesOf(deps, filter)) if (matchesFilter(line, filter)) yield line;
}

async function* linesOf(deps: ListJobsDeps, filter: JobFilter): AsyncGenerator<JobLine> {
  const { batchId, customerId, state } = filter;
  if (batchId !== undefined) {
    const batches = { entries: (id: string) => wanted(deps.batches.entries(id), filter) };
    for await (const cart of batchCarts({ batches, ledger: deps.ledger }, batchId)) {
      if (cart.kind === 'record') yield lineOf(cart.record);
      else if (cart.kind === 'row') yield rowLine(cart.entry);
    }
  } else if (customerId !== undefined)
    for (const record of (await deps.ledger.customer(customerId)).records) yield lineOf(record);
  else if (state !== undefined)
    for await (const record of deps.ledgerScan.inState([state])) yield lineOf(record);
}

/** What the row of a batch says already saves the read of a record. */
async function* wanted(entries: AsyncIterable<BatchEntry>, filter: JobFilter): AsyncGenerator<BatchEntry> {
  for await (const entry of entries)
    if (entry.kind === 'job' && matchesFilter(rowLine(entry), { ...filter, reference: undefined }))
      yield entry;
}

function matchesFilter(
  line: JobLine,
  { customerId, state, reference }: { [K in keyof JobFilter]: JobFilter[K] | undefined },
): boolean {
  if (customerId !== undefined && customerOf(line.jobKey) !== customerId) return false;
  if (state !== undefined && line.state !== state) return false;
  return reference === undefined || line.reference?.toLowerCase() === reference.toLowerCase();
}

const rowLine = ({ jobKey, state, code, nextTry, at }: Extract<BatchEntry, { kind: 'job' }>): JobLine =>
  omitUndefined({ jobKey, state, code, orderIds: [], nextTry, updatedAt: at });

const lineOf = ({ jobKey, state, job, reason, orders, nextTry, updatedAt }: CheckoutRecord): JobLine =>
  omitUndefined({
    jobKey,
    state,
    reference: job.reference,
    code: reason?.code,
    orderIds: orders.map(({ id }) => id),
    nextTry,
    updatedAt,
  });
