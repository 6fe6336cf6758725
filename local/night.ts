/** `npm start`: a night of checkouts on this machine, with the bundle that Azure runs. */
import * as z from 'zod/mini';
import { defaultGateSettings } from '../src/domain/gate/gate-settings.ts';
import { buildDist } from './build.ts';
import { numberIn, readOptions } from './command-line.ts';
import { filePlan, type OwnList, openList } from './night/list.ts';
import { paceOf } from './night/pace.ts';
import { samplePlan } from './night/plan.ts';
import { liveLine } from './night/progress.ts';
import { runNight } from './night/run-night.ts';
import { type Stack, startStack } from './stack.ts';
import { agrees } from './verdict/compare.ts';

/** How many times faster than the real one this night is. */
const factor = 100;
const minute = 60_000;

const usage = `npm start --                a night of checkouts on this machine
  --jobs 300                of the sample night, 30 to 5000; a third of them carry order lines
  --lines 300               order lines of these jobs
  --json                    prints figures as JSON at the end, and nothing else
  --file my.csv             rehearses a list of your own: CSV with a header, or one JSON object a line
  --lie hide|invent         has the order book tell a lie, to see it caught`;

const options = readOptions(
  usage,
  {
    file: { type: 'string' },
    jobs: { type: 'string', default: '300' },
    lines: { type: 'string', default: '300' },
    json: { type: 'boolean', default: false },
    lie: { type: 'string', default: 'none' },
  },
  z.object({
    file: z.optional(z.string()),
    jobs: numberIn(30, 5_000),
    lines: numberIn(10, 50_000),
    json: z.boolean(),
    lie: z.enum(['none', 'hide', 'invent']),
  }),
);

/** A night of one minute has no time for orders that are pending for an hour. */
const quickOrders = {
  licence: [5_000, minute] as [number, number],
  reservation: [2 * minute, 20 * minute] as [number, number],
  software: [2 * minute, 25 * minute] as [number, number],
  saas: [2 * minute, 20 * minute] as [number, number],
};

const root = new URL('..', import.meta.url).pathname;
// Figures go to standard output, all else to the other one.
const output = liveLine(options.json ? process.stderr : process.stdout);
const startedAt = Date.now();
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  output.end();
  output.say(stopping.signal.aborted ? 'Stopped before the end.' : reasonOf(error));
  process.exitCode = stopping.signal.aborted ? 130 : 1;
}

async function main(): Promise<boolean> {
  // Read first: a list that cannot be sent is told before anything is built.
  const list = options.file === undefined ? undefined : await openList(options.file);
  output.say('Building the function bundle …');
  const { bytes } = await buildDist(root);
  output.say(
    `dist/main.cjs, ${(bytes / 1_048_576).toFixed(1)} MB. Starting broker, tables and Partner Center sandbox …`,
  );
  const stack = await startStack({
    factor,
    appRoot: root,
    stops: 'azure',
    switches: { pending: quickOrders },
  });
  try {
    stack.sandbox.set({ lie: options.lie });
    return await night(stack, list);
  } finally {
    await stack.stop();
  }
}

async function night(stack: Stack, list: OwnList | undefined): Promise<boolean> {
  const { file, jobs, lines } = options;
  const orders = Math.floor(jobs / 3);
  const carts = jobs - orders;
  const plan =
    file === undefined || list === undefined
      ? samplePlan(stack.sandbox, carts, Math.round(carts / 5), { jobs: orders, lines })
      : filePlan(stack.sandbox, file, list);
  output.say(`This run has ${plan.about}.`);
  output.say(`The clock runs ${factor} times faster: a minute lasts ${(60 / factor).toFixed(1)} s here.`);
  const begunAt = Date.now();
  const {
    wrong,
    summary,
    comparison,
    lines: bought,
    books,
  } = await runNight({
    stack,
    plan,
    output,
    limitMs: 5 * minute,
    trouble: file === undefined,
    signal: stopping.signal,
  });
  const calls = stack.sandbox.calls();
  const { words, ...pace } = paceOf({
    calls: calls.length,
    jobs: books.carts.length,
    ms: Date.now() - begunAt,
    factor,
    perMinute: defaultGateSettings.limitPerMinute,
  });
  output.say(`${summary}\n${words}`);
  if (options.json) {
    const throttled = calls.filter((call) => call.throttled).length;
    const figures = { ...figuresOf({ plan, wrong, comparison, bought, books }), throttled, ...pace };
    process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
  }
  output.say(`
${wrong.length === 0 ? 'All checks passed.' : `FAILED: ${wrong.join('; ')}.`} ${((Date.now() - startedAt) / 1_000).toFixed(0)} s in all.

Next:
  npm run dev                      # keeps the stack up, for messages of your own
  npm start -- --file my.csv       # rehearses your own list (columns customerId, cartId, …)
  npm cit                          # installs and runs the tests`);
  return wrong.length === 0;
}

/** What a night is judged by. */
function figuresOf(parts: {
  readonly plan: ReturnType<typeof samplePlan>;
  readonly wrong: readonly string[];
  readonly comparison: Awaited<ReturnType<typeof runNight>>['comparison'];
  readonly bought: Awaited<ReturnType<typeof runNight>>['lines'];
  readonly books: Awaited<ReturnType<typeof runNight>>['books'];
}) {
  const { plan, wrong, comparison, bought, books } = parts;
  return {
    good: wrong.length === 0,
    wrong,
    jobs: books.carts.length,
    lines: plan.orders?.reduce((sum, { lines }) => sum + lines.length, 0) ?? 0,
    booksAgree: agrees(comparison),
    boughtTwice: comparison.boughtTwice.length,
    lost: comparison.lost.length,
    linesBought: bought?.linesBought ?? 0,
    linesBoughtTwice: bought?.boughtTwice.length ?? 0,
    ordersWithoutLine: bought?.withoutLine.length ?? 0,
    totalsThatDiffer: bought?.totals.length ?? 0,
  };
}

/** What a person can mend, like a file that is not there, in a sentence; what is a bug, with its place. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error || error.constructor === Error ? error.message : (error.stack ?? error.message);
}
