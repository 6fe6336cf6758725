import type { BookEntry } from '../partner-center/order-book.ts';
import type { CartRow } from './books.ts';

/** A job that wants lines. */
export interface WantedLines {
  readonly jobKey: string;
  readonly lines: readonly {
    readonly product: string;
    readonly sku: string;
    readonly quantity: number;
    readonly term: string;
  }[];
  readonly failsWith?: string;
}

export interface LinesVerdict {
  readonly jobs: number;
  readonly linesBought: number;
  readonly boughtTwice: readonly string[];
  /** Lines that Partner Center sold, and that no job wants. */
  readonly withoutLine: readonly string[];
  /** Lines of jobs that are completed, and that Partner Center did not sell. */
  readonly notBought: readonly string[];
  /** Jobs whose checked total is not what Partner Center charges. */
  readonly totals: readonly string[];
  /** Jobs that did not end as they were to. */
  readonly ends: readonly string[];
}

export const linesAgree = ({ boughtTwice, withoutLine, notBought, totals, ends }: LinesVerdict): boolean =>
  [boughtTwice, withoutLine, notBought, totals, ends].every((list) => list.length === 0);

const contentOf = (line: {
  readonly product: string;
  readonly sku: string;
  readonly quantity: number;
  readonly term: string;
}): string => `${line.quantity} × ${line.product}:${line.sku} ${line.term}`;

/** What Partner Center sold against what the list wanted, line by line. `own`: the carts that the worker made. */
export function compareLines(
  wanted: readonly WantedLines[],
  book: readonly BookEntry[],
  rows: readonly CartRow[],
  own: ReadonlySet<string>,
): LinesVerdict {
  const jobOfCart = new Map(rows.flatMap(({ cartId, jobKey }) => (cartId === '' ? [] : [[cartId, jobKey]])));
  const rowOf = new Map(rows.map((row) => [row.jobKey, row]));
  const sold = book.filter(({ cartId }) => own.has(cartId));
  const byJob = Map.groupBy(sold, ({ cartId }) => jobOfCart.get(cartId) ?? `cart ${cartId} of no job`);
  const boughtTwice: string[] = [];
  const withoutLine: string[] = [];
  const notBought: string[] = [];
  const totals: string[] = [];
  const ends: string[] = [];
  const known = new Set(wanted.map(({ jobKey }) => jobKey));
  for (const [jobKey, orders] of byJob)
    if (!known.has(jobKey)) withoutLine.push(...orders.map(({ orderId }) => `${jobKey}: order ${orderId}`));
  for (const { jobKey, lines, failsWith } of wanted) {
    const orders = byJob.get(jobKey) ?? [];
    const left = lines.map(contentOf);
    for (const line of orders.flatMap((order) => order.lines)) {
      const content = contentOf(line);
      const index = left.indexOf(content);
      if (index >= 0) left.splice(index, 1);
      else if (lines.some((one) => contentOf(one) === content)) boughtTwice.push(`${jobKey}: ${content}`);
      else withoutLine.push(`${jobKey}: ${content}`);
    }
    const row = rowOf.get(jobKey);
    const isBought = row?.state === 'ordered' || row?.state === 'completed';
    if (isBought) notBought.push(...left.map((content) => `${jobKey}: ${content}`));
    const charged = orders.reduce((sum, order) => sum + Math.round(order.total * 100), 0);
    if (isBought && row.total !== undefined && Math.round(Number(row.total) * 100) !== charged)
      totals.push(`${jobKey}: checked ${row.total}, charged ${(charged / 100).toFixed(2)}`);
    const end = failsWith === undefined ? 'completed' : `failed ${failsWith}`;
    const found = row?.state === 'failed' ? `failed ${row.reason?.code}` : (row?.state ?? 'no record');
    if (found !== end) ends.push(`${jobKey}: ${found}, and was to be ${end}`);
  }
  return {
    jobs: wanted.length,
    linesBought: sold.reduce((sum, { lines }) => sum + lines.length, 0),
    boughtTwice,
    withoutLine,
    notBought,
    totals,
    ends,
  };
}
