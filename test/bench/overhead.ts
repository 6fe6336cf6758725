import type { Stack } from '../../local/stack.ts';
import { bareLoop } from './bare-loop.ts';
import { drained, instant, median, round, sendCarts, withStack } from './workload.ts';

/** So high that the gate's limit (500 calls in a minute) is far above what this machine can do. */
const factor = 100;
const jobs = 600;
const rounds = 3;

/** Jobs a second of the whole local stack, beside a bare loop that does the same requests in the same stack. */
export async function benchOverhead() {
  const env = { CALLS_PER_MINUTE: '500', CALLS_PER_MINUTE_CEILING: '500' };
  return withStack({ factor, switches: instant, env }, async (stack) => {
    const worker: number[] = [];
    const bare: number[] = [];
    // In turn, so that a busy machine slows both; the first round of each warms the disk and the servers.
    for (let turn = 0; turn <= rounds; turn += 1) {
      const pair = [await workerRate(stack), await bareRate(stack)] as const;
      if (turn === 0) continue;
      worker.push(pair[0]);
      bare.push(pair[1]);
      process.stderr.write(`overhead: worker ${round(pair[0], 1)}, bare loop ${round(pair[1], 1)} jobs/s\n`);
    }
    const ratios = worker.map((rate, turn) => rate / (bare[turn] ?? Number.NaN));
    return {
      jobs,
      rounds,
      workerJobsPerSecond: round(median(worker), 1),
      bareJobsPerSecond: round(median(bare), 1),
      ratio: round(median(ratios)),
      ratios: ratios.map((ratio) => round(ratio)),
      goal: 0.9,
    };
  });
}

async function workerRate(stack: Stack): Promise<number> {
  const worker = await stack.startWorker();
  const rate = await rateOf(stack);
  await worker.stop();
  return rate;
}

async function bareRate(stack: Stack): Promise<number> {
  const loop = await bareLoop(stack);
  const rate = await rateOf(stack);
  await loop.stop();
  return rate;
}

/** Measured at Partner Center, over the last four fifths: by then whoever calls is warm, and all messages are sent. */
async function rateOf(stack: Stack): Promise<number> {
  const before = stack.sandbox.calls().length;
  await sendCarts(stack, { count: jobs, customers: jobs, baskets: ['legacy'] });
  await drained(stack, 120_000);
  const times = stack.sandbox
    .calls()
    .slice(before)
    .map(({ arrivedAt }) => arrivedAt);
  if (times.length !== jobs) throw new Error(`${jobs} jobs made ${times.length} calls`);
  const from = Math.floor(jobs / 5);
  return ((jobs - 1 - from) * 1_000) / ((times.at(-1) ?? 0) - (times[from] ?? 0));
}
