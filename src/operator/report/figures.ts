/** The figures of the report, out of the records of a batch. */
import type { StoppedBy } from '../../domain/batch/batch.ts';
import { type BatchCounts, batchCounter } from '../../domain/batch/batch-counts.ts';
import { isHeldCode } from '../../domain/checkout/api-errors.ts';
import { lastCheckoutEnd } from '../../domain/checkout/call-history.ts';
import { reasonOf, stoppedCode } from '../../domain/checkout/endings.ts';
import { type CheckoutRecord, isRetryable, isSettled, type State } from '../../domain/checkout/record.ts';
import type { Closing } from '../../domain/gate/closings.ts';
import type { JobKey } from '../../domain/message/job-key.ts';
import { omitUndefined } from '../../domain/omit-undefined.ts';
import { isTerminal } from '../../domain/order/order.ts';
import type { BatchCart } from '../batches/batch-carts.ts';
import type { FirstThings } from '../batches/batch-status.ts';

export type Outcome = 'completed' | 'pending' | 'failed' | 'open';

/** Counts of one stretch of the night. */
export interface Stretch {
  /** Epoch ms when it begins. */
  readonly at: number;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** Requests to Partner Center for these carts, in a minute. */
  readonly callsPerMinute: number;
}

export interface FailureGroup {
  readonly code: string;
  readonly count: number;
  readonly description: string;
  readonly remedy: string;
  /** The first of them, in the order of the batch. */
  readonly jobs: readonly JobKey[];
  /** One of them, to look at. */
  readonly example: { readonly jobKey: JobKey; readonly reference?: string };
}

export interface Bar {
  readonly name: string;
  readonly count: number;
}

/** What a report tells of one batch. */
export interface Figures extends FirstThings {
  readonly batchId: string;
  /** Why the gate is closed now; absent: it is open. */
  readonly closed?: string;
  /** The person who stopped the batch. */
  readonly stoppedBy?: StoppedBy;
  /** When the gate was closed lately. */
  readonly closings: readonly Closing[];
  /** Orders of its carts. */
  readonly orders: number;
  readonly counts: BatchCounts;
  /** The first and the last call; undefined: there was none. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly stretches: readonly Stretch[];
  readonly stretchMs: number;
  /** Calls in a minute that the gate allows. */
  readonly limit: number;
  readonly latencies: readonly Bar[];
  /** Milliseconds that half, 95 % and 99 % of the checkouts stayed below. */
  readonly percentiles: readonly [number, number, number] | undefined;
  readonly failures: readonly FailureGroup[];
  readonly pendingByAge: readonly Bar[];
  readonly madeAt: number;
}

const minute = 60_000;
const hour = 60 * minute;
/** A chart has about so many bars: more cannot be told apart on a phone. */
const bars = 48;
const steps = [1, 2, 5, 10, 15, 30, 60, 120, 360, 1_440].map((minutes) => minutes * minute);
const latencyBounds = [500, 1_000, 2_000, 3_000, 5_000, 10_000, 20_000, 60_000, Number.POSITIVE_INFINITY];
const ages = [
  ['under 1 h', hour],
  ['1 to 6 h', 6 * hour],
  ['6 to 24 h', 24 * hour],
  ['1 to 3 days', 72 * hour],
  ['older', Number.POSITIVE_INFINITY],
] as const;

export const outcomeOf: Readonly<Record<State, Outcome>> = {
  submitting: 'open',
  waiting: 'open',
  unresolved: 'open',
  ordered: 'pending',
  completed: 'completed',
  partial: 'failed',
  failed: 'failed',
};

/** The figures of a night, out of its carts' records. `minuteMs` is how long a minute lasts on the stack's clock. */
export async function figuresOf(
  batch: {
    readonly batchId: string;
    readonly total: number | undefined;
    readonly limit: number;
    readonly closed?: string;
    readonly stoppedBy?: StoppedBy;
    readonly closings: readonly Closing[];
  },
  carts: AsyncIterable<BatchCart>,
  now: number,
  minuteMs = minute,
): Promise<Figures> {
  const counter = batchCounter();
  const ends: { at: number; outcome: Outcome }[] = [];
  const calls: number[] = [];
  const took: number[] = [];
  const failures = new Map<string, GroupInWork>();
  const first = { decisions: 0, held: 0, stoppedJobs: 0 };
  let orders = 0;
  const waits: number[] = [];
  for await (const cart of carts) {
    if (cart.kind !== 'record') {
      counter.add(cart.kind === 'rejected' ? cart : cart.entry);
      continue;
    }
    const { record } = cart;
    counter.add({ kind: 'job', state: record.state });
    const end = lastCheckoutEnd(record);
    if (end !== undefined && isSettled(record.state))
      ends.push({ at: end, outcome: outcomeOf[record.state] });
    for (const call of [...record.history.first, ...record.history.last]) {
      calls.push(call.at);
      if (call.what === 'checkout' && call.end !== undefined) took.push(call.end.ms);
    }
    addFailure(failures, record);
    addFirstThings(first, record);
    orders += record.orders.length;
    for (const { status, since } of record.orders) if (!isTerminal(status)) waits.push(now - since);
  }
  const from = least(calls);
  const to = most([...calls, ...ends.map(({ at }) => at)]);
  const stretchMs = stretchOf((to ?? 0) - (from ?? 0));
  return {
    batchId: batch.batchId,
    ...first,
    ...omitUndefined({ closed: batch.closed, stoppedBy: batch.stoppedBy }),
    closings: batch.closings,
    orders,
    counts: counter.counts(batch.total),
    from,
    to,
    stretches:
      from === undefined || to === undefined ? [] : stretchesOf(from, to, stretchMs, ends, calls, minuteMs),
    stretchMs,
    limit: batch.limit,
    latencies: took.length === 0 ? [] : latencyBars(took),
    percentiles: percentilesOf(took),
    failures: [...failures.values()].sort((a, b) => b.count - a.count),
    pendingByAge: waits.length === 0 ? [] : ageBars(waits),
    madeAt: now,
  };
}

