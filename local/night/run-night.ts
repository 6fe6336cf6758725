import { ServiceBusClient } from '@azure/service-bus';
import { tooEarly } from '../partner-center/sandbox.ts';
import { queueName, type Stack } from '../stack.ts';
import { type Books, booksReader } from '../verdict/books.ts';
import { agrees, type Comparison, compare } from '../verdict/compare.ts';
import type { Line, Plan } from './plan.ts';
import { lineOf, type liveLine, progressOf } from './progress.ts';
import { type Interrupted, summaryOf, unanswered } from './summary.ts';

export interface NightOptions {
  readonly stack: Stack;
  readonly plan: Plan;
  readonly output: ReturnType<typeof liveLine>;
  /** Gives up after so many ms. */
  readonly limitMs: number;
  /** The bad moments of a night: a storm of 429s, and a worker killed in the middle of its calls. */
  readonly trouble: boolean;
  /** Hears each line that a worker prints. */
  readonly onLine?: (line: string) => void;
}

export interface NightResult {
  readonly ok: boolean;
  readonly summary: string;
  readonly comparison: Comparison;
  readonly interrupted: readonly Interrupted[];
}

/** How often the tables are read for the live line. */
const readEvery = 500;
const stormRetryAfter = 4;
/** The kill waits for this many checkouts that are committed and not yet answered. */
const openAtKill = 5;

/** One night from the first message to the verdict. */
export async function runNight(options: NightOptions): Promise<NightResult> {
  const { stack, plan, output } = options;
  const reader = booksReader(stack.tables.connectionString);
  stack.sandbox.set({ faults: [...plan.faults] });
  let worker = await stack.startWorker(options.onLine);
  const startedAt = Date.now();
  // The last two thirds come when the first is through: then the worker is in the middle of its calls, however fast it is.
  const third = options.trouble ? Math.ceil(plan.lines.length / 3) : plan.lines.length;
  await enqueue(stack, plan.lines.slice(0, third));
  const total = expected(plan.lines);

  let interrupted: readonly Interrupted[] = [];
  let stormed = !options.trouble;
  let killed = !options.trouble;
  let books: Books = { carts: [], orders: [], rejected: [], questions: 0 };
  for (;;) {
    books = await reader.read();
    const progress = progressOf(books, total);
    output.show(lineOf(progress, (Date.now() - startedAt) / 1_000));
    const onlyQuestions = progress.questions > 0 && progress.done + progress.questions >= total;
    if (progress.done >= total || onlyQuestions || Date.now() - startedAt > options.limitMs) break;
    const begun = stack.sandbox.orderBook().length > 0 ? books.carts.length : 0;
    if (!stormed && begun >= total / 6) {
      stormed = true;
      output.say(`Partner Center answers 429 for a moment, Retry-After ${stormRetryAfter} s`);
      stack.sandbox.set({ storm: { until: Date.now() + 300, retryAfter: stormRetryAfter } });
    }
    if (!killed && stormed && settledIn(books) >= third * 0.75) {
      killed = true;
      interrupted = await killInTheMiddle(stack, worker, third, options);
      worker = await stack.startWorker(options.onLine);
      output.say('The worker is started again');
    }
    await new Promise((resolve) => setTimeout(resolve, readEvery));
  }
  output.end();

  const comparison = compare(stack.sandbox.orderBook(), books.orders);
  const lostJobs = missing(plan.lines, books);
  const early = tooEarly(stack.sandbox.calls()).length;
  const done = progressOf(books, total).done >= total;
  return {
    ok:
      done &&
      agrees(comparison) &&
      early === 0 &&
      lostJobs.length === 0 &&
      (!options.trouble || interrupted.length >= openAtKill),
    summary: summaryOf({ books, lines: plan.lines, interrupted, comparison, tooEarly: early, lostJobs }),
    comparison,
    interrupted,
  };
}

const settledIn = (books: Books): number =>
  books.carts.filter(({ state }) => ['ordered', 'completed', 'partial', 'failed'].includes(state)).length;

/** Every distinct cart ends in one record, every line that is no job in one rejected row. */
function expected(lines: readonly Line[]): number {
  const carts = new Set(
    lines.flatMap(({ cartId, customerId }) => (cartId === undefined ? [] : `${customerId}:${cartId}`)),
  );
  return carts.size + lines.filter(({ cartId }) => cartId === undefined).length;
}

/** Lines of which there is neither a record nor a rejected row. */
function missing(lines: readonly Line[], books: Books): readonly Line[] {
  const carts = new Set(books.carts.map(({ customerId, cartId }) => `${customerId}:${cartId}`));
  const rejected = new Set(books.rejected.map(({ messageId }) => messageId));
  return lines.filter(
    ({ number, customerId, cartId }) =>
      !carts.has(`${customerId}:${cartId}`) && !rejected.has(`line-${number}`),
  );
}

/** Sends each line with the official client, its number in the message id. */
export async function enqueue(stack: Stack, lines: readonly Line[]): Promise<void> {
  const client = new ServiceBusClient(stack.broker.connectionString);
  const sender = client.createSender(queueName);
  for (let start = 0; start < lines.length; start += 100)
    await sender.sendMessages(
      lines.slice(start, start + 100).map(({ number, body }) => ({
        messageId: `line-${number}`,
        body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
      })),
    );
  await client.close();
}

async function killInTheMiddle(
  stack: Stack,
  worker: Awaited<ReturnType<Stack['startWorker']>>,
  third: number,
  { output, plan: { faults, lines } }: NightOptions,
): Promise<readonly Interrupted[]> {
  const { sandbox } = stack;
  // The next answers are slow, after the orders were made: the worst moment for whoever waits for them.
  const slow = { kind: 'delay' as const, when: 'after' as const, ms: 120_000, count: openAtKill + 3 };
  sandbox.set({ faults: [...faults, slow] });
  await enqueue(stack, lines.slice(third));
  const limit = new Promise<void>((resolve) => setTimeout(resolve, 15_000).unref());
  await Promise.race([sandbox.whenAwaitingAnswer(openAtKill), limit]);
  await worker.kill();
  // When the process is gone, its connections are: what was under way then is what was interrupted.
  const interrupted = unanswered(sandbox.calls());
  sandbox.set({ faults: [...faults] });
  output.say(
    `The worker was killed with SIGKILL: ${interrupted.length} checkouts are committed and not yet answered`,
  );
  return interrupted;
}
