/** The report: one page of HTML that needs nothing else. */
import { allLines, openLines } from '../../domain/batch/batch-counts.ts';
import { type StateAt, states } from '../../domain/checkout/record.ts';
import { withoutDot } from '../../domain/sentence.ts';
import type { FirstThings } from '../batches/batch-status.ts';
import { barChart, rowsChart, shareBar } from './charts.ts';
import { closingBands } from './closing-bands.ts';
import { type FailureGroup, type Figures, type Outcome, outcomeOf } from './figures.ts';
import { type Html, html, nothing } from './html.ts';
import { style } from './style.ts';

/** The night as one page that needs nothing else: no script, no picture, no font from elsewhere. */
export function reportPage(figures: Figures): string {
  const title = [...firstThingsOf(figures), answerOf(figures)].join('. ');
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${{ html: style }}</style>
</head>
<body>
<main>
<header>
${firstThingsOf(figures).map((words) => html`<p class="first">${words}.</p>`)}
<h1>${answerOf(figures)}</h1>
<p class="facts">Batch ${figures.batchId}${spanOf(figures)}</p>
${allLines(figures.counts) === 0 ? nothing : shareBar(partsOf(figures))}
</header>
<div class="cards">${[outcomes(figures), failures(figures.failures), budget(figures), latency(figures), pending(figures)]}</div>
<footer>Times are UTC. Made ${utc(figures.madeAt)} from the ledger, by <code>npx partner-checkout batch ${figures.batchId} --report</code>.</footer>
</main>
</body>
</html>
`;
  return page.html;
}

const number = (count: number): string => count.toLocaleString('en-US');
const utc = (at: number): string => `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')}`;
const clock = (at: number, stretchMs: number): string =>
  new Date(at).toISOString().slice(11, stretchMs < 60_000 ? 19 : 16);

/** What waits for a person, before anything else; empty: nothing does. Sentences without their full stop. */
export function firstThingsOf({
  decisions,
  held,
  closed,
  stoppedBy,
}: Pick<Figures, keyof FirstThings | 'closed' | 'stoppedBy'>): readonly string[] {
  return [
    ...(decisions === 0
      ? []
      : [`${number(decisions)} ${decisions === 1 ? 'job waits' : 'jobs wait'} for your decision`]),
    ...(held === 0 ? [] : [`${number(held)} ${held === 1 ? 'job is' : 'jobs are'} held back by Microsoft`]),
    ...(stoppedBy === undefined ? [] : [`Stopped by ${stoppedBy.who}, ${utc(stoppedBy.at)}`]),
    ...(closed === undefined ? [] : [`The gate is closed: ${withoutDot(closed)}`]),
  ];
}

/** What a person wants to know in the morning, in one line. */
export function answerOf({ counts, stoppedJobs }: Pick<Figures, 'counts' | 'stoppedJobs'>): string {
  const all = allLines(counts);
  if (all === 0) return 'Nothing was sent: 0 carts';
  const parts = {
    completed: counts.completed,
    ordered: counts.ordered,
    open: openLines(counts),
    partial: counts.partial,
    failed: counts.failed - stoppedJobs,
    stopped: stoppedJobs,
    rejected: counts.rejected,
  } satisfies Readonly<Record<StateAt<'ordered' | 'final'> | 'open' | 'stopped' | 'rejected', number>>;
  const told = Object.entries(parts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${number(count)} ${name === 'ordered' ? 'pending' : name}`);
  return `${number(all)} cart${all === 1 ? '' : 's'}: ${told.join(', ')}`;
}

const partsOf = ({ counts, stoppedJobs }: Figures) => [
  { kind: 'completed', name: 'completed', count: countOf(counts, 'completed') },
  { kind: 'pending', name: 'pending at Partner Center', count: countOf(counts, 'pending') },
  { kind: 'open', name: 'in work', count: countOf(counts, 'open') },
  { kind: 'notStarted', name: 'not started', count: counts.notStarted },
  { kind: 'failed', name: 'failed or partial', count: countOf(counts, 'failed') - stoppedJobs },
  { kind: 'notStarted', name: 'stopped', count: stoppedJobs },
  { kind: 'rejected', name: 'no job', count: counts.rejected },
];

const countOf = (counts: Figures['counts'], outcome: Outcome): number =>
  states.reduce((sum, state) => sum + (outcomeOf[state] === outcome ? counts[state] : 0), 0);

function spanOf({ from, to, orders }: Figures): string {
  if (from === undefined || to === undefined) return '; no call was made.';
  return `, first call ${utc(from)}, last ${utc(to)}, ${durationOf(to - from)} in all; ${number(orders)} ${orders === 1 ? 'order' : 'orders'}.`;
}

const durationOf = (ms: number): string =>
  ms < 120_000
    ? `${Math.round(ms / 1_000)} s`
    : ms < 7_200_000
      ? `${Math.round(ms / 60_000)} min`
      : `${Math.floor(ms / 3_600_000)} h ${Math.round((ms % 3_600_000) / 60_000)} min`;

/** The longest time without a call inside the span; '' for none that shows. */
function gapOf({ stretches, stretchMs }: Figures): string {
  let gap = { from: 0, length: 0 };
  let from = 0;
  for (const [index, { callsPerMinute }] of stretches.entries()) {
    if (callsPerMinute > 0) from = index + 1;
    else if (index + 1 - from > gap.length) gap = { from, length: index + 1 - from };
  }
  const first = stretches[gap.from];
  if (gap.length < 2 || first === undefined) return '';
  const [begin, end] = [first.at, first.at + gap.length * stretchMs].map((at) => clock(at, stretchMs));
  return ` No call was made from ${begin} to ${end}: the gate was closed, or no job was due.`;
}

function outcomes({ stretches, stretchMs, closings }: Figures): Html {
  if (stretches.length === 0) return nothing;
  const bars = stretches.map(({ at, outcomes: { completed, pending: waiting, failed } }) => ({
    name: clock(at, stretchMs),
    parts: [
      { kind: 'completed', count: completed },
      { kind: 'pending', count: waiting },
      { kind: 'failed', count: failed },
    ],
  }));
  const all = bars.reduce((sum, bar) => sum + bar.parts.reduce((part, { count }) => part + count, 0), 0);
  const summary = `${number(all)} ${all === 1 ? 'cart has' : 'carts have'} a result; each bar shows the checkouts of ${lengthOf(stretchMs)}, by their state now.`;
  return wide(
    barChart(
      {
        title: 'Outcomes over time',
        summary,
        unit: `carts in ${lengthOf(stretchMs)}`,
        one: `cart in ${lengthOf(stretchMs)}`,
      },
      bars,
      {
        bands: closingBands(closings, {
          from: stretches[0]?.at ?? 0,
          step: stretchMs,
          count: stretches.length,
        }),
      },
    ),
  );
}

function budget(figures: Figures): Html {
  const { stretches, stretchMs, limit } = figures;
  if (stretches.length === 0) return nothing;
  const bars = stretches.map(({ at, callsPerMinute }) => ({
    name: clock(at, stretchMs),
    parts: [{ kind: 'calls', count: callsPerMinute }],
  }));
  const most = Math.max(...stretches.map(({ callsPerMinute }) => callsPerMinute));
  const summary = `At most ${number(Math.round(most))} ${Math.round(most) === 1 ? 'call' : 'calls'} a minute for these carts; the gate now allows ${number(limit)} for all.${gapOf(figures)}`;
  return barChart({ title: 'Budget used', summary, unit: 'calls/min', one: 'call/min' }, bars, { limit });
}

function latency({ latencies, percentiles }: Figures): Html {
  if (percentiles === undefined) return nothing;
  const [half, most, nearlyAll] = percentiles.map((ms) => `${(ms / 1_000).toFixed(1)} s`);
  const summary = `Half of the checkouts took less than ${half}, 95 % less than ${most}, 99 % less than ${nearlyAll}.`;
  const bars = latencies.map(({ name, count }) => ({ name, parts: [{ kind: 'calls', count }] }));
  return barChart({ title: 'How long a checkout took, up to', summary, unit: 'calls', one: 'call' }, bars);
}

function pending({ pendingByAge, counts }: Figures): Html {
  if (pendingByAge.length === 0) return nothing;
  const orders = pendingByAge.reduce((sum, { count }) => sum + count, 0);
  const summary = `Not completed yet: ${number(orders)} order${orders === 1 ? '' : 's'} of ${number(counts.ordered)} cart${counts.ordered === 1 ? '' : 's'}; the worker asks for each until it is.`;
  return wide(rowsChart({ title: 'Pending orders by age', summary }, pendingByAge, 'pending'));
}

function failures(groups: readonly FailureGroup[]): Html {
  if (groups.length === 0) return nothing;
  return html`<section class="whole"><h2>What failed, and what to do</h2>${groups.map(
    ({ code, count, description, remedy, example, jobs }) => html`
<div class="failure"><b>${number(count)}</b><code>${code}</code><span>${description}</span><span class="remedy">${remedy}</span>
<p>One of them: <code>${example.jobKey}</code>${example.reference === undefined ? '' : `, ${example.reference}`}</p>
<details><summary>${count === 1 ? 'Its job key' : 'All job keys'}${jobs.length < count ? `: the first ${number(jobs.length)}, the others are in the result file` : ''}</summary><p class="keys">${jobs.map((key) => html`<code>${key}</code> `)}</p></details></div>`,
  )}</section>`;
}

const wide = (figure: Html): Html => ({ html: figure.html.replace('<figure>', '<figure class="whole">') });

const lengthOf = (ms: number): string =>
  ms < 60_000 ? `${ms / 1_000} s` : ms < 3_600_000 ? `${ms / 60_000} min` : `${ms / 3_600_000} h`;