/** More of them are in the result file. */
const maxListed = 500;

type GroupInWork = Omit<FailureGroup, 'count' | 'jobs'> & { count: number; readonly jobs: JobKey[] };

function addFirstThings(first: { -readonly [K in keyof FirstThings]: number }, record: CheckoutRecord): void {
  const { state, asked, reason } = record;
  if (asked?.kind === 'needs-decision') first.decisions += 1;
  if (state === 'waiting' && reason !== undefined && isHeldCode(reason.code)) first.held += 1;
  if (state === 'failed' && reason?.code === stoppedCode) first.stoppedJobs += 1;
}

function addFailure(failures: Map<string, GroupInWork>, record: CheckoutRecord) {
  if (!isRetryable(record.state)) return;
  const { jobKey, job } = record;
  const { code, description, remedy } = reasonOf(record);
  const known = failures.get(code);
  if (known !== undefined) {
    known.count += 1;
    if (known.jobs.length < maxListed) known.jobs.push(jobKey);
    return;
  }
  failures.set(code, {
    code,
    count: 1,
    description,
    remedy,
    jobs: [jobKey],
    example: { jobKey, ...(job.reference === undefined ? {} : { reference: job.reference }) },
  });
}

/** Not `Math.min(...)`: a night has more calls than a call has arguments. */
const least = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : values.reduce((a, b) => Math.min(a, b));
const most = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : values.reduce((a, b) => Math.max(a, b));

/** A local night is a hundred times shorter: it gets stretches of seconds. */
function stretchOf(ms: number): number {
  if (ms < 20 * minute) return Math.max(1_000, Math.ceil(ms / bars / 1_000) * 1_000);
  return steps.find((step) => ms / step <= bars) ?? Math.ceil(ms / bars / (24 * hour)) * 24 * hour;
}

function stretchesOf(
  from: number,
  to: number,
  stretchMs: number,
  ends: readonly { readonly at: number; readonly outcome: Outcome }[],
  calls: readonly number[],
  minuteMs: number,
): readonly Stretch[] {
  const start = Math.floor(from / stretchMs) * stretchMs;
  const count = Math.floor((to - start) / stretchMs) + 1;
  const made = Array.from({ length: count }, (_, index) => ({
    at: start + index * stretchMs,
    outcomes: { completed: 0, pending: 0, failed: 0, open: 0 },
    calls: 0,
  }));
  for (const { at, outcome } of ends) {
    const stretch = made[Math.floor((at - start) / stretchMs)];
    if (stretch !== undefined) stretch.outcomes[outcome] += 1;
  }
  for (const at of calls) {
    const stretch = made[Math.floor((at - start) / stretchMs)];
    if (stretch !== undefined) stretch.calls += 1;
  }
  return made.map(({ at, outcomes, calls: all }) => ({
    at,
    outcomes,
    callsPerMinute: (all / stretchMs) * minuteMs,
  }));
}

const latencyBars = (took: readonly number[]): readonly Bar[] =>
  latencyBounds.map((upTo, index) => {
    const above = latencyBounds[index - 1] ?? 0;
    const name = Number.isFinite(upTo) ? `${upTo / 1_000} s` : 'longer';
    return { name, count: took.filter((ms) => ms >= above && ms < upTo).length };
  });

const ageBars = (waits: readonly number[]): readonly Bar[] =>
  ages.map(([name, upTo], index) => {
    const above = ages[index - 1]?.[1] ?? Number.NEGATIVE_INFINITY;
    return { name, count: waits.filter((age) => age >= above && age < upTo).length };
  });

function percentilesOf(took: readonly number[]): Figures['percentiles'] {
  if (took.length === 0) return undefined;
  const sorted = [...took].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return [at(0.5), at(0.95), at(0.99)];
}
