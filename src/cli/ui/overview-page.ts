/** The first page: the gate, the queues, the oldest job, the poller, open attention and pending orders, and pause and resume. */
import { omitUndefined } from '../../domain/omit-undefined.ts';
import { counted } from '../../operator/counted.ts';
import { barChart, rowsChart } from '../../operator/report/charts.ts';
import { type Html, html, nothing } from '../../operator/report/html.ts';
import type { GateStatus, Status, Unknown } from '../../operator/status.ts';
import { ago, clockTime, inTime } from '../session/words.ts';
import { address, note, number, refreshing } from './layout.ts';

/** Calls of both lanes in the minute that ended then. */
export interface GateSample {
  /** Epoch ms. */
  readonly at: number;
  readonly used: number;
  readonly limit: number;
  readonly open: boolean;
}

const refreshSeconds = 5;

/** The part that refreshes itself. */
export const overview = (status: Status, samples: readonly GateSample[], now: number): Html =>
  refreshing(
    'overview',
    '/overview',
    refreshSeconds,
    html`<div class="cards">${[
      card('Gate', status.gate, (gate) => gateCard(gate, now)),
      card(
        'Queues',
        status.queue,
        (queue) => html`<p class="big">${number(queue.active)} waiting</p>
<p>${number(queue.scheduled)} scheduled, ${number(queue.dead)} dead-lettered</p>
<p>Urgent: ${'unknown' in status.urgent ? status.urgent.unknown : `${number(status.urgent.active)} waiting, ${number(status.urgent.dead)} dead-lettered`}</p>`,
      ),
      card(
        'Jobs that wait for a later try',
        status.jobs,
        ({ waiting, isCut, due, oldestSince }) => html`<p class="big">${atLeast(isCut)}${number(waiting)}</p>
<p>${number(due)} due. ${oldestSince === undefined ? 'No job is waiting.' : `The oldest has been under way for ${inTime(Math.max(0, now - oldestSince))}.`}</p>`,
      ),
      card(
        'Poller',
        status.poller,
        ({
          lastTick,
          lastSuccess,
          credentialEndsAt,
        }) => html`<p class="big">${lastTick === undefined ? 'No tick yet' : `Last tick ${ago(lastTick, now)}`}</p>
<p>Last success ${lastSuccess === undefined ? 'never' : ago(lastSuccess, now)}.</p>
<p>${credentialEndsAt === undefined ? 'The end of the credential is not known.' : `The credential ends in ${inTime(Math.max(0, credentialEndsAt - now))}.`}</p>`,
      ),
      card('Attention', status.attention, (kinds) => {
        const open = Object.entries(kinds).filter(([, count]) => count > 0);
        if (open.length === 0) return html`<p class="big good">Nothing is open</p>`;
        return html`<ul>${open.map(([kind, count]) => html`<li><a href="${address('/attention', { kind })}">${counted(count, `${kind} row`)}</a></li>`)}</ul>`;
      }),
      card('Pending orders', status.pending, ({ total, isCut, ages }) =>
        total === 0
          ? html`<p class="big">None</p>`
          : rowsChart(
              {
                title: 'By age',
                summary: `${atLeast(isCut)}${number(total)} ${total === 1 ? 'order' : 'orders'} at Partner Center.`,
              },
              ages.map(({ upTo, orders }) => ({
                name: Number.isFinite(upTo) ? `under ${inTime(upTo)}` : 'older',
                count: orders,
              })),
              'pending',
            ),
      ),
      usage(samples, now),
    ]}</div>`,
  );

const atLeast = (isCut: true | undefined): string => (isCut ? 'At least ' : '');

function card<T extends object>(title: string, value: T | Unknown, body: (value: T) => Html): Html {
  return html`<section><h2>${title}</h2>${'unknown' in value ? note(`Unknown: ${value.unknown}`, 'error') : body(value)}</section>`;
}

function gateCard(gate: GateStatus, now: number): Html {
  const { worker, poller } = gate.lanes;
  return html`<p class="big ${gate.open ? 'good' : 'bad'}">${gate.open ? 'Open' : 'Closed'}</p>
<p>${gate.open ? nothing : html`${gate.reason ?? 'The reason is not known'}${gate.until === undefined ? '' : `, until ${clockTime(gate.until, now)}`}. `}${gate.resumedBy === undefined ? nothing : html`Last resumed by ${gate.resumedBy}.`}</p>
<p>Calls a minute: worker ${number(worker.used)} of ${number(worker.limit)}, poller ${number(poller.used)} of ${number(poller.limit)}.</p>`;
}

/** One bar for each two minutes of the last hour. The page measures while it runs. */
function usage(samples: readonly GateSample[], now: number): Html {
  const minutes = 2;
  const bars = Array.from({ length: 30 }, (_, index) => {
    const from = now - (30 - index) * minutes * 60_000;
    const inside = samples.filter(({ at }) => at >= from && at < from + minutes * 60_000);
    const used = inside.reduce((most, sample) => Math.max(most, sample.used), 0);
    const isClosed = inside.some(({ open }) => !open);
    return {
      name: new Date(from).toISOString().slice(11, 16),
      parts: [{ kind: isClosed ? 'failed' : 'calls', count: used }],
    };
  });
  const last = samples.at(-1);
  const first = samples[0];
  const summary = `Calls a minute in the last hour, UTC. ${first === undefined ? 'The page has not measured yet.' : `The page has measured since ${new Date(first.at).toISOString().slice(11, 16)}.`} Red: the gate was closed.`;
  const chart = barChart(
    { title: 'Use of the budget', summary, unit: 'calls/min', one: 'call/min' },
    bars,
    omitUndefined({ limit: last?.limit }),
  );
  return { html: chart.html.replace('<figure>', '<figure class="whole">') };
}

/** Pause and resume, with a reason and the person's name. It stands outside the part that refreshes itself. */
export const pauseForms = (who: string, isPaused: boolean): Html =>
  html`<section id="pause"><h2>Pause and resume</h2>
<p>You are ${who}. A pause closes the gate for every instance within two seconds. Jobs wait.</p>
${
  isPaused
    ? html`<form hx-post="/resume" hx-target="#pause" hx-swap="outerHTML"><button class="main">Resume</button></form>`
    : html`<form hx-post="/pause" hx-target="#pause" hx-swap="outerHTML">
<label>Reason for the others<input name="reason" required maxlength="500" size="40" autocomplete="off"></label>
<label class="line"><input type="checkbox" name="sure" value="yes" required>Yes, pause all calls</label>
<button>Pause</button></form>`
}</section>`;
