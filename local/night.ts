/**
 * `npm start`: a night of checkouts on this machine, with the bundle that Azure runs.
 * `npm start -- --file my.csv` rehearses a list of one's own (CSV with a header, or one JSON object a line).
 * `--carts N` makes the sample night shorter; `--lie hide` or `invent` has the order book tell a lie, to see it caught.
 */
import { parseArgs } from 'node:util';
import * as z from 'zod/mini';
import { buildDist } from './build.ts';
import { filePlan } from './night/list.ts';
import { samplePlan } from './night/plan.ts';
import { liveLine } from './night/progress.ts';
import { runNight } from './night/run-night.ts';
import { type Stack, startStack } from './stack.ts';

/** How many times faster than the real one this night is. */
const factor = 100;
const minute = 60_000;

const optionsShape = z.object({
  file: z.optional(z.string()),
  carts: z._default(z.coerce.number().check(z.int(), z.gte(20), z.lte(5_000)), 300),
  lie: z._default(z.enum(['none', 'hide', 'invent']), 'none'),
});

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
  const options = readOptions();
  output.say('Building the function bundle …');
  const { bytes } = await buildDist(root);
  output.say(
    `dist/main.cjs, ${(bytes / 1_048_576).toFixed(1)} MB. Starting broker, tables and Partner Center sandbox …`,
  );
  const stack = await startStack({ factor, appRoot: root, switches: { pending: quickOrders } });
  try {
    stack.sandbox.set({ lie: options.lie });
    return await night(stack, options);
  } finally {
    await stack.stop();
  }
}

function readOptions(): z.infer<typeof optionsShape> {
  const { values } = parseArgs({
    options: { file: { type: 'string' }, carts: { type: 'string' }, lie: { type: 'string' } },
  });
  const options = optionsShape.safeParse(values);
  if (!options.success) throw new Error(z.prettifyError(options.error));
  return options.data;
}

async function night(stack: Stack, { file, carts }: ReturnType<typeof readOptions>): Promise<boolean> {
  const plan =
    file === undefined
      ? samplePlan(stack.sandbox, carts, Math.round(carts / 5))
      : await filePlan(stack.sandbox, file);
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
