/**
 * `npm start`: a night of checkouts on this machine, with the bundle that Azure runs.
 * `npm start -- --file my.csv` rehearses a list of one's own (CSV with a header, or one JSON object a line).
 */
import { parseArgs } from 'node:util';
import { buildDist } from './build.ts';
import { filePlan, samplePlan } from './night/plan.ts';
import { liveLine } from './night/progress.ts';
import { runNight } from './night/run-night.ts';
import { startStack } from './stack.ts';

/** How many times faster than the real one this night is. */
const factor = 100;

const { values } = parseArgs({
  options: { file: { type: 'string' }, carts: { type: 'string' }, lie: { type: 'string' } },
});
const root = new URL('..', import.meta.url).pathname;
const output = liveLine(process.stdout);
const startedAt = Date.now();

output.say('Building the function bundle …');
const { bytes } = await buildDist(root);
output.say(
  `dist/main.cjs, ${(bytes / 1_048_576).toFixed(1)} MB. Starting broker, tables and Partner Center sandbox …`,
);
const stack = await startStack({ factor, appRoot: root, switches: { pending: quickOrders() } });
process.once('SIGINT', async () => {
  await stack.stop();
  process.exit(130);
});
try {
  const lie = values.lie === 'hide' || values.lie === 'invent' ? values.lie : 'none';
  stack.sandbox.set({ lie });
  const plan =
    values.file === undefined
      ? samplePlan(
          stack.sandbox,
          Number(values.carts ?? 300),
          Math.max(1, Math.round(Number(values.carts ?? 300) / 5)),
        )
      : await filePlan(stack.sandbox, values.file);
  output.say(`The night: ${plan.about}.`);
  output.say(
    `The clock runs ${factor} times faster: a minute of the night lasts ${(60 / factor).toFixed(1)} s here.`,
  );
  const { ok, summary } = await runNight({
    stack,
    plan,
    output,
    limitMs: 5 * 60_000,
    trouble: values.file === undefined,
  });
  output.say(summary);
  output.say(nextSteps(ok));
  process.exitCode = ok ? 0 : 1;
} finally {
  await stack.stop();
}

/** A night of one minute has no time for orders that are pending for an hour: half an hour, as the clock goes here. */
function quickOrders() {
  const minute = 60_000;
  return {
    licence: [5_000, minute] as [number, number],
    reservation: [2 * minute, 20 * minute] as [number, number],
    software: [2 * minute, 25 * minute] as [number, number],
    saas: [2 * minute, 20 * minute] as [number, number],
  };
}

function nextSteps(ok: boolean): string {
  const verdict = ok ? 'The books agree.' : 'THE BOOKS DO NOT AGREE, or the night did not end: see above.';
  return [
    '',
    `${verdict} ${((Date.now() - startedAt) / 1_000).toFixed(0)} s in all.`,
    '',
    'Next:',
    '  npm run dev                      # keeps the stack up, for messages of your own',
    '  npm start -- --file my.csv       # rehearses your own list (columns customerId, cartId, …)',
    '  npm cit                          # installs and runs the tests',
  ].join('\n');
}
