/** The next step from order lines to a cart that may be bought: resolve, make, check. Pure. */

import { add, type Decimal, decimalText, isGreater, readDecimal, zero } from '../decimal.ts';
import type { OrderJob } from '../message/job.ts';
import type { WantedLine } from '../message/order-lines.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { chooseAvailability, itemIn, itemOf, type Offers, spelling } from './availability.ts';
import type { BadLine, CartContent, CheckedCart, CheckedLine, ContentLine } from './cart-content.ts';
import type { AnsweredCart, AnsweredLine } from './decode-made-cart.ts';
import { isStaleLine, remedyOfLine } from './line-errors.ts';

/** What a run knows about the cart that it is making. */
export interface Making {
  readonly job: OrderJob;
  /** By `product:sku`. */
  readonly offers: ReadonlyMap<string, Offers>;
  /** Catalogue items that Partner Center refused in this run. */
  readonly refused: ReadonlySet<string>;
  /** What the last cart was asked to hold, and how it was answered. */
  readonly answered?: { readonly content: CartContent; readonly cart: AnsweredCart };
  /** Another run may find a catalogue that has caught up. */
  readonly mayWait: boolean;
  /** Lines that a cart refused: with `onBadLine: "drop"` the next cart leaves them out. */
  readonly bad: readonly BadLine[];
}

/** Why a job cannot go on to its checkout. */
export interface Stop {
  readonly code: string;
  readonly description: string;
  readonly remedy: string;
}

/**
 * - `resolve`: ask what this product and SKU is sold as.
 * - `create`: ask for a cart of this content.
 * - `renew`: these items were refused; forget them, and ask again what is sold.
 * - `wait`: the catalogue lists what a cart has just refused: ask it again later.
 * - `ready`: the cart is what was wanted, line by line, within its ceiling.
 * - `fail`: it cannot be bought as it is written.
 * - `hold`: a person has to look.
 */
export type CartStep =
  | { readonly kind: 'resolve'; readonly product: string; readonly sku: string }
  | { readonly kind: 'create'; readonly content: CartContent; readonly bad: readonly BadLine[] }
  | { readonly kind: 'renew'; readonly catalogItemIds: readonly string[]; readonly items: readonly string[] }
  | { readonly kind: 'wait'; readonly items: readonly string[] }
  | {
      readonly kind: 'ready';
      readonly cart: AnsweredCart;
      readonly checked: CheckedCart;
      readonly bad: readonly BadLine[];
    }
  | { readonly kind: 'fail'; readonly stop: Stop; readonly bad: readonly BadLine[] }
  | { readonly kind: 'hold'; readonly stop: Stop };

/**
 * The next step from order lines to a cart that may be checked out: resolve → create → check every line and the total. Pure:
 * `src/checkout/make-cart.ts` does it. The same checks follow a repair.
 */
export function nextCartStep(making: Making): CartStep {
  const { job, offers, refused, answered } = making;
  const wanted = job.lines.filter(({ line }) => !making.bad.some((bad) => bad.line === line));
  const unasked = wanted.find((line) => line.availability === undefined && !offers.has(itemOf(line)));
  if (unasked !== undefined) return { kind: 'resolve', product: unasked.product, sku: unasked.sku };

  const good: ContentLine[] = [];
  const bad: BadLine[] = [...making.bad];
  const outdated: string[] = [];
  for (const line of wanted) {
    const chosen = chooseFor(line, offers, refused);
    if (chosen.ok) good.push(contentLine(line, chosen.catalogItemId));
    else {
      bad.push(chosen.bad);
      if (chosen.isOutdated === true) outdated.push(itemOf(line));
    }
  }
  // guard: Lines: a catalogue that is out of date fails and drops no line
  if (outdated.length > 0 && making.mayWait) return { kind: 'wait', items: outdated };
  if (mustFail(job, good, bad)) return failed(bad);
  if (answered === undefined) return { kind: 'create', content: contentOf(job, good), bad };
  return checkAnswer(making, answered.content, answered.cart, bad);
}

