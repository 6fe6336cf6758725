import { ServiceBusClient } from '@azure/service-bus';
import { tooEarly } from '../partner-center/sandbox.ts';
import { queueName, type Stack } from '../stack.ts';
import { type Books, booksReader, type Standing } from '../verdict/books.ts';
import { agrees, type Comparison, compare } from '../verdict/compare.ts';
import { compareLines, type LinesVerdict, linesAgree } from '../verdict/lines.ts';
import type { Line, Plan } from './plan.ts';
import { lineOf, type liveLine, messageIdOf, missing, type Progress, progressOf } from './progress.ts';
import { type Interrupted, summaryOf, unanswered } from './summary.ts';

export interface NightOptions {
  readonly stack: Stack;
  readonly plan: Plan;
  readonly output: ReturnType<typeof liveLine>;
  /** Gives up after so many ms in which no line came any further. */
  readonly limitMs: number;
  /** The bad moments of a night: a storm of 429s, and a worker killed in the middle of its calls. */
  readonly trouble: boolean;
  /** Ends the night before its end. */
  readonly signal?: AbortSignal;
}

export interface NightResult {
  /** What is wrong, in words; empty if all checks passed. */
  readonly wrong: readonly string[];
  readonly summary: string;
  readonly comparison: Comparison;
  readonly interrupted: readonly Interrupted[];
  /** Undefined: no job carries lines. */
  readonly lines: LinesVerdict | undefined;
  readonly books: Books;
}

/** How often the tables are read for the live line. */
const readEvery = 500;
const stormRetryAfter = 4;
/** The kill waits for this many checkouts that are committed and not yet answered, and for a cart that is. */
const openAtKill = 5;
/** How long it waits for them at most, ms. */
const openLimit = 60_000;

/** One night from the first message to the verdict. Throws the signal's reason when it is ended from outside. */
export async function runNight(options: NightOptions): Promise<NightResult> {
  const { stack, plan, output } = options;
  const reader = booksReader(stack.tables.connectionString);
  stack.sandbox.set({ faults: [...plan.faults] });
  let worker = await stack.startWorker();
  const startedAt = Date.now();
  // The last two thirds come when the first is through: then the worker is in the middle of its calls, however fast it is.
  const third = options.trouble ? Math.ceil(plan.lines.length / 3) : plan.lines.length;
  await enqueue(stack, plan.lines.slice(0, third));

  let interrupted: readonly Interrupted[] = [];
  let stormed = !options.trouble;
  let killed = !options.trouble;
  let movedAt = startedAt;
  let trace = '';
  for (;;) {
    const readAt = Date.now();
    const standing = await reader.standing();
    const tookMs = Date.now() - readAt;
    const progress = progressOf(standing, plan.lines);
    const elapsed = Date.now() - startedAt;
    output.show(lineOf(progress, elapsed / 1_000));
    const onlyQuestions = progress.done + progress.asking === progress.total;
    const moved = traceOf(standing, progress);
    if (moved !== trace) [trace, movedAt] = [moved, Date.now()];
    // A second message of a job that is done says something too: its other lines are refused.
    const { active, locked } = stack.broker.entity(queueName).counts();
    const isOver = onlyQuestions && active + locked === 0;
    if (isOver || Date.now() - movedAt >= options.limitMs) break;
    const begun = stack.sandbox.orderBook().length > 0 ? standing.carts.length : 0;
    if (!stormed && begun >= plan.lines.length / 6) {
      stormed = true;
      output.say(`Partner Center answers 429 for a moment, Retry-After ${stormRetryAfter} s`);
      stack.sandbox.set({ storm: { until: Date.now() + 300, retryAfter: stormRetryAfter } });
    }
    if (!killed && stormed && settledIn(standing) >= third * 0.75) {
      killed = true;
      interrupted = await killInTheMiddle(stack, worker, third, options);
      worker = await stack.startWorker();
      output.say('The worker is started again');
    }
    // Azurite serves one request at a time: whoever looks takes no more than a tenth of it from the worker.
    await new Promise((resolve) => setTimeout(resolve, Math.max(readEvery, 9 * tookMs)));
    options.signal?.throwIfAborted();
  }
  output.end();

  const books = await reader.read();
  const jobOfCart = new Map(books.carts.map(({ cartId, jobKey }) => [cartId, jobKey]));
  const comparison = compare(stack.sandbox.orderBook(), books.orders, jobOfCart);
  const own = new Set(stack.sandbox.postedCarts());
  const lines =
    plan.orders === undefined
      ? undefined
      : compareLines(plan.orders, stack.sandbox.orderBook(), books.carts, own);
  const lostJobs = missing(books, plan.lines);
  const early = tooEarly(stack.sandbox.calls()).length;
  const wrong = wrongOf({
    plan,
    progress: progressOf(books, plan.lines),
    rejected: books.rejected.length,
    comparison,
    lostJobs: lostJobs.length,
    early,
    stalledMs: options.limitMs,
    ...(lines === undefined ? {} : { lines }),
    ...(options.trouble ? { interrupted: interrupted.length } : {}),
  });
  const summary = summaryOf({
    books,
    plan,
    interrupted,
    comparison,
    tooEarly: early,
    lostJobs,
    ...(lines === undefined ? {} : { lines }),
  });
  return { wrong, summary, comparison, interrupted, lines, books };
}

