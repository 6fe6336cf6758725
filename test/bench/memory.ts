import { readFile } from 'node:fs/promises';
import { drained, instant, round, sendCarts, withStack } from './workload.ts';

/** So small a heap that V8 has to collect: what is left is what the worker needs. */
const bounded = '--max-old-space-size=96 --max-semi-space-size=2';

/** Resident memory of a worker process, local host included, after so many jobs, with V8's defaults and with a small heap. MiB. */
export const benchMemory = async () => ({
  byDefault: await grow(''),
  bounded: { flags: bounded, ...(await grow(bounded)) },
  goal: { flat: true, mostMiB: 180 },
});

async function grow(flags: string) {
  const env = { CALLS_PER_MINUTE: '500', CALLS_PER_MINUTE_CEILING: '500', NODE_OPTIONS: flags };
  return withStack({ factor: 100, switches: instant, env }, async (stack) => {
    const worker = await stack.startWorker();
    const startMiB = await residentMiB(worker.pid);
    const afterMiB: Record<string, number> = {};
    let done = 0;
    for (const jobs of [1_000, 2_000, 4_000, 6_000, 8_000, 10_000]) {
      const count = jobs - done;
      await sendCarts(stack, { count, customers: Math.ceil(count / 4), baskets: ['legacy'] });
      await drained(stack, 600_000);
      done = jobs;
      afterMiB[jobs] = await residentMiB(worker.pid);
      process.stderr.write(`memory ${flags}, ${jobs} jobs: ${afterMiB[jobs]} MiB\n`);
    }
    return {
      startMiB,
      afterMiB,
      ratio: round((afterMiB[10_000] ?? Number.NaN) / (afterMiB[1_000] ?? Number.NaN)),
    };
  });
}

/** Linux tells it in /proc. */
async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kib === undefined) throw new Error(`/proc/${pid}/status names no VmRSS`);
  return Math.round(Number(kib) / 1_024);
}
