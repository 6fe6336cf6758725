/**
 * What the operator's page reads and does. It binds the use cases of the command line to one session: the page shows no number and
 * makes no change that the command line does not.
 */
import pMap from 'p-map';
import type { BatchEntry, BatchSummary } from '../../domain/batch/batch.ts';
import { type JobKey, readJobKey } from '../../domain/message/job-key.ts';
import { type AttentionGroup, attentionGrouper } from '../../operator/attention/attention-groups.ts';
import { closeRefusal, closeRows, findRow } from '../../operator/attention/close-attention.ts';
import { type BatchStatus, batchStatuses } from '../../operator/batches/batch-status.ts';
import { findQueued } from '../../operator/batches/queued-batch.ts';
import { type WatchedBatch, watchBatch } from '../../operator/batches/watch-batch.ts';
import { aroundJob } from '../../operator/jobs/around-job.ts';
import { decideJob } from '../../operator/jobs/decide-job.ts';
import type { NextStep } from '../../operator/jobs/next-step.ts';
import { type CaseFile, openCase, type Resolution, whyNotResolve } from '../../operator/jobs/resolve.ts';
import { retryJobs } from '../../operator/jobs/retry.ts';
import { type StoryLine, storyOf } from '../../operator/jobs/story.ts';
import { supportText } from '../../operator/jobs/support-text.ts';
import { whatChanged } from '../../operator/jobs/what-changed.ts';
import { pauseGate, resumeGate } from '../../operator/pause-gate.ts';
import { readStatus, refreshStatus, type Status } from '../../operator/status.ts';
import type { AttentionFilter, AttentionRow } from '../../ports/attention-rows.ts';
import type { CustomerBooks } from '../../ports/ledger.ts';
import { waitingIn } from '../../ports/queue-status.ts';
import { csvLines, reportOf } from '../session/batch-files.ts';
import type { Session } from '../session/command.ts';
import { decidingMany, decidingOne } from '../session/decide.ts';

/** A batch as it was at one moment: how far it is, and its lines. */
export interface BatchSnapshot {
  readonly status: BatchStatus;
  readonly entries: readonly BatchEntry[];
}

/** One job: its story, what comes next, and what a person may decide. */
export interface JobSheet {
  readonly file: CaseFile;
  readonly story: readonly StoryLine[];
  readonly next: NextStep;
  readonly supportText: string;
}

/** What people do with many rows at once. */
export const bulkActions = ['retry', 'close', 'give-up'] as const;
export type BulkAction = (typeof bulkActions)[number];

/** What became of one row. `done`: it was written, or in a dry run it would be. */
export interface RowResult {
  readonly key: string;
  readonly done: boolean;
  readonly words: string;
}

export interface Desk {
  who(): Promise<string>;
  /** `refresh`: what was read last, and in each turn a part of it anew. */
  status(which: 'all' | 'refresh'): Promise<Status>;
  /** The last ones, the newest first. */
  batches(): Promise<readonly BatchSummary[]>;
  /** Undefined: nothing is known of the batch. */
  batch(batchId: string): Promise<BatchSnapshot | undefined>;
  /** How many lines of the batch were read so far, while the first look at it is under way. */
  linesRead(batchId: string): number;
  attentionGroups(filter: AttentionFilter): Promise<readonly AttentionGroup[]>;
  attentionRows(filter: AttentionFilter): Promise<readonly AttentionRow[]>;
  /** `isDryRun`: says what would happen and writes nothing. */
  act(action: BulkAction, keys: readonly string[], isDryRun: boolean): Promise<readonly RowResult[]>;
  job(key: JobKey): Promise<JobSheet | undefined>;
  /** The sentence that says what was decided, or why nothing was. */
  resolve(key: JobKey, resolution: Resolution, revision: number): Promise<RowResult>;
  /** Every job of a customer. */
  customerJobs(customerId: string): Promise<CustomerBooks>;
  pause(reason: string): Promise<void>;
  resume(): Promise<void>;
  /** The lines of the CSV of a batch, heading first. */
  csvLines(batchId: string): Promise<AsyncIterable<string>>;
  /** The report of a batch as one HTML page. */
  report(batchId: string): Promise<string>;
}

