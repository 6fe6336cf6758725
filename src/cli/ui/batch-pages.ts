/** One batch: its progress, its outcomes over time, what failed and why, and its jobs in pages of 100. */
import type { BatchEntry, BatchJob, BatchSummary } from '../../domain/batch/batch.ts';
import { type LineKind, lineKinds } from '../../domain/batch/batch-counts.ts';
import { states } from '../../domain/checkout/record.ts';
import type { Closing } from '../../domain/gate/closings.ts';
import { withoutDot } from '../../domain/sentence.ts';
import type { AttentionGroup } from '../../operator/attention/attention-groups.ts';
import type { BatchStatus } from '../../operator/batches/batch-status.ts';
import { barChart, shareBar } from '../../operator/report/charts.ts';
import { closingBands } from '../../operator/report/closing-bands.ts';
import { outcomeOf } from '../../operator/report/figures.ts';
import { type Html, html, nothing } from '../../operator/report/html.ts';
import { answerOf } from '../../operator/report/page.ts';
import { batchState } from '../session/batch-words.ts';
import { clockTime } from '../session/words.ts';
import type { BatchSnapshot } from './desk.ts';
import { address, jobLink, moment, note, number, refreshing, table } from './layout.ts';

const refreshSeconds = 5;
/** Jobs on one page of the list. */
export const pageSize = 100;

/** What the address of the list of jobs may say. */
export interface JobsQuery {
  /** A line kind, or empty for all. */
  readonly state: string;
  readonly sort: JobsSort;
  /** From 1. */
  readonly page: number;
}

export const jobsSorts = ['newest', 'oldest', 'state', 'key'] as const;
export type JobsSort = (typeof jobsSorts)[number];

const batchPath = '/batches/one';

/** The page's body. `batch`: undefined when nothing is known of it. */
export function batchBody(
  batchId: string,
  batch: BatchSnapshot | undefined,
  failures: readonly AttentionGroup[],
  query: JobsQuery,
  now: number,
): Html {
  if (batch === undefined)
    return note(
      `Nothing is known of batch ${batchId}: no worker has taken a job of it, and the queue holds none of it.`,
    );
  return html`${batchProgress(batch, now)}
${failureList(batchId, failures)}
<div class="actions"><a class="button" href="${address('/batches/results.csv', { id: batchId })}">Results as CSV</a>
<a class="button" href="${address('/batches/report', { id: batchId })}">Report</a></div>
${jobList(batchId, batch, query)}`;
}

/** While the lines of a large batch are read for the first time. */
export const countingBody = (batchId: string, read: number): Html =>
  refreshing(
    'counting',
    address('/batches/counting', { id: batchId }),
    1,
    html`<section><p class="big" role="status">Reading the batch: ${number(read)} lines so far</p></section>`,
  );

/** The part that refreshes itself. */
export function batchProgress({ status, entries }: BatchSnapshot, now: number): Html {
  const { batchId, counts, total, stopped, perMinute } = status;
  return refreshing(
    'progress',
    address('/batches/progress', { id: batchId }),
    refreshSeconds,
    html`<section>
${stopped === undefined ? nothing : html`<p class="error">Stopped by ${stopped.who}, ${clockTime(stopped.at, now)}. To continue: <code>npx partner-checkout batch stop ${batchId} --undo</code></p>`}
<p class="big">${answerOf(status)}</p>
<p>${total === undefined ? 'No size was declared.' : `${number(total)} declared.`} ${number(perMinute)} checkouts a minute in the last five minutes. ${etaWords(status, now)}</p>
${shareBar(
  lineKinds.map((kind) => ({
    kind: kindClass(kind),
    name: kind === 'notStarted' ? 'not started' : kind,
    count: counts[kind],
  })),
)}
${outcomes(entries, status.gate.closings, now)}
<p>Counted ${clockTime(status.countedAt, now)}.</p></section>`,
  );
}

const kindClass = (kind: LineKind): string => {
  if (kind === 'rejected' || kind === 'notStarted') return kind;
  return outcomeOf[kind];
};

export function etaWords({ eta }: Pick<BatchStatus, 'eta'>, now: number): string {
  switch (eta.kind) {
    case 'done':
      return 'Done.';
    case 'pending-orders':
      return 'All carts are checked out. Orders are pending at Partner Center.';
    case 'unknown':
      return `The end is not known: ${withoutDot(eta.why)}.`;
    case 'at':
      return `The last checkout is at about ${clockTime(eta.at, now)}.`;
  }
}

const mostBars = 48;

