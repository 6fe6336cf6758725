import type { CartStanding, Standing } from '../verdict/books.ts';
import type { Line } from './plan.ts';

/** Codes after which a job waits for hours or days, as Partner Center asks for: a review, an upgrade, a pending change. */
const slowCodes = new Set(['800014', '800073', '800074', '800082', '900112', '900113', '900278']);

export interface Progress {
  /** Lines. */
  readonly total: number;
  /** Lines that are rejected, or whose cart is final or held by a code that takes days. */
  readonly done: number;
  /** Lines that are not, because their cart asks a person. */
  readonly asking: number;
  readonly byState: ReadonlyMap<string, number>;
  /** Orders. */
  readonly pending: number;
  readonly failed: number;
}

/** `unresolved`: the worker died in a call for it, and the repeat was told to wait. */
export const isHeld = ({ state, nextTry, code }: CartStanding): boolean =>
  (state === 'waiting' || state === 'unresolved') &&
  nextTry !== undefined &&
  code !== undefined &&
  slowCodes.has(code);

export const isFinal = (cart: CartStanding): boolean =>
  ['completed', 'partial', 'failed'].includes(cart.state);

/** The message that carries a line. */
export const messageIdOf = ({ number }: Line): string => `line-${number}`;

export function progressOf(books: Standing, lines: readonly Line[]): Progress {
  const byState = new Map<string, number>();
  for (const { state } of books.carts) byState.set(state, (byState.get(state) ?? 0) + 1);
  const ended = new Set(books.carts.filter((cart) => isFinal(cart) || isHeld(cart)).map(keyOf));
  const rejected = new Set(books.rejected.map(({ messageId }) => messageId));
  const open = lines.filter((line) => !rejected.has(messageIdOf(line)) && !ended.has(keyOf(line)));
  return {
    total: lines.length,
    done: lines.length - open.length,
    asking: open.filter((line) => books.asking.has(keyOf(line))).length,
    byState,
    pending: books.orders.filter((order) => order.status !== 'completed' && order.status !== 'cancelled')
      .length,
    failed: (byState.get('failed') ?? 0) + (byState.get('partial') ?? 0),
  };
}

/** Lines of which there is neither a record nor a rejected row. */
export function missing(books: Standing, lines: readonly Line[]): readonly Line[] {
  const carts = new Set(books.carts.map(keyOf));
  const rejected = new Set(books.rejected.map(({ messageId }) => messageId));
  return lines.filter((line) => !carts.has(keyOf(line)) && !rejected.has(messageIdOf(line)));
}

const keyOf = ({
  jobKey,
  customerId,
  cartId,
}: {
  jobKey?: string;
  customerId?: string;
  cartId?: string;
}): string => jobKey ?? `${customerId}:cart:${cartId}`;

/** `212/300 · 5 pending · 1 failed · 6.2/s · ETA 00:14` */
export function lineOf(progress: Progress, seconds: number): string {
  const { done, total, pending, failed, asking } = progress;
  const rate = seconds > 0 ? done / seconds : 0;
  const left = rate > 0 ? Math.round((total - done) / rate) : 0;
  const eta = `${String(Math.floor(left / 60)).padStart(2, '0')}:${String(left % 60).padStart(2, '0')}`;
  const asks = asking > 0 ? ` · ${asking} need a person` : '';
  return `${done}/${total} · ${pending} pending · ${failed} failed${asks} · ${rate.toFixed(1)}/s · ETA ${eta}`;
}

/** One line that is written over on a terminal; plain lines, when something changed, where there is none. */
export function liveLine(output: NodeJS.WriteStream): {
  show(line: string): void;
  say(line: string): void;
  end(): void;
} {
  let shown = '';
  const clear = () => {
    if (output.isTTY && shown !== '') output.write(`\r${' '.repeat(shown.length)}\r`);
  };
  return {
    show(line) {
      // Without a terminal a line is worth printing when the counts in it have changed, not the rate.
      const counts = line.replace(/ · [\d.]+\/s .*/, '');
      if (line === shown || (!output.isTTY && shown.startsWith(counts))) return;
      clear();
      shown = line;
      output.write(output.isTTY ? line : `${line}\n`);
    },
    say(line) {
      clear();
      output.write(`${line}\n`);
      if (output.isTTY) output.write(shown);
    },
    end() {
      if (output.isTTY && shown !== '') output.write('\n');
      shown = '';
    },
  };
}
