/** The charts of the report, as inline SVG. */
import { type Html, html, nothing } from './html.ts';

/** One bar, its parts from the bottom up; `kind` is a class of the style sheet. */
export interface StackedBar {
  readonly name: string;
  readonly parts: readonly { readonly kind: string; readonly count: number }[];
}

/** A stretch of the axis that is marked, from one bar to another; whole numbers are where bars begin. */
export interface Band {
  readonly from: number;
  readonly to: number;
  /** What it is, and from when to when. */
  readonly words: string;
}

export interface ChartText {
  readonly title: string;
  /** What the picture says, for who does not see it. */
  readonly summary: string;
  readonly unit: string;
  /** The unit of one. */
  readonly one: string;
}

const height = 100;
const round = (value: number): number => Math.round(value * 100) / 100;
const number = (value: number): string => Math.round(value).toLocaleString('en-US');
/** `1 call`, `2 calls`. */
const amountOf = ({ unit, one }: ChartText, value: number): string =>
  `${number(value)} ${Math.round(value) === 1 ? one : unit}`;
const sumOf = (bar: StackedBar): number => bar.parts.reduce((sum, { count }) => sum + count, 0);

/**
 * Bars over names, with a line for a limit if there is one. The drawing stretches to any width; its words stand in HTML
 * around it, so that they keep their size on a phone.
 */
export function barChart(
  text: ChartText,
  bars: readonly StackedBar[],
  { limit, bands = [] }: { readonly limit?: number; readonly bands?: readonly Band[] } = {},
): Html {
  const top = Math.max(limit ?? 0, ...bars.map(sumOf), 1) * 1.05;
  const y = (value: number) => round(height - (value / top) * height);
  const drawn = bars.flatMap((bar, index) => {
    let below = 0;
    return bar.parts
      .filter(({ count }) => count > 0)
      .map(({ kind, count }) => {
        const from = below;
        below += count;
        return html`<rect class="${kind}" x="${round(index + 0.1)}" y="${y(below)}" width="0.8" height="${round(y(from) - y(below))}"/>`;
      });
  });
  const line =
    limit === undefined
      ? nothing
      : html`<line class="limit" x1="0" x2="${bars.length}" y1="${y(limit)}" y2="${y(limit)}" vector-effect="non-scaling-stroke"/>`;
  return html`<figure>
<figcaption><h2>${text.title}</h2><p>${text.summary}</p></figcaption>
<div class="scale"><span>${amountOf(text, Math.max(...bars.map(sumOf), 0))}</span>${limit === undefined ? nothing : html`<span class="limit-word">limit ${number(limit)}</span>`}</div>
<svg viewBox="0 0 ${bars.length} ${height}" preserveAspectRatio="none" role="img" aria-label="${[`${text.title}. ${text.summary}`, ...bands.map(({ words }) => `${words}.`)].join(' ')}">${bands.map((band) => bandOf(band, bars.length))}${drawn}${line}</svg>
<div class="axis">${axisOf(bars).map((name) => html`<span>${name}</span>`)}</div>
${bands.length === 0 ? nothing : html`<ul class="bands">${bands.map(({ words }) => html`<li>${words}</li>`)}</ul>`}
${tableOf(text, bars)}
</figure>`;
}

function bandOf({ from, to }: Band, bars: number): Html {
  const x = Math.max(0, from);
  return html`<rect class="closing" x="${round(x)}" y="0" width="${round(Math.max(0.1, Math.min(bars, to) - x))}" height="${height}"/>`;
}

/** All names while they are few; else the first, the middle and the last. */
function axisOf(bars: readonly StackedBar[]): readonly string[] {
  if (bars.length <= 5) return bars.map(({ name }) => name);
  return [0, Math.floor((bars.length - 1) / 2), bars.length - 1].flatMap((index) => bars[index]?.name ?? []);
}

function tableOf(text: ChartText, bars: readonly StackedBar[]): Html {
  const kinds = [...new Set(bars.flatMap((bar) => bar.parts.map(({ kind }) => kind)))];
  const heads = kinds.length === 1 ? [text.unit] : kinds;
  return html`<details><summary>As a table</summary><div class="wide"><table>
<thead><tr><th scope="col"></th>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${bars.map(
    (bar) =>
      html`<tr><th scope="row">${bar.name}</th>${kinds.map((kind) => html`<td>${number(bar.parts.find((part) => part.kind === kind)?.count ?? 0)}</td>`)}</tr>`,
  )}</tbody></table></div></details>`;
}

/** Few named amounts, one under the other: the words beside each bar are all that is needed to read it. */
export function rowsChart(
  text: Pick<ChartText, 'title' | 'summary'>,
  rows: readonly { readonly name: string; readonly count: number }[],
  kind: string,
): Html {
  const top = Math.max(1, ...rows.map(({ count }) => count));
  return html`<figure>
<figcaption><h2>${text.title}</h2><p>${text.summary}</p></figcaption>
<table class="rows"><tbody>${rows.map(
    ({ name, count }) =>
      html`<tr><th scope="row">${name}</th><td class="bar"><svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="${kind}" x="0" y="0" width="${round((count / top) * 100)}" height="10"/></svg></td><td>${number(count)}</td></tr>`,
  )}</tbody></table>
</figure>`;
}

/** One bar that is the whole: what became of every line. */
export function shareBar(
  parts: readonly { readonly kind: string; readonly name: string; readonly count: number }[],
): Html {
  const all = parts.reduce((sum, { count }) => sum + count, 0);
  const there = parts.filter(({ count }) => count > 0);
  let from = 0;
  const drawn = there.map(({ kind, count }) => {
    const x = (from / Math.max(1, all)) * 1_000;
    from += count;
    return html`<rect class="${kind}" x="${round(x)}" y="0" width="${round(Math.max(3, (count / all) * 1_000))}" height="10"/>`;
  });
  return html`<svg class="share" viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label="${there.map(({ name, count }) => `${number(count)} ${name}`).join(', ')}">${drawn}</svg>
<ul class="legend">${there.map(
    ({ kind, name, count }) =>
      html`<li><svg viewBox="0 0 10 10" aria-hidden="true"><rect class="${kind}" width="10" height="10" rx="2"/></svg><b>${number(count)}</b> ${name}</li>`,
  )}</ul>`;
}
