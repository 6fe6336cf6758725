import { decisionCopy } from '../../checkout/copies.ts';
import { reasonOf } from '../../checkout/finalize.ts';
import { isLate, leaseEnd } from '../../domain/checkout/claim-rules.ts';
import type { CheckoutRecord } from '../../domain/checkout/record.ts';
import type { CartKey } from '../../domain/message/job.ts';
import type { AttentionFilter, AttentionRows } from '../../ports/attention-rows.ts';
import type { Chance } from '../../ports/chance.ts';
import type { CheckoutQueue } from '../../ports/checkout-queue.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Ledger } from '../../ports/ledger.ts';
import { pacer, sideBySide } from '../side-by-side.ts';

/** Why a job is not retried. */
export type Passed = 'unresolved' | 'under-way' | 'done' | 'too-late' | 'in-hand' | 'unknown' | 'other-batch';

/** In words, for the person. */
export const passedWords: Readonly<Record<Passed, string>> = {
  unresolved:
    'may have been bought: a retry is refused, decide with npx partner-checkout resolve CUSTOMER CART',
  'under-way': 'is under way already',
  done: 'has its orders: nothing to retry',
  'too-late': 'is past its notAfter: a retry is refused',
  'in-hand': 'a worker has it in hand: run this again in some minutes',
  unknown: 'has no record in the ledger: it was never taken from the queue',
  'other-batch': 'does not belong to this batch',
};

/** Whether a retry of this record would be taken by the worker. */
export function whyNotRetry(record: CheckoutRecord | undefined, now: number): Passed | undefined {
  if (record === undefined) return 'unknown';
  switch (record.state) {
    case 'failed':
    case 'partial':
      if (isLate(record.job.notAfter, now)) return 'too-late';
      return leaseEnd(record, now) === undefined ? undefined : 'in-hand';
    case 'unresolved':
      return 'unresolved';
    case 'submitting':
    case 'waiting':
      return 'under-way';
    case 'ordered':
    case 'completed':
      return 'done';
  }
}

export interface RetryDeps {
  readonly ledger: Pick<Ledger, 'read'>;
  readonly attentionRows: Pick<AttentionRows, 'list'>;
  readonly queue: CheckoutQueue;
  readonly clock: Clock;
  readonly chance: Chance;
}

export interface RetryGroup {
  readonly state: string;
  readonly code: string;
  readonly description: string;
  readonly count: number;
  /** The first few of them. */
  readonly samples: readonly CartKey[];
}

export interface RetryReport {
  /** Sent, or without a name what would be. */
  readonly jobs: number;
  readonly groups: readonly RetryGroup[];
  readonly passed: Partial<Readonly<Record<Passed, number>>>;
  /** Stopped by Ctrl-C: the same command goes on. */
  readonly stopped: boolean;
}

export interface RetryOptions {
  /** Undefined: looks and counts, and sends nothing. */
  readonly who: string | undefined;
  readonly perSecond?: number;
  readonly batchId?: string;
  readonly signal: AbortSignal;
  readonly onProgress: (jobs: number) => void;
}

/** Ledger reads and sends under way at once. */
const atOnce = 32;
const sampled = 3;

/**
 * Sends a retry for each of these carts that can be retried. The worker decides, and a decision counts once: killed and run
 * again, or run by two people, it sends some twice and harms none. Throws `Unavailable`.
 */
export async function retryJobs(
  deps: RetryDeps,
  carts: AsyncIterable<CartKey> | Iterable<CartKey>,
  options: RetryOptions,
): Promise<RetryReport> {
  const { ledger, queue, clock, chance } = deps;
  const { who, signal, batchId, onProgress } = options;
  const pace = pacer(clock, who === undefined ? undefined : options.perSecond);
  const groups = new Map<string, RetryGroup>();
  const passed: Partial<Record<Passed, number>> = {};
  let jobs = 0;
  await sideBySide(untilStopped(carts, signal), atOnce, async (cart) => {
    await pace();
    const record = (await ledger.read(cart))?.value;
    const other = batchId !== undefined && record !== undefined && !record.batches.includes(batchId);
    const why = other ? 'other-batch' : whyNotRetry(record, clock.now());
    if (why !== undefined || record === undefined) {
      passed[why ?? 'unknown'] = (passed[why ?? 'unknown'] ?? 0) + 1;
      return;
    }
    if (who !== undefined) await queue.send(decisionCopy(record, retryBy(record, who), chance), clock.now());
    jobs += 1;
    count(groups, record);
    onProgress(jobs);
  });
  const largestFirst = [...groups.values()].sort((a, b) => b.count - a.count);
  return { jobs, groups: largestFirst, passed, stopped: signal.aborted };
}

const retryBy = (record: CheckoutRecord, who: string) => ({
  decision: 'retry' as const,
  seen: record.state,
  who,
  orderIds: [],
});

function count(groups: Map<string, RetryGroup>, record: CheckoutRecord): void {
  const { state, customerId, cartId } = record;
  const reason = reasonOf(record);
  const { code } = reason;
  const known = groups.get(`${state} ${code}`);
  const { count: before = 0, samples = [], description = reason.description } = known ?? {};
  groups.set(`${state} ${code}`, {
    state,
    code,
    description,
    count: before + 1,
    samples: samples.length < sampled ? [...samples, { customerId, cartId }] : samples,
  });
}

/** The carts of the open rows that a filter names: failed and partial ones, and those that a retry refuses, to say so. */
export async function* openCarts(
  attentionRows: Pick<AttentionRows, 'list'>,
  filter: AttentionFilter,
): AsyncGenerator<CartKey> {
  for await (const { cart } of attentionRows.list(filter)) if (cart !== undefined) yield cart;
}

async function* untilStopped<T>(
  items: AsyncIterable<T> | Iterable<T>,
  signal: AbortSignal,
): AsyncGenerator<T> {
  for await (const item of items) {
    if (signal.aborted) return;
    yield item;
  }
}
