/** The frame of the operator's page: navigation, the place for results, and small pieces that several pages share. */
import { type Html, html, nothing } from '../../operator/report/html.ts';
import { ago, clockTime } from '../session/words.ts';
import { ownHeader } from './access.ts';

/** Settings for htmx: it evaluates no text and adds no style, as the content security policy demands. */
const htmxConfig = JSON.stringify({
  includeIndicatorStyles: false,
  allowEval: false,
  allowScriptTags: false,
  selfRequestsOnly: true,
  historyCacheSize: 0,
  // A new button works from the instant it is seen: before it settles, Enter would submit the form around it.
  defaultSettleDelay: 0,
  // An error is a fragment with a sentence, and is shown.
  responseHandling: [{ code: '.*', swap: true }],
});

const pages = [
  ['/', 'Overview'],
  ['/batches', 'Batches'],
  ['/attention', 'Attention'],
  ['/jobs', 'Find a job'],
] as const;

export interface Page {
  readonly title: string;
  /** The page's address without its query: marks the entry of the navigation. */
  readonly at: string;
  readonly body: Html;
}

/** A whole page as text. */
export const layout = ({ title, at, body }: Page): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="htmx-config" content="${htmxConfig}">
<title>${title} · partner-checkout</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/style.css">
<script src="/assets/htmx.js" defer></script>
</head>
<body hx-headers="${JSON.stringify({ [ownHeader]: 'page' })}">
<a class="skip" href="#main">Skip to the content</a>
<header class="bar"><span class="name">partner-checkout</span>
<nav aria-label="Pages">${pages.map(([href, name]) => html`<a href="${href}"${isPage(href, at) ? ({ html: ' aria-current="page"' } satisfies Html) : nothing}>${name}</a>`)}</nav>
</header>
<main id="main" tabindex="-1"><h1>${title}</h1>
${body}
</main>
</body>
</html>
`.html;

const isPage = (href: string, at: string): boolean => (href === '/' ? at === '/' : at.startsWith(href));

/** Replaces itself every few seconds. `id` is the element's, `from` the address of the fragment. */
export const refreshing = (id: string, from: string, everySeconds: number, body: Html): Html =>
  html`<div id="${id}" hx-get="${from}" hx-trigger="every ${everySeconds}s" hx-swap="outerHTML">${body}</div>`;

/** A point in time with its distance, for people and for machines. */
export const moment = (at: number, now: number): Html =>
  html`<time datetime="${new Date(at).toISOString()}" title="${new Date(at).toISOString()}">${clockTime(at, now)} (${ago(at, now)})</time>`;

export const number = (value: number): string => Math.round(value).toLocaleString('en-US');

/** A table with a heading for each column. */
export const table = (
  heads: readonly string[],
  rows: readonly (readonly (Html | string | number)[])[],
): Html =>
  html`<div class="wide" tabindex="0" role="region" aria-label="Table: ${heads.join(', ')}"><table><thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${rows.map((cells) => html`<tr>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody></table></div>`;

/** What the page says where there is nothing to show, or where something cannot be read. */
export const note = (text: string, kind: 'note' | 'error' = 'note'): Html =>
  html`<p class="${kind}"${kind === 'error' ? ({ html: ' role="alert"' } satisfies Html) : nothing}>${text}</p>`;

/** An address with a query. Empty values are left out. */
export function address(path: string, query: Readonly<Record<string, string | number | undefined>>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== '') params.set(name, String(value));
  const text = params.toString();
  return text === '' ? path : `${path}?${text}`;
}

/** A link to the page of one job. */
export const jobLink = (jobKey: string): Html =>
  html`<a href="${address('/jobs/one', { key: jobKey })}"><code>${jobKey}</code></a>`;
