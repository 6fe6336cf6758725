/** `npm start`: a night of checkouts on this machine, with the bundle that Azure runs. */
import * as z from 'zod/mini';
import { buildDist } from './build.ts';
import { numberIn, readOptions } from './command-line.ts';
import { filePlan, type OwnList, openList } from './night/list.ts';
import { samplePlan } from './night/plan.ts';
import { liveLine } from './night/progress.ts';
import { runNight } from './night/run-night.ts';
import { type Stack, startStack } from './stack.ts';

/** How many times faster than the real one this night is. */
const factor = 100;
const minute = 60_000;

const usage = `npm start --                a night of checkouts on this machine
  --carts 300               of the sample night, 20 to 5000
  --file my.csv             rehearses a list of your own: CSV with a header, or one JSON object a line
  --lie hide|invent         has the order book tell a lie, to see it caught`;

const options = readOptions(
  usage,
  {
    file: { type: 'string' },
    carts: { type: 'string', default: '300' },
    lie: { type: 'string', default: 'none' },
  },
  z.object({
    file: z.optional(z.string()),
    carts: numberIn(20, 5_000),
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
const output = liveLine(process.stdout);
const startedAt = Date.now();
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  output.end();
  output.say(stopping.signal.aborted ? 'Stopped before its end.' : reasonOf(error));
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
  const stack = await startStack({ factor, appRoot: root, switches: { pending: quickOrders } });
  try {
    stack.sandbox.set({ lie: options.lie });
    return await night(stack, list);
  } finally {
    await stack.stop();
  }
}

async function night(stack: Stack, list: OwnList | undefined): Promise<boolean> {
  const { file, carts } = options;
  const plan =
    file === undefined || list === undefined
      ? samplePlan(stack.sandbox, carts, Math.round(carts / 5))
      : filePlan(stack.sandbox, file, list);
  output.say(`The night: ${plan.about}.`);
  output.say(
    `The clock runs ${factor} times faster: a minute of the night lasts ${(60 / factor).toFixed(1)} s here.`,
  );
  const { wrong, summary } = await runNight({
    stack,
    plan,
    output,
    limitMs: 5 * minute,
    trouble: file === undefined,
    signal: stopping.signal,
  });
  output.say(summary);
  output.say(`
${wrong.length === 0 ? 'All is as it should be.' : `NOT as it should be: ${wrong.join('; ')}.`} ${((Date.now() - startedAt) / 1_000).toFixed(0)} s in all.

Next:
  npm run dev                      # keeps the stack up, for messages of your own
  npm start -- --file my.csv       # rehearses your own list (columns customerId, cartId, …)
  npm cit                          # installs and runs the tests`);
  return wrong.length === 0;
}

/** What a person can mend, like a file that is not there, in a sentence; what is a bug, with its place. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error || error.constructor === Error ? error.message : (error.stack ?? error.message);
}
