/** Decides for many jobs that they are tried again, and counts why others are not. */
import pMap from 'p-map';
import { isLate, leaseEnd } from '../../domain/checkout/claim-rules.ts';
import { whyNotDecide } from '../../domain/checkout/decisions.ts';
import { needsNewCart, reasonOf } from '../../domain/checkout/endings.ts';
import { type CheckoutRecord, isRetryable } from '../../domain/checkout/record.ts';
import type { JobKey } from '../../domain/message/job-key.ts';
import type { AttentionFilter, AttentionRows } from '../../ports/attention-rows.ts';
import type { Clock } from '../../ports/clock.ts';
import { UnreadableRecord } from '../../ports/ledger.ts';
import { pacer } from '../pacer.ts';
import { type DecideDeps, decideJob } from './decide-job.ts';
import { whatChanged } from './what-changed.ts';

/** Why a job is not retried. */
export type Passed =
  | 'unresolved'
  | 'under-way'
  | 'done'
  | 'too-late'
  | 'in-hand'
  | 'decided'
  | 'changed'
  | 'unknown'
  | 'unreadable'
  | 'new-cart'
  | 'other-batch';

/** In words, for the person. */
export const passedWords: Readonly<Record<Passed, string>> = {
  unresolved: 'may have been bought: a retry is refused, decide with npx partner-checkout resolve JOB',
  'under-way': 'is under way already',
  done: 'has its orders: nothing to retry',
  'too-late': 'is past its notAfter: a retry is refused',
  'in-hand': 'a worker has claimed it: run this again in some minutes',
  decided: 'somebody has decided already, and no worker has carried it out yet',
  changed: 'changed while the retry was written: look at it again',
  unknown: 'has no record in the ledger: it was never taken from the queue',
  unreadable: 'has a record that cannot be read: see npx partner-checkout attention',
  'new-cart': 'needs a new cart, so a retry would end the same way; to retry it anyway, name its job key',
  'other-batch': 'does not belong to this batch',
};

/** Why a retry of this record is refused now; undefined: it is not. Pure. */
export function whyNotRetry(record: CheckoutRecord | undefined, now: number): Passed | undefined {
  if (record === undefined) return 'unknown';
  if (whyNotDecide(record, { decision: 'retry', who: '', orderIds: [] }, now) === undefined) return undefined;
  if (!isRetryable(record.state) && record.asked?.code !== 'worker-crashed') {
    switch (record.state) {
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
  if (isLate(record.job.notAfter, now)) return 'too-late';
  return leaseEnd(record, now) === undefined ? 'decided' : 'in-hand';
}

export interface RetryDeps extends DecideDeps {
  /** Paces a bulk retry; times are the storage's. */
  readonly clock: Clock;
}

export interface RetryGroup {
  readonly state: string;
  readonly code: string;
  readonly description: string;
  readonly count: number;
  /** The first few of them. */
  readonly samples: readonly JobKey[];
}

export interface Refused {
  readonly jobKey: JobKey;
  readonly why: string;
}

export interface RetryReport {
  /** Decided, or without a name what would be. */
  readonly jobs: number;
  readonly groups: readonly RetryGroup[];
  readonly passed: Partial<Readonly<Record<Passed, number>>>;
  /** The first few that were passed over, each with its reason. */
  readonly refused: readonly Refused[];
  /** Ended by Ctrl-C before its end. */
  readonly interrupted: boolean;
}

export interface RetryOptions {
  /** Undefined: looks and counts, and writes nothing. */
  readonly who: string | undefined;
  readonly perSecond?: number;
  readonly batchId?: string;
  /** Passes over jobs that need a new cart. */
  readonly onlyUseful?: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (jobs: number) => void;
}

/** Reads and writes under way at once. */
const atOnce = 32;
const sampled = 3;

/**
 * Writes a retry into the record of each of these jobs that can be retried. A pending decision refuses a second one: killed and
 * run again, or run by two people, it retries each job once. Throws `Unavailable`.
 */
export async function retryJobs(
  deps: RetryDeps,
  jobs: AsyncIterable<JobKey> | Iterable<JobKey>,
  options: RetryOptions,
): Promise<RetryReport> {
  const { who, signal, batchId, onProgress } = options;
  const pace = pacer(deps.clock, who === undefined ? undefined : options.perSecond);
  const groups = new Map<string, RetryGroup>();
  const passed: Partial<Record<Passed, number>> = {};
  const refused: Refused[] = [];
  let decided = 0;
  const pass = (jobKey: JobKey, kind: Passed, why: string = passedWords[kind]) => {
    passed[kind] = (passed[kind] ?? 0) + 1;
    if (refused.length < sampled) refused.push({ jobKey, why });
  };
  const retryJob = async (jobKey: JobKey): Promise<void> => {
    await pace();
    try {
      const record = (await deps.ledger.read(jobKey))?.value;
      const other = batchId !== undefined && record !== undefined && !record.batches.includes(batchId);
      const why = other ? 'other-batch' : (whyNotRetry(record, deps.now()) ?? hopeless(record, options));
      if (why !== undefined || record === undefined) return pass(jobKey, why ?? 'unknown');
      if (who !== undefined) {
        const outcome = await decideJob(deps, jobKey, { decision: 'retry', who, orderIds: [] }, record);
        if (outcome.kind === 'no-record') return pass(jobKey, 'unknown');
        if (outcome.kind === 'refused') return pass(jobKey, 'changed', outcome.why);
        if (outcome.kind === 'changed') return pass(jobKey, 'changed', whatChanged(record, outcome.record));
      }
      decided += 1;
      count(groups, record);
      onProgress(decided);
    } catch (error) {
      if (!(error instanceof UnreadableRecord)) throw error;
      pass(jobKey, 'unreadable', error.message);
    }
  };
  await pMap(untilInterrupted(jobs, signal), retryJob, { concurrency: atOnce });
  const largestFirst = [...groups.values()].sort((a, b) => b.count - a.count);
  return { jobs: decided, groups: largestFirst, passed, refused, interrupted: signal.aborted };
}

const hopeless = (record: CheckoutRecord | undefined, { onlyUseful }: RetryOptions): Passed | undefined =>
  onlyUseful === true && record !== undefined && needsNewCart(record) ? 'new-cart' : undefined;

function count(groups: Map<string, RetryGroup>, record: CheckoutRecord): void {
  const { state, jobKey } = record;
  const reason = reasonOf(record);
  const { code } = reason;
  const known = groups.get(`${state} ${code}`);
  const { count: before = 0, samples = [], description = reason.description } = known ?? {};
  groups.set(`${state} ${code}`, {
    state,
    code,
    description,
    count: before + 1,
    samples: samples.length < sampled ? [...samples, jobKey] : samples,
  });
}

/** The jobs of the open rows that a filter names: failed and partial ones, and those that a retry refuses, to say so. */
export async function* openJobs(
  attentionRows: Pick<AttentionRows, 'list'>,
  filter: AttentionFilter,
): AsyncGenerator<JobKey> {
  for await (const { jobKey } of attentionRows.list(filter)) if (jobKey !== undefined) yield jobKey;
}

async function* untilInterrupted<T>(
  items: AsyncIterable<T> | Iterable<T>,
  signal: AbortSignal,
): AsyncGenerator<T> {
  for await (const item of items) {
    if (signal.aborted) return;
    yield item;
  }
}
