/** Finding one job, and its page: the story as a timeline, what happens next, what a person may decide, and the text for support. */
import { type CheckoutRecord, takesDecision } from '../../domain/checkout/record.ts';
import { callsOf } from '../../operator/jobs/story.ts';
import { type Html, html, nothing } from '../../operator/report/html.ts';
import type { JobSheet, RowResult } from './desk.ts';
import { address, jobLink, moment, note, table } from './layout.ts';

/** The search form. `given`: what was searched for. */
export const findBody = (
  given: { readonly customer: string; readonly what: string },
  found: Html,
): Html => html`
<form method="get" action="/jobs">
<label>Customer id, or a whole job key<input name="customer" required size="40" maxlength="200" value="${given.customer}"></label>
<label>Cart, order, number, reference or correlation id<input name="what" size="40" maxlength="200" value="${given.what}"></label>
<button>Find</button></form>
${found}`;

/** The jobs of a customer that a search found. */
export function foundBody(records: readonly CheckoutRecord[], unreadable: number, now: number): Html {
  return html`${
    records.length === 0
      ? note('No job of this customer matches.')
      : table(
          ['Job', 'State', 'Reference', 'Orders', 'Changed'],
          records
            .toSorted((a, b) => b.updatedAt - a.updatedAt)
            .slice(0, 100)
            .map(({ jobKey, state, job, orders, updatedAt }) => [
              jobLink(jobKey),
              state,
              job.reference ?? '',
              orders.map(({ id, status }) => `${id} (${status})`).join(', '),
              moment(updatedAt, now),
            ]),
        )
  }${unreadable === 0 ? nothing : note(`${unreadable} records of this customer cannot be read. See the attention rows.`, 'error')}`;
}

export function jobBody({ file, story, next, supportText }: JobSheet, now: number): Html {
  const { record } = file;
  return html`<div class="cards"><section class="whole">
<p class="big">${record.state}</p>
<dl><dt>Job key</dt><dd><code>${record.jobKey}</code></dd>
<dt>Reference</dt><dd>${record.job.reference ?? 'none'}</dd>
<dt>Batches</dt><dd>${record.batches.length === 0 ? 'none' : record.batches.map((id) => html`<a href="${address('/batches/one', { id })}">${id}</a> `)}</dd>
<dt>Orders</dt><dd>${record.orders.map(({ id, status }) => `${id} (${status})`).join(', ') || 'none'}</dd>
<dt>Attempts</dt><dd>${record.attempts}, reschedules ${record.reschedules}</dd></dl>
<h2>What happens next</h2><p>${next.words}</p>${next.command === undefined ? nothing : html`<p><code>${next.command}</code></p>`}</section>
${decisionForms(file.record, file.candidates)}
<section class="whole"><h2>Story</h2><ol class="story">${story.map(
    ({ at, what, words }) =>
      html`<li><b>${what}</b> <time datetime="${new Date(at).toISOString()}">${new Date(at).toISOString()}</time><br>${words}</li>`,
  )}</ol></section>
<section class="whole"><h2>Text for Microsoft support</h2><pre tabindex="0">${supportText}</pre></section></div>
<p>Shown as of ${moment(now, now)}. <a href="${address('/jobs/one', { key: record.jobKey })}">Show again</a></p>`;
}

/** What a person may decide. The record's revision goes along: a decision counts for what the person saw. */
function decisionForms(
  record: CheckoutRecord,
  candidates: readonly { readonly id: string; readonly status: string }[],
): Html {
  const { jobKey, state, revision } = record;
  const mayResolve = takesDecision(state, 'not-bought');
  const mayRetry = takesDecision(state, 'retry');
  const mayGiveUp = takesDecision(state, 'give-up');
  if (!mayResolve && !mayRetry && !mayGiveUp) return nothing;
  const form = (decision: string, button: string, fields: Html): Html =>
    html`<form hx-post="/jobs/decide" hx-target="#decision" hx-swap="innerHTML"><input type="hidden" name="key" value="${jobKey}"><input type="hidden" name="revision" value="${revision}"><input type="hidden" name="decision" value="${decision}">${fields}
<label class="line"><input type="checkbox" name="sure" value="yes" required>I am sure</label><button>${button}</button></form>`;
  return html`<section class="whole"><h2>Decide</h2>
${mayRetry ? form('retry', 'Retry', nothing) : nothing}
${
  mayResolve
    ? html`${form('orders', 'These orders belong to it', html`<label>Order ids, separated by commas<input name="orders" required size="40" maxlength="2000" value="${candidates.map(({ id }) => id).join(', ')}"></label>`)}
${form('not-bought', 'It was not bought: check once more, then send it once more', nothing)}`
    : nothing
}
${mayGiveUp ? form('give-up', 'Give up: nothing more is done', nothing) : nothing}
<div id="decision" class="result" aria-live="polite"></div></section>`;
}

export const decisionBody = ({ key, done, words }: RowResult): Html =>
  html`${note(words, done ? 'note' : 'error')}<p><a href="${address('/jobs/one', { key })}">Show the job again</a></p>`;

/** Whether a record holds what a person has in hand: a cart, an order, a number, a reference or the id of a call. */
export function mentions(record: CheckoutRecord, what: string): boolean {
  const wanted = what.toLowerCase();
  const ids = [
    record.jobKey,
    record.job.reference,
    record.job.correlationId,
    record.reason?.correlationId,
    ...record.orders.map(({ id }) => id),
    ...[...callsOf(record), ...record.polls.last].flatMap((call) => [call.correlationId, call.requestId]),
  ];
  return ids.some((id) => id?.toLowerCase().includes(wanted) === true);
}