/** Checkout calls by when they ended, coloured by how their jobs stand now. */
function outcomes(entries: readonly BatchEntry[], closings: readonly Closing[], now: number): Html {
  const ended = entries.flatMap((entry) =>
    entry.kind === 'job' && entry.calledAt !== undefined
      ? [{ at: entry.calledAt, outcome: outcomeOf[entry.state] }]
      : [],
  );
  if (ended.length === 0) return nothing;
  const from = ended.reduce((least, { at }) => Math.min(least, at), now);
  const to = ended.reduce((most, { at }) => Math.max(most, at), from);
  const step = Math.max(60_000, Math.ceil((to - from + 1) / mostBars / 60_000) * 60_000);
  const bars = Array.from({ length: Math.floor((to - from) / step) + 1 }, () => ({
    completed: 0,
    pending: 0,
    failed: 0,
    open: 0,
  }));
  for (const { at, outcome } of ended) {
    const bar = bars[Math.floor((at - from) / step)];
    if (bar !== undefined) bar[outcome] += 1;
  }
  const minutes = step / 60_000;
  return barChart(
    {
      title: 'Checkouts over time',
      summary: `Each bar is ${minutes === 1 ? 'a minute' : `${minutes} minutes`} of checkouts, UTC, by how their jobs stand now.`,
      unit: `jobs in ${minutes} min`,
      one: `job in ${minutes} min`,
    },
    bars.map((bar, index) => ({
      name: new Date(from + index * step).toISOString().slice(11, 16),
      parts: [
        { kind: 'completed', count: bar.completed },
        { kind: 'pending', count: bar.pending },
        { kind: 'open', count: bar.open },
        { kind: 'failed', count: bar.failed },
      ],
    })),
    { bands: closingBands(closings, { from, step, count: bars.length }) },
  );
}

function failureList(batchId: string, failures: readonly AttentionGroup[]): Html {
  if (failures.length === 0) return nothing;
  return html`<section class="whole"><h2>What needs a person, and what to do</h2>${failures.map(
    ({ kind, code, count, description, remedy }) => html`
<div class="failure"><b>${number(count)}</b><a href="${address('/attention/rows', { kind, code, batch: batchId })}">${kind} ${code}</a><span>${description}</span><span class="remedy">${remedy}</span></div>`,
  )}</section>`;
}

/** The list of jobs, which a filter or a page link replaces. */
export function jobList(batchId: string, { entries }: BatchSnapshot, query: JobsQuery): Html {
  const jobs = entries.filter((entry) => entry.kind === 'job');
  const chosen = sorted(
    query.state === '' ? jobs : jobs.filter(({ state }) => state === query.state),
    query.sort,
  );
  const pages = Math.max(1, Math.ceil(chosen.length / pageSize));
  const page = Math.min(query.page, pages);
  const shown = chosen.slice((page - 1) * pageSize, page * pageSize);
  const to = (change: Partial<JobsQuery>) =>
    address('/batches/jobs', { id: batchId, ...query, page, ...change });
  const pageLink = (target: number, name: string): Html =>
    target < 1 || target > pages
      ? nothing
      : html`<a class="button" href="${address(batchPath, { id: batchId, ...query, page: target })}" hx-get="${to({ page: target })}" hx-target="#jobs" hx-swap="outerHTML">${name}</a>`;
  return html`<section id="jobs" class="whole"><h2>Jobs</h2>
<form method="get" action="${batchPath}" hx-get="/batches/jobs" hx-target="#jobs" hx-swap="outerHTML" hx-trigger="change">
<input type="hidden" name="id" value="${batchId}">
<label>State<select id="jobs-state" name="state">${option('', 'all', query.state)}${states.map((state) => option(state, state, query.state))}</select></label>
<label>Order<select id="jobs-sort" name="sort">${jobsSorts.map((sort) => option(sort, sort, query.sort))}</select></label>
</form>
<p>${number(chosen.length)} job${chosen.length === 1 ? '' : 's'}, page ${page} of ${pages}.</p>
${
  shown.length === 0
    ? note('No job of this batch is in this state.')
    : table(
        ['Job', 'State', 'Code', 'Last call (UTC)', 'Next try (UTC)'],
        shown.map((job) => [
          jobLink(job.jobKey),
          job.state,
          job.code ?? '',
          utc(job.calledAt),
          utc(job.nextTry),
        ]),
      )
}
<div class="actions">${pageLink(page - 1, 'Previous page')}${pageLink(page + 1, 'Next page')}</div></section>`;
}

const option = (value: string, name: string, chosen: string): Html =>
  html`<option value="${value}"${value === chosen ? ({ html: ' selected' } satisfies Html) : nothing}>${name}</option>`;

const utc = (at: number | undefined): string =>
  at === undefined ? '' : new Date(at).toISOString().slice(0, 19).replace('T', ' ');

function sorted(jobs: readonly BatchJob[], sort: JobsSort): readonly BatchJob[] {
  switch (sort) {
    case 'newest':
      return jobs.toSorted((a, b) => b.at - a.at);
    case 'oldest':
      return jobs.toSorted((a, b) => a.at - b.at);
    case 'state':
      return jobs.toSorted((a, b) => states.indexOf(a.state) - states.indexOf(b.state));
    case 'key':
      return jobs;
  }
}

/** The list of batches, and a form for a batch whose name is known. */
export const batchesBody = (items: readonly BatchSummary[], now: number): Html => html`
<form method="get" action="/batches/one"><label>Batch<input name="id" required maxlength="128" size="36"></label><button>Show</button></form>
${
  items.length === 0
    ? note(
        'No batch with a declared size is known. A batch appears here once a worker has taken its first job.',
      )
    : table(
        ['Batch', 'Size', 'Since', 'State'],
        items.map((batch) => [
          html`<a href="${address('/batches/one', { id: batch.batchId })}">${batch.batchId}</a>`,
          batch.total === undefined ? 'not declared' : number(batch.total),
          batch.since === undefined ? '' : moment(batch.since, now),
          batchState(batch, now),
        ]),
      )
}`;