/** A look at a batch serves at least so long. A later one serves as long as it took: it costs five requests. */
const leastLookMs = 4_500;
/** Rows that one action may name: more is work for the command line, which shows its progress. */
export const mostRows = 5_000;
const atOnce = 16;
const mostBatches = 20;

/** A batch that somebody looks at. */
interface Watched {
  readonly lines: WatchedBatch;
  /** Until then what is shown is new enough, epoch ms. */
  until: number;
  shown: { readonly snapshot: BatchSnapshot | undefined } | undefined;
  /** A look that is under way. */
  next: Promise<BatchSnapshot | undefined> | undefined;
}

export function openDesk(session: Session): Desk {
  const watched = new Map<string, Watched>();
  let overviewed: Status | undefined;
  let turn = 0;

  async function look(batchId: string, lines: WatchedBatch): Promise<BatchSnapshot | undefined> {
    const { batches, gateStore, clock, config } = await session.operator();
    const { queueStatus, queued } = await session.queues();
    await lines.look();
    const entries = lines.entries();
    async function* kept() {
      yield* entries;
    }
    const status = await batchStatuses({
      batches: { summary: batches.summary, entries: kept },
      gateStore,
      clock,
      config,
      findQueued: (id) => findQueued(queued, id),
    })(batchId, await waitingIn([queueStatus]));
    return status === undefined ? undefined : { status, entries };
  }

  async function watch(batchId: string): Promise<Watched> {
    const known = watched.get(batchId);
    if (known !== undefined) return known;
    const { batches } = await session.operator();
    const fresh = { lines: watchBatch(batches, batchId), until: 0, shown: undefined, next: undefined };
    // Somebody looks at a few batches at one time.
    if (watched.size >= mostBatches) watched.clear();
    watched.set(batchId, fresh);
    return fresh;
  }

  async function batch(batchId: string): Promise<BatchSnapshot | undefined> {
    const one = await watch(batchId);
    const began = Date.now();
    if (began >= one.until && one.next === undefined) {
      one.next = look(batchId, one.lines).finally(() => {
        // The first look reads everything, the later ones little.
        const took = one.shown === undefined ? 0 : Date.now() - began;
        one.until = Date.now() + Math.max(leastLookMs, took);
        one.next = undefined;
      });
      one.next.then(
        (snapshot) => {
          one.shown = { snapshot };
        },
        // The next request tries again, and reports a failure.
        () => {
          one.until = 0;
          one.shown = undefined;
        },
      );
    }
    // While a later look is under way, the page shows the one before it.
    return one.shown === undefined ? one.next : one.shown.snapshot;
  }

  return {
    batch,
    linesRead: (batchId) => watched.get(batchId)?.lines.known() ?? 0,
    batches: async () => (await session.operator()).batches.recent(mostBatches),
    who: async () => (await session.operator()).who(),
    async status(which) {
      const deps = { ...(await session.operator()), ...(await session.queues()) };
      if (which === 'all' || overviewed === undefined) overviewed = await readStatus(deps);
      else {
        turn += 1;
        overviewed = await refreshStatus(deps, overviewed, turn);
      }
      return overviewed;
    },
    async attentionGroups(filter) {
      const { attentionRows } = await session.operator();
      const grouper = attentionGrouper();
      for await (const row of attentionRows.list(filter)) grouper.add(row);
      return grouper.groups();
    },
    async attentionRows(filter) {
      const { attentionRows } = await session.operator();
      const rows: AttentionRow[] = [];
      for await (const row of attentionRows.list(filter)) rows.push(row);
      return rows.sort((a, b) => b.at - a.at);
    },
    act: (action, keys, isDryRun) =>
      pMap(keys, (key) => actOnOne(session, action, key, isDryRun), { concurrency: atOnce }),
    async job(key) {
      const deps = await session.operator();
      const file = await openCase(deps, key);
      if (file === undefined) return undefined;
      const { record, attention } = file;
      const { unkept, next } = await aroundJob(deps, record);
      return { file, story: storyOf(record, attention, unkept), next, supportText: supportText(record) };
    },
    async resolve(key, resolution, revision) {
      const { ledger, attentionRows, now, who } = await session.operator();
      const file = await openCase({ ledger, attentionRows }, key);
      const refused = (words: string): RowResult => ({ key, done: false, words });
      if (file === undefined) return refused('Nothing is known of this job.');
      if (file.record.revision !== revision)
        return refused('The job changed since this page was shown. Look at it again.');
      const why = whyNotResolve(file, resolution, now());
      if (why !== undefined) return refused(why);
      return decided(session, key, resolution, await who(), file);
    },
    customerJobs: async (customerId) => (await session.operator()).ledger.customer(customerId),
    async pause(reason) {
      const { gateStore, who } = await session.operator();
      await pauseGate(gateStore, { reason, who: await who() });
    },
    async resume() {
      const { gateStore, who } = await session.operator();
      await resumeGate(gateStore, await who());
    },
    csvLines: async (batchId) => csvLines(await session.operator(), batchId),
    report: async (batchId) =>
      reportOf(await session.operator(), (await batch(batchId))?.status ?? { batchId }),
  };
}