const chooseFor = (
  line: WantedLine,
  offers: Making['offers'],
  refused: ReadonlySet<string>,
): ReturnType<typeof chooseAvailability> => {
  const { product, sku, availability } = line;
  if (availability !== undefined) return { ok: true, catalogItemId: `${product}:${sku}:${availability}` };
  const known = offers.get(itemOf(line)) ?? { kind: 'sold', availabilities: [] };
  return chooseAvailability(line, known, refused);
};

/** One bad line fails the whole job, unless its producer asked to drop such lines and others are left. */
const mustFail = (job: OrderJob, good: readonly unknown[], bad: readonly BadLine[]): boolean =>
  // guard: Lines: a bad line fails the whole job [replace: good.length === 0]
  bad.length > 0 && (job.onBadLine !== 'drop' || good.length === 0);

function failed(bad: readonly BadLine[]): CartStep {
  const [first] = bad;
  return {
    kind: 'fail',
    bad,
    stop: {
      code: first?.code ?? 'bad-line',
      description: bad
        .map(({ line, description, code }) => `Line ${line}: ${description} (${code})`)
        .join(' '),
      remedy: first?.remedy ?? 'Correct the lines, and send the order again with the same number.',
    },
  };
}

const contentLine = (
  { product: _, sku: __, segment: ___, availability: ____, ...line }: WantedLine,
  catalogItemId: string,
): ContentLine => ({ ...line, catalogItemId });

const contentOf = ({ partnerOnRecordAttestation }: OrderJob, lines: readonly ContentLine[]): CartContent =>
  omitUndefined({ lines, partnerOnRecordAttestation });

/** Every line of the answer, then the total. */
function checkAnswer(
  making: Making,
  content: CartContent,
  cart: AnsweredCart,
  badBefore: readonly BadLine[],
): CartStep {
  const { job } = making;
  if (cart.status !== 'active')
    return hold('cart-not-active', 'Partner Center answered with a cart that is not active.');
  const answers = new Map(cart.lines.map((line) => [line.id, line]));
  if (cart.lines.length !== content.lines.length || answers.size !== content.lines.length)
    return hold(
      'other-lines',
      `Partner Center answered with a cart of ${cart.lines.length} lines; ${content.lines.length} were asked for.`,
    );
  const bad: BadLine[] = [];
  const stale: string[] = [];
  for (const [index, line] of content.lines.entries()) {
    const found = wrongWith(line, answers.get(index));
    if (found === undefined) continue;
    bad.push(found);
    const isPinned = job.lines.some((one) => one.line === line.line && one.availability !== undefined);
    if (isStaleLine(found.code) && !isPinned && !making.refused.has(line.catalogItemId))
      stale.push(line.catalogItemId);
  }
  // guard: Lines: a stale availability is asked for again
  if (stale.length > 0)
    return { kind: 'renew', catalogItemIds: stale, items: [...new Set(stale.map(itemIn))] };
  if (bad.length > 0) {
    const good = content.lines.filter(({ line }) => !bad.some((one) => one.line === line));
    const all = [...badBefore, ...bad];
    if (mustFail(job, good, all)) return failed(all);
    return { kind: 'create', content: { ...content, lines: good }, bad: all };
  }
  return checkTotal(making, content, cart, badBefore);
}

