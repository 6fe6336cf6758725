import type { Books, CartRow } from '../verdict/books.ts';

/** Codes after which a job waits for hours or days, as Partner Center asks for: a review, an upgrade, a pending change. */
const slowCodes = new Set(['800014', '800073', '800074', '800082', '900112', '900113', '900278']);

export interface Progress {
  readonly total: number;
  /** Rejected, final, or held by a code that takes days. */
  readonly done: number;
  readonly byState: ReadonlyMap<string, number>;
  readonly pending: number;
  readonly failed: number;
  readonly held: readonly CartRow[];
  readonly questions: number;
}

/** `unresolved`: the worker died in a call for it, and the repeat was told to wait. */
export const isHeld = (cart: CartRow): boolean =>
  (cart.state === 'waiting' || cart.state === 'unresolved') &&
  cart.nextTry !== undefined &&
  cart.reason !== undefined &&
  slowCodes.has(cart.reason.code);

const isFinal = (cart: CartRow): boolean => ['completed', 'partial', 'failed'].includes(cart.state);

export function progressOf(books: Books, total: number): Progress {
  const byState = new Map<string, number>();
  for (const { state } of books.carts) byState.set(state, (byState.get(state) ?? 0) + 1);
  const held = books.carts.filter(isHeld);
  return {
    total,
    done: books.carts.filter(isFinal).length + held.length + books.rejected.length,
    byState,
    pending: books.orders.filter((order) => order.status !== 'completed' && order.status !== 'cancelled')
      .length,
    failed: (byState.get('failed') ?? 0) + (byState.get('partial') ?? 0),
    held,
    questions: books.questions,
  };
}

/** `212/300 · 5 pending · 1 failed · 6.2/s · ETA 00:14` */
export function lineOf(progress: Progress, seconds: number): string {
  const { done, total, pending, failed, questions } = progress;
  const rate = seconds > 0 ? done / seconds : 0;
  const left = rate > 0 ? Math.round((total - done) / rate) : 0;
  const eta = `${String(Math.floor(left / 60)).padStart(2, '0')}:${String(left % 60).padStart(2, '0')}`;
  const asks = questions > 0 ? ` · ${questions} ask a person` : '';
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
