/** Open attention: groups by kind and code, the rows of a group, a dry run, the change itself, and a result for each row. */
import { type AttentionKind, attentionKinds } from '../../domain/checkout/attention-row.ts';
import { readJobKey } from '../../domain/message/job-key.ts';
import type { AttentionGroup } from '../../operator/attention/attention-groups.ts';
import { counted } from '../../operator/counted.ts';
import { type Html, html, nothing } from '../../operator/report/html.ts';
import type { AttentionFilter, AttentionRow } from '../../ports/attention-rows.ts';
import { type BulkAction, bulkActions, mostRows, type RowResult } from './desk.ts';
import { address, jobLink, moment, note, number, table } from './layout.ts';

export const rowsOnPage = 100;

export function attentionBody(groups: readonly AttentionGroup[], now: number): Html {
  if (groups.length === 0) return note('Nothing is open. Nobody has to do anything.');
  return html`<div class="cards">${groups.map(
    ({ kind, code, count, description, remedy, newest }) => html`<section>
<h2><a href="${address('/attention/rows', { kind, code })}">${counted(count, `${kind} row`)}: ${code}</a></h2>
<p>${description}</p><p class="remedy"><b>Remedy:</b> ${remedy}</p><p>Newest: ${moment(newest, now)}</p></section>`,
  )}</div>`;
}

/** Filter of the rows as the address gives it: every value is text, and an unknown kind is none. */
export function filterIn(query: (name: string) => string | undefined): AttentionFilter {
  const kind = attentionKinds.find((one) => one === query('kind'));
  const [code, batchId, customerId] = [query('code'), query('batch'), query('customer')];
  return {
    ...(kind === undefined ? {} : { kind }),
    ...(code === undefined || code === '' ? {} : { code }),
    ...(batchId === undefined || batchId === '' ? {} : { batchId }),
    ...(customerId === undefined || customerId === '' ? {} : { customerId }),
  };
}

const filterFields = ({ kind, code, batchId, customerId }: AttentionFilter) => ({
  kind,
  code,
  batch: batchId,
  customer: customerId,
});

const actionNames: Readonly<Record<BulkAction, string>> = {
  retry: 'Retry',
  close: 'Close the rows',
  'give-up': 'Give up',
};

/** What a person may do with rows of a kind. */
const actionsOf: Readonly<Record<AttentionKind, readonly BulkAction[]>> = {
  failed: ['retry', 'close'],
  partial: ['retry', 'close'],
  'needs-decision': ['give-up'],
  'pending-too-long': [],
  rejected: ['close'],
};

/** The rows of a filter with a box for each. `page`: from 1. */
export function rowsBody(
  filter: AttentionFilter,
  rows: readonly AttentionRow[],
  page: number,
  now: number,
): Html {
  if (rows.length === 0)
    return html`${note('Nothing open matches.')}<p><a href="/attention">Everything that is open</a></p>`;
  const fields = filterFields(filter);
  const pages = Math.ceil(rows.length / rowsOnPage);
  const shown = rows.slice((page - 1) * rowsOnPage, page * rowsOnPage);
  const [first] = rows;
  const actions = filter.kind === undefined ? bulkActions : actionsOf[filter.kind];
  return html`${first === undefined ? nothing : html`<p>${first.description}</p><p class="remedy"><b>Remedy:</b> ${first.remedy}</p>`}
<form class="rows" hx-post="/attention/check" hx-target="#result" hx-swap="innerHTML">
${Object.entries(fields).map(([name, value]) => (value === undefined ? nothing : html`<input type="hidden" name="${name}" value="${value}">`))}
<label class="line"><input type="checkbox" name="all" value="yes" checked>All ${counted(rows.length, 'row')}${rows.length > mostRows ? ` (the first ${number(mostRows)})` : ''}; or choose below</label>
<div class="actions">${actions.map((action) => html`<button name="action" value="${action}">${actionNames[action]}: check first</button>`)}${
    actions.length === 0 ? note('These rows close by themselves. There is nothing to decide.') : nothing
  }</div>
<div id="result" class="result" aria-live="polite"></div>
${table(
  ['Choose', 'Job or message', 'Reference', 'What', 'Since'],
  shown.map((row) => [
    html`<input type="checkbox" name="key" value="${row.key}" aria-label="Choose ${row.key}">`,
    row.jobKey === undefined ? html`<code>${row.key}</code>` : jobLink(row.jobKey),
    row.reference ?? '',
    `${row.path === undefined || row.path === '' ? '' : `${row.path}: `}${row.description}`,
    moment(row.openedAt, now),
  ]),
)}</form>
<div class="actions">${page > 1 ? html`<a class="button" href="${address('/attention/rows', { ...fields, page: page - 1 })}">Previous page</a>` : nothing}${
    page < pages
      ? html`<a class="button" href="${address('/attention/rows', { ...fields, page: page + 1 })}">Next page</a>`
      : nothing
  }</div>`;
}

/** The dry run: what would happen to how many rows, and the button that does it. */
export function checkedBody(
  action: BulkAction,
  keys: readonly string[],
  results: readonly RowResult[],
  who: string,
): Html {
  const ready = results.filter(({ done }) => done);
  const refused = results.filter(({ done }) => !done);
  if (keys.length === 0) return note('No row was chosen.', 'error');
  return html`<p><b>${counted(ready.length, 'row')}</b> of ${keys.length} can be done: ${actionNames[action].toLowerCase()}. Nothing was written yet.</p>
${refusals(refused)}
${
  ready.length === 0
    ? nothing
    : html`<div class="actions"><input type="hidden" name="confirmed" value="${action}">${ready.map(({ key }) => html`<input type="hidden" name="ready" value="${key}">`)}
<button type="button" class="main" hx-post="/attention/do" hx-target="#result" hx-swap="innerHTML" hx-include="#result input">${actionNames[action]}: ${counted(ready.length, 'row')}, as ${who}</button></div>`
}`;
}

export function doneBody(action: BulkAction, results: readonly RowResult[], who: string): Html {
  const done = results.filter(({ done: isDone }) => isDone);
  return html`<p role="status"><b>${counted(done.length, 'row')}</b> of ${results.length} done by ${who}: ${actionNames[action].toLowerCase()}.</p>
${refusals(results.filter(({ done: isDone }) => !isDone))}
${table(
  ['Job or message', 'Result'],
  results
    .slice(0, 200)
    .map(({ key, words }) => [
      readJobKey(key) === undefined ? html`<code>${key}</code>` : jobLink(key),
      words,
    ]),
)}${results.length > 200 ? note(`The first 200 of ${results.length} are shown.`) : nothing}`;
}

function refusals(refused: readonly RowResult[]): Html {
  if (refused.length === 0) return nothing;
  const reasons = new Map<string, number>();
  for (const { words } of refused) reasons.set(words, (reasons.get(words) ?? 0) + 1);
  return html`<ul>${[...reasons].map(([words, count]) => html`<li>${counted(count, 'row')} refused: ${words}</li>`)}</ul>`;
}