/** What is wrong with a line of the cart; undefined: it is what was asked for. */
function wrongWith(line: ContentLine, answer: AnsweredLine | undefined): BadLine | undefined {
  const bad = (code: string, description: string, remedy: string): BadLine => ({
    line: line.line,
    code,
    description,
    remedy,
  });
  if (answer === undefined)
    return bad('line-missing', 'The cart does not have this line.', 'Send the order again later.');
  const [error] = answer.errors;
  // guard: Cart: a line in error is never checked out
  if (error !== undefined) return bad(error.code, error.description, remedyOfLine(error.code));
  const unlike = (what: string, wanted: string | number, got: string | number): BadLine =>
    bad(
      `other-${what}`,
      `Partner Center put the ${what} ${got} into the cart; ${wanted} was asked for.`,
      'Correct the line to what is sold, or ask Microsoft support.',
    );
  if (answer.addons > 0)
    return bad(
      'other-addons',
      `Partner Center put ${answer.addons} add-ons into the line; none was asked for.`,
      'Prepare a cart of your own for add-ons, or ask Microsoft support.',
    );
  // guard: Cart: the quantity of each line is compared
  if (answer.quantity !== line.quantity) return unlike('quantity', line.quantity, answer.quantity);
  const term = /^(none)?$/i.test(answer.term) ? 'none' : answer.term.toUpperCase();
  // guard: Cart: the term of each line is compared
  if (term !== line.term) return unlike('term', line.term, term);
  const billing = spelling(answer.billing);
  // guard: Cart: the billing of each line is compared
  if (billing !== line.billing) return unlike('billing', line.billing, billing);
  // guard: Cart: the item of each line is compared
  if (answer.catalogItemId.toLowerCase() !== line.catalogItemId.toLowerCase())
    return unlike('item', line.catalogItemId, answer.catalogItemId);
  return undefined;
}

function checkTotal(
  { job }: Making,
  content: CartContent,
  cart: AnsweredCart,
  bad: readonly BadLine[],
): CartStep {
  const answers = new Map(cart.lines.map((line) => [line.id, line]));
  const lines = content.lines.flatMap((line, index) => {
    const answer = answers.get(index);
    return answer === undefined ? [] : [checkedLine(line, answer)];
  });
  const currencies = [...new Set(lines.map(({ currency }) => currency))];
  const [currency] = currencies;
  const total = sumOf(lines.map(({ price }) => price));
  const isWhole = total !== undefined && currencies.length === 1;
  const checked: CheckedCart = omitUndefined({
    lines,
    expiresAt: cart.expiresAt,
    total: isWhole ? decimalText(total) : undefined,
    currency: isWhole ? currency : undefined,
  });
  const ready: CartStep = { kind: 'ready', cart, checked, bad };
  const ceiling = readDecimal(job.maxTotal);
  if (ceiling === undefined) return ready;
  const foreign = lines.find((line) => line.currency !== job.currency);
  if (foreign !== undefined)
    return hold(
      'other-currency',
      `Line ${foreign.line} is priced in ${foreign.currency ?? 'no currency'}; maxTotal is in ${job.currency}.`,
    );
  const unpriced = lines.find(({ price }) => price === undefined);
  // guard: Total: a line without a price is held
  if (total === undefined || unpriced !== undefined)
    return hold(
      'price-unknown',
      `Line ${unpriced?.line ?? ''} of the cart has no price, so its total is not known.`,
    );
  // guard: Total: compared with its ceiling
  if (isGreater(total, ceiling))
    return {
      kind: 'fail',
      bad,
      stop: {
        code: 'above-max-total',
        description: `The cart costs ${decimalText(total)} ${job.currency}; maxTotal is ${decimalText(ceiling)} ${job.currency}.`,
        remedy: 'Check the prices. Send the order again with the same number and another maxTotal.',
      },
    };
  return ready;
}

const checkedLine = (line: ContentLine, answer: AnsweredLine): CheckedLine =>
  omitUndefined({
    line: line.line,
    catalogItemId: line.catalogItemId,
    quantity: line.quantity,
    term: line.term,
    billing: line.billing,
    price: answer.price,
    currency: answer.currency,
    promotionId: answer.promotionId,
    group: answer.group,
  });

/** Undefined: a price is missing. */
function sumOf(prices: readonly (string | undefined)[]): Decimal | undefined {
  let sum: Decimal = zero;
  for (const price of prices) {
    const decimal = readDecimal(price);
    if (decimal === undefined) return undefined;
    sum = add(sum, decimal);
  }
  return sum;
}

const hold = (code: string, description: string): CartStep => ({
  kind: 'hold',
  stop: {
    code,
    description,
    remedy:
      'Check the prices and lines in Partner Center. The worker makes the cart again every hour. Give up on the job if it is not needed.',
  },
});
