import { readFile } from 'node:fs/promises';
import { type Bare, bareFunction } from './bare-loop.ts';
import { drained, instant, round, type Stack, sendCarts, withStack } from './workload.ts';

const env = { CALLS_PER_MINUTE: '500', CALLS_PER_MINUTE_CEILING: '500' };

/**
 * Resident memory of the worker's process after so many jobs, local host included: as it is deployed, and with V8's own measure of
 * the heap. Beside it a function in the same host that makes the same requests: what is not the worker's own. MiB.
 */
export const benchMemory = async () => ({
  deployed: await grow([1_000, 2_000, 4_000, 6_000, 8_000, 10_000], worker()),
  bareFunction: await grow([1_000, 4_000], async (stack) => {
    await oneJob(stack);
    return bareFunction(stack);
  }),
  v8Defaults: await grow([1_000, 4_000, 10_000], worker({ languageWorkers__node__arguments: '' })),
  goal: { flat: true, mostMiB: 180 },
});

const worker =
  (settings: Readonly<Record<string, string>> = {}) =>
  async (stack: Stack): Promise<Bare> => {
    const started = await stack.startWorker(undefined, settings);
    return {
      pid: started.pid,
      async stop() {
        await started.stop();
      },
    };
  };

/** The bare function takes the rows of a job as its samples. */
async function oneJob(stack: Stack): Promise<void> {
  const first = await stack.startWorker();
  await sendCarts(stack, { count: 1, baskets: ['legacy'] });
  await drained(stack, 60_000);
  await first.stop();
}

async function grow(steps: readonly number[], start: (stack: Stack) => Promise<Bare>) {
  return withStack({ factor: 100, switches: instant, env }, async (stack) => {
    const process_ = await start(stack);
    const startMiB = await residentMiB(process_.pid);
    const afterMiB: Record<string, number> = {};
    let done = 0;
    for (const jobs of steps) {
      const count = jobs - done;
      await sendCarts(stack, { count, customers: Math.ceil(count / 4), baskets: ['legacy'] });
      await drained(stack, 600_000);
      done = jobs;
      afterMiB[jobs] = await residentMiB(process_.pid);
      process.stderr.write(`memory, ${jobs} jobs: ${afterMiB[jobs]} MiB\n`);
    }
    await process_.stop();
    const [first, last] = [steps[0] ?? Number.NaN, steps.at(-1) ?? Number.NaN];
    return {
      startMiB,
      afterMiB,
      ratio: round((afterMiB[last] ?? Number.NaN) / (afterMiB[first] ?? Number.NaN)),
    };
  });
}

/** Linux tells it in /proc. */
async function residentMiB(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kib === undefined) throw new Error(`/proc/${pid}/status names no VmRSS`);
  return Math.round(Number(kib) / 1_024);
}