async function actOnOne(
  session: Session,
  action: BulkAction,
  key: string,
  isDryRun: boolean,
): Promise<RowResult> {
  const refused = (words: string): RowResult => ({ key, done: false, words });
  const jobKey = readJobKey(key);
  switch (action) {
    case 'retry': {
      if (jobKey === undefined)
        return refused('A rejected message is not a job. Send it again with a correct body.');
      const deps = await decidingMany(session);
      const who = isDryRun ? undefined : await deps.who();
      const report = await retryJobs(deps, [jobKey], {
        who,
        signal: session.interrupted,
        onProgress: () => {},
      });
      if (report.jobs === 0) return refused(report.refused[0]?.why ?? 'It cannot be retried.');
      return { key, done: true, words: isDryRun ? 'would be retried' : 'retry decided' };
    }
    case 'close': {
      const deps = await session.operator();
      const row = await findRow(deps, key);
      if (row === undefined) return refused('There is no such row.');
      const why = closeRefusal(row);
      if (why !== undefined) return refused(why);
      if (isDryRun) return { key, done: true, words: 'would be closed' };
      const { closed, changed } = await closeRows(deps, [row], await deps.who());
      if (changed > 0) return refused('The worker wrote this row meanwhile.');
      return { key, done: closed > 0, words: closed > 0 ? 'closed' : 'was closed already' };
    }
    case 'give-up': {
      if (jobKey === undefined) return refused('A rejected message is not a job. Close its row.');
      const { ledger, attentionRows, now, who } = await session.operator();
      const file = await openCase({ ledger, attentionRows }, jobKey);
      if (file === undefined) return refused('Nothing is known of this job.');
      const resolution: Resolution = { decision: 'give-up', orderIds: [] };
      const why = whyNotResolve(file, resolution, now());
      if (why !== undefined) return refused(why);
      return isDryRun
        ? { key, done: true, words: 'would be given up' }
        : decided(session, jobKey, resolution, await who(), file);
    }
  }
}

async function decided(
  session: Session,
  key: JobKey,
  resolution: Resolution,
  who: string,
  { record }: CaseFile,
): Promise<RowResult> {
  const deciding = await decidingOne(session, resolution.decision);
  const outcome = await decideJob(deciding, key, { ...resolution, who }, record);
  switch (outcome.kind) {
    case 'decided':
      return {
        key,
        done: true,
        words: `${[resolution.decision, ...resolution.orderIds].join(' ')} decided by ${who}. ${deciding.wakeUps === undefined ? 'The gate is closed: the job is woken once it opens.' : 'The worker carries it out now.'}`,
      };
    case 'no-record':
      return { key, done: false, words: 'The record was taken away meanwhile.' };
    case 'refused':
      return { key, done: false, words: `Nothing was decided: ${outcome.why}.` };
    case 'changed':
      return { key, done: false, words: `Nothing was decided. ${whatChanged(record, outcome.record)}` };
  }
}