/** Changes with whatever a night gets done, so that a long list has the time that it needs. */
const traceOf = (books: Standing, { done }: Progress): string =>
  [done, books.carts.length, books.orders.length, ...books.carts.map(({ state }) => state)].join();

/** What is wrong, in words; empty only if every line was checked and had its intended result. */
export function wrongOf(parts: {
  readonly plan: Plan;
  readonly progress: Progress;
  readonly rejected: number;
  readonly comparison: Comparison;
  readonly lostJobs: number;
  readonly early: number;
  readonly stalledMs: number;
  readonly lines?: LinesVerdict;
  /** How many open checkouts the kill met, where there was one. */
  readonly interrupted?: number;
}): readonly string[] {
  const { plan, progress, rejected, comparison, lostJobs, early, stalledMs, interrupted, lines } = parts;
  const { done, total, asking, failed } = progress;
  const left = total - done - asking;
  const invalid = rejected + plan.unread.length;
  const all = total + plan.unread.length;
  const asks = asking === 0 ? '' : `, of which ${asking} need a person`;
  const stopped =
    left === 0
      ? ''
      : ` (stopped after ${Math.round(stalledMs / 1_000)} s without progress: they are not judged)`;
  // While lines are under way, an order may be made and not yet be in the table: only a second purchase is certain.
  const settled = left === 0;
  return [
    done === total ? '' : `lines without a result: ${total - done}${asks}${stopped}`,
    plan.own && invalid > 0 ? `${invalid} of ${all} lines are not valid` : '',
    plan.own && failed > 0 ? `${failed} of ${all} lines failed, or were bought in part` : '',
    settled && !agrees(comparison) ? 'the tables differ from Partner Center' : '',
    !settled && comparison.boughtTwice.length > 0 ? `bought twice: ${comparison.boughtTwice.length}` : '',
    settled && lines !== undefined && !linesAgree(lines) ? 'order lines and orders do not agree' : '',
    !settled && lines !== undefined && lines.boughtTwice.length > 0
      ? `lines bought twice: ${lines.boughtTwice.length}`
      : '',
    settled && lostJobs > 0 ? `jobs lost: ${lostJobs}` : '',
    early === 0 ? '' : `calls too early: ${early}`,
    interrupted !== undefined && interrupted < openAtKill
      ? `the kill interrupted only ${interrupted} checkouts, and should interrupt ${openAtKill}`
      : '',
  ].filter((text) => text !== '');
}

const settledIn = (books: Standing): number =>
  books.carts.filter(({ state }) => ['ordered', 'completed', 'partial', 'failed'].includes(state)).length;

/** Sends each line with the official client, its number in the message id. */
export async function enqueue(stack: Stack, lines: readonly Line[]): Promise<void> {
  const client = new ServiceBusClient(stack.broker.connectionString);
  const sender = client.createSender(queueName);
  let batch = await sender.createMessageBatch();
  for (const line of lines) {
    const text = typeof line.body === 'string' ? line.body : JSON.stringify(line.body);
    const message = { messageId: messageIdOf(line), body: Buffer.from(text) };
    if (batch.tryAddMessage(message)) continue;
    await sender.sendMessages(batch);
    batch = await sender.createMessageBatch();
    batch.tryAddMessage(message);
  }
  if (batch.count > 0) await sender.sendMessages(batch);
  await client.close();
}

async function killInTheMiddle(
  stack: Stack,
  worker: Awaited<ReturnType<Stack['startWorker']>>,
  third: number,
  { output, plan: { faults, lines, orders } }: NightOptions,
): Promise<readonly Interrupted[]> {
  const { sandbox } = stack;
  // The next answers are slow, after the orders were made: the worst moment for whoever waits for them.
  // All of them are, until so many are open at the same time, however few calls this machine manages.
  const slow = { kind: 'delay' as const, when: 'after' as const, ms: 120_000 };
  // And so are the answers about some carts that were made.
  const slowCart = {
    kind: 'delay' as const,
    when: 'after' as const,
    operations: ['create-cart' as const],
    ms: 120_000,
    count: 6,
  };
  // What was to happen so many times has happened: new faults would count from nothing, and a cart could lose its availability twice.
  const lasting = faults.filter(({ count }) => count === undefined);
  sandbox.set({ faults: [...lasting, slow, slowCart] });
  await enqueue(stack, lines.slice(third));
  const limit = new Promise<void>((resolve) => setTimeout(resolve, openLimit).unref());
  const underWay = [sandbox.whenAwaitingAnswer(openAtKill)];
  if (orders !== undefined) underWay.push(sandbox.whenCartAwaitsAnswer());
  await Promise.race([Promise.all(underWay), limit]);
  await worker.kill();
  // When the process is gone, its connections are: what was under way then is what was interrupted.
  const calls = sandbox.calls();
  const interrupted = unanswered(calls);
  const carts = calls.filter(
    ({ operation, answeredAt }) => operation === 'create-cart' && answeredAt === undefined,
  ).length;
  sandbox.set({ faults: [...lasting] });
  output.say(
    `The worker was killed with SIGKILL: ${interrupted.length} checkouts are committed and not yet answered, ${carts} carts were being created`,
  );
  return interrupted;
}
