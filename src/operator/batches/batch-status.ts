/** How far a batch is, from one scan of its rows. */
import type { BatchEntry, BatchJob, BatchSummary } from '../../domain/batch/batch.ts';
import { allLines, type BatchCounts, batchCounter } from '../../domain/batch/batch-counts.ts';
import { isHeldCode } from '../../domain/checkout/api-errors.ts';
import { stoppedCode } from '../../domain/checkout/endings.ts';
import { isSettled } from '../../domain/checkout/record.ts';
import type { GateSettings } from '../../domain/gate/gate-settings.ts';
import { omitUndefined } from '../../domain/omit-undefined.ts';
import type { Batches } from '../../ports/batches.ts';
import type { Clock } from '../../ports/clock.ts';
import type { GateStore } from '../../ports/gate-store.ts';
import { type GateView, viewGate } from '../pause-gate.ts';
import { callsLeft, type Eta, type EtaParts, etaOf } from './batch-eta.ts';
import type { QueuedBatch } from './queued-batch.ts';

export interface BatchStatusDeps {
  readonly batches: Pick<Batches, 'summary' | 'entries'>;
  readonly gateStore: Pick<GateStore, 'read' | 'now'>;
  /** Looks for a batch that no worker knows yet; absent: the tables alone are asked. */
  readonly findQueued?: (batchId: string) => Promise<QueuedBatch | undefined>;
  readonly clock: Clock;
  readonly config: { readonly gate: GateSettings };
}

/** What a person looks at before anything else. */
export interface FirstThings {
  /** Jobs that wait for a person's decision. */
  readonly decisions: number;
  /** Jobs that Microsoft holds back, for a review of the customer or a pending operation. The worker tries them again. */
  readonly held: number;
  /** Of the failed ones: ended because the batch was stopped. */
  readonly stoppedJobs: number;
}

/** How far a batch is. All times are epoch ms. */
export interface BatchStatus extends FirstThings {
  readonly batchId: string;
  readonly gate: GateView;
  /** The declared size; absent when no message declared one: then there is no `batch.finished`. */
  readonly total?: number;
  readonly stopped?: BatchSummary['stopped'];
  /** No worker has taken a job of it yet: what is known of it, its messages say. Until `at` the queue holds them back. */
  readonly queued?: { readonly at?: number };
  readonly counts: BatchCounts;
  /** Checkouts answered in a minute, over the last five. */
  readonly perMinute: number;
  readonly eta: Eta;
  /** Jobs about which a person is asked; the first hundred. */
  readonly questions: readonly BatchJob[];
  readonly countedAt: number;
}

/** What one scan of the batch's partition finds. */
interface Scan {
  readonly summary: BatchSummary | undefined;
  readonly counts: BatchCounts;
  readonly answered: number;
  readonly first: FirstThings;
  readonly later: EtaParts['later'];
  readonly questions: readonly BatchJob[];
  readonly at: number;
  /** How long it took. */
  readonly ms: number;
}

const rateMinutes = 5;
const shown = 100;
/** Batches that are asked about at one time are a few. */
const maxKept = 100;

/**
 * How far batches are, for people and programs. A scan is kept for ten times as long as it took, so that whoever asks
 * often costs a tenth of what one who counts all the time would. Undefined: nothing is known of the batch. Throws
 * `Unavailable`.
 */
export function batchStatuses(deps: BatchStatusDeps) {
  const kept = new Map<string, Promise<Scan>>();

  async function scanned(batchId: string): Promise<Scan> {
    const known = await kept.get(batchId);
    if (known !== undefined && deps.clock.now() < known.at + 10 * known.ms) return known;
    if (kept.size >= maxKept) kept.clear();
    const scan = scanBatch(deps, batchId);
    kept.set(batchId, scan);
    scan.catch(() => kept.delete(batchId));
    return scan;
  }

  return async (batchId: string, backlog?: number): Promise<BatchStatus | undefined> => {
    const scan = await scanned(batchId);
    const { answered, questions, at } = scan;
    let { summary, counts, later } = scan;
    let queued: QueuedBatch | undefined;
    // Nobody has declared a size: a batch whose messages nobody has taken, or one of which somebody knows no more.
    if (summary?.total === undefined && allLines(counts) === 0) {
      queued = await deps.findQueued?.(batchId);
      if (queued === undefined && summary === undefined) return undefined;
      if (queued?.size !== undefined) {
        summary = { ...summary, batchId, total: queued.size };
        counts = { ...counts, notStarted: queued.size };
        later = queued.at === undefined ? [] : [{ at: queued.at, calls: queued.size }];
      }
    }
    const { gate: settings } = deps.config;
    const gate = await viewGate(deps.gateStore, settings);
    const { minuteMs } = settings;
    return {
      batchId,
      ...(summary?.total === undefined ? {} : { total: summary.total }),
      ...(summary?.stopped === undefined ? {} : { stopped: summary.stopped }),
      ...(queued === undefined ? {} : { queued: omitUndefined({ at: queued.at }) }),
      counts,
      perMinute: answered / rateMinutes,
      ...scan.first,
      gate,
      eta: etaOf({
        now: deps.clock.now(),
        counts,
        stopped: summary?.stopped !== undefined,
        gate,
        backlog,
        later,
        decisions: scan.first.decisions,
        minuteMs,
      }),
      questions,
      countedAt: at,
    };
  };
}

async function scanBatch(deps: BatchStatusDeps, batchId: string): Promise<Scan> {
  const { batches, clock, config } = deps;
  const at = clock.now();
  const counter = batchCounter();
  const since = at - rateMinutes * config.gate.minuteMs;
  const questions: BatchJob[] = [];
  let answered = 0;
  const later: { at: number; calls: number }[] = [];
  const first = { decisions: 0, held: 0, stoppedJobs: 0 };
  for await (const entry of batches.entries(batchId)) {
    counter.add(entry);
    if (entry.kind === 'rejected') continue;
    if ((entry.calledAt ?? 0) > since) answered += 1;
    if (entry.asked !== undefined && questions.length < shown) questions.push(entry);
    if (entry.asked === 'needs-decision') first.decisions += 1;
    if (entry.state === 'failed' && entry.code === stoppedCode) first.stoppedJobs += 1;
    if (entry.state === 'waiting' && entry.code !== undefined && isHeldCode(entry.code)) first.held += 1;
    if (isOpen(entry) && entry.asked === undefined && (entry.nextTry ?? 0) > at)
      later.push({ at: entry.nextTry ?? at, calls: callsLeft[entry.state] });
  }
  const summary = (await batches.summary(batchId))?.value;
  return {
    summary,
    counts: counter.counts(summary?.total),
    answered,
    first,
    later,
    questions,
    at,
    ms: clock.now() - at,
  };
}

const isOpen = (entry: BatchEntry): boolean => entry.kind === 'job' && !isSettled(entry.state);
