import type { Call } from '../partner-center/sandbox.ts';
import type { Books, CartRow } from '../verdict/books.ts';
import type { Comparison } from '../verdict/compare.ts';
import type { LinesVerdict } from '../verdict/lines.ts';
import type { Line, Plan } from './plan.ts';
import { isFinal, isHeld } from './progress.ts';

export interface Interrupted {
  readonly customerId: string;
  readonly cartId: string;
}

/** What a person wants to know in the morning. */
export function summaryOf(parts: {
  readonly books: Books;
  readonly plan: Plan;
  readonly interrupted: readonly Interrupted[];
  readonly comparison: Comparison;
  readonly tooEarly: number;
  readonly lostJobs: readonly Line[];
  readonly lines?: LinesVerdict;
}): string {
  const { books, plan, interrupted, comparison, tooEarly, lostJobs, lines } = parts;
  return [
    '',
    'By state',
    ...table(
      [...Map.groupBy(books.carts, (cart) => cart.state)].map(([state, carts]) => [
        state,
        String(carts.length),
      ]),
    ),
    ...(books.rejected.length > 0 ? table([['rejected', String(books.rejected.length)]]) : []),
    ...section('Failed, and what to do', failures(books)),
    ...section('Rejected lines', [...rejected(books), ...unread(plan)]),
    ...section('Held by Partner Center', held(books)),
    ...section('Without a result', open(books)),
    ...section(
      `Interrupted by the kill: ${interrupted.length} purchases, made before the worker had an answer`,
      outcomes(books, interrupted),
    ),
    '',
    `Partner Center ${comparison.inPartnerCenter} orders · table ${comparison.inTable} · bought twice ${comparison.boughtTwice.length} · lost ${comparison.lost.length + lostJobs.length} · called too early ${tooEarly}`,
    ...linesText(lines),
    ...section('Bought twice', comparison.boughtTwice),
    ...section('Lost orders', comparison.lost),
    ...section(
      'Lost jobs',
      lostJobs.map((line) => `line ${line.number}`),
    ),
    ...section('In the table, but not in Partner Center', comparison.invented),
    ...section('Different', comparison.different),
  ].join('\n');
}

function linesText(lines: LinesVerdict | undefined): readonly string[] {
  if (lines === undefined) return [];
  const { jobs, linesBought, boughtTwice, withoutLine, notBought, totals, ends } = lines;
  return [
    `Order lines: ${jobs} jobs, ${linesBought} lines bought · bought twice ${boughtTwice.length} · orders without a line ${withoutLine.length} · lines not bought ${notBought.length} · totals that differ ${totals.length}`,
    ...section('Lines bought twice', boughtTwice),
    ...section('Orders without a line', withoutLine),
    ...section('Lines that were not bought', notBought),
    ...section('Totals that differ', totals),
    ...section('Jobs with an unexpected result', ends),
  ];
}

/** Of a section: whoever has more of them needs their number, and some to look at. */
const mostShown = 20;

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0
    ? []
    : [
        '',
        title,
        ...lines.slice(0, mostShown).map((line) => `  ${line}`),
        ...(lines.length > mostShown ? [`  and ${lines.length - mostShown} more`] : []),
      ];

const table = (rows: readonly (readonly [string, string])[]): string[] =>
  rows.map(([name, value]) => `  ${name.padEnd(12)} ${value.padStart(6)}`);

function failures(books: Books): string[] {
  const failed = books.carts.filter((cart) => cart.state === 'failed' || cart.state === 'partial');
  return [...Map.groupBy(failed, (cart) => cart.reason?.code ?? 'unknown')].flatMap(([code, carts]) => {
    const reason = carts[0]?.reason;
    return [
      `${carts.length} × ${code}: ${reason?.description ?? ''}`,
      `    ${reason?.remedy ?? ''}`,
      `    one of them: ${name(carts[0])}`,
    ];
  });
}

const rejected = (books: Books): string[] =>
  books.rejected.map(
    ({ messageId, path, reason }) =>
      `${messageId.replace('-', ' ')}, field ${path === '' ? '(the whole line)' : path}: ${reason}`,
  );

const unread = (plan: Plan): string[] =>
  plan.unread.map(
    ({ number, field, reason }) =>
      `line ${number}, field ${field === '' ? '(the whole line)' : field}: not sent: ${reason}`,
  );

const held = (books: Books): string[] =>
  books.carts
    .filter(isHeld)
    .map(
      (cart) =>
        `${name(cart)}: ${cart.reason?.code} ${cart.reason?.description}; next try in ${inSeconds(cart.nextTry)} s`,
    );

const open = (books: Books): string[] =>
  books.carts
    .filter((cart) => !isFinal(cart) && !isHeld(cart))
    .map(
      (cart) =>
        `${name(cart)}: ${cart.state}${cart.reason === undefined ? '' : `, ${cart.reason.code} ${cart.reason.description}`}`,
    );

const inSeconds = (at: number | undefined): number =>
  Math.max(0, Math.round(((at ?? 0) - Date.now()) / 1_000));

/** How the worker found out about each checkout that was under way when it was killed. */
function outcomes(books: Books, interrupted: readonly Interrupted[]): string[] {
  const rows = new Map(books.carts.map((cart) => [cart.cartId, cart]));
  return interrupted.map(({ cartId }) => {
    const cart = rows.get(cartId);
    return cart === undefined ? `${cartId}: no record` : `${name(cart)}: ${cart.state}, ${howFound(cart)}`;
  });
}

function howFound(cart: CartRow): string {
  const asked = cart.calls.map(({ what }) => what);
  const looks = asked.filter((what) => what === 'cart').length;
  const repeats = asked.filter((what) => what === 'checkout').length;
  if (looks === 0) return 'not checked';
  // The call that was killed left no line in the history: each checkout in it is a repeat.
  return repeats === 0
    ? 'the worker found its orders in the order list'
    : 'a repeat of the call returned the orders of the first one';
}

const name = (cart: CartRow | undefined): string =>
  cart === undefined
    ? ''
    : cart.jobKey.includes(':order:')
      ? `customer ${cart.customerId.slice(0, 8)}… order ${cart.jobKey.split(':').at(-1)}`
      : `customer ${cart.customerId.slice(0, 8)}… cart ${cart.cartId}`;

/** Checkouts whose orders exist, while nobody has told the worker. */
export const unanswered = (calls: readonly Call[]): readonly Interrupted[] =>
  calls.flatMap(({ committedAt, answeredAt, customerId, cartId }) =>
    committedAt !== undefined && answeredAt === undefined && customerId !== undefined && cartId !== undefined
      ? [{ customerId, cartId }]
      : [],
  );
