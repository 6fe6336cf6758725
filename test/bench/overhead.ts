import { type Stack, withoutTimer } from '../../local/stack.ts';
import { type Bare, bareFunction, bareLoop } from './bare-loop.ts';
import { countingProxy } from './counting-proxy.ts';
import { processorMs } from './processor.ts';
import { drained, instant, median, round, sendCarts, withStack } from './workload.ts';

/** So high that the gate's limit (500 calls in a minute) is far above what this machine can do. */
const factor = 100;
const jobs = 3_000;
const rounds = 3;

/** `jobsPerPermitBatch`: for how many jobs the gate makes one request, counted in the same run. */
const kinds = {
  /** Without its timer: a tick comes with the clock, not with the jobs, and at this factor one would come every 200 jobs. */
  worker: (stack: Stack): Promise<Bare> => started(stack, withoutTimer),
  /** A function in the same host that does the same requests and nothing else. */
  bareFunction,
  /** The same requests in a process with nothing else, not even a host. */
  bareLoop,
} as const satisfies Record<string, (stack: Stack, jobsPerPermitBatch: number) => Promise<Bare>>;
type Kind = keyof typeof kinds;
const names = Object.keys(kinds) as Kind[];

interface Rate {
  readonly perSecond: number;
  readonly processorMs: number;
}

/**
 * Jobs a second of the whole local stack, and milliseconds of the processor that a job takes in the process that works on it, beside two
 * floors that do the same requests in the same stack.
 */
export async function benchOverhead() {
  const env = { CALLS_PER_MINUTE: '500', CALLS_PER_MINUTE_CEILING: '500' };
  return withStack({ factor, switches: instant, env }, async (stack) => {
    const jobsPerPermitBatch = await countJobsPerPermitBatch(stack);
    const measured: Record<Kind, Rate[]> = { worker: [], bareFunction: [], bareLoop: [] };
    // In turn, so that a busy machine slows all; the first round of each warms the disk and the servers.
    for (let turn = 0; turn <= rounds; turn += 1)
      for (const name of names) {
        const rate = await rateOf(stack, () => kinds[name](stack, jobsPerPermitBatch));
        if (turn === 0) continue;
        measured[name].push(rate);
        process.stderr.write(`overhead, ${name}: ${JSON.stringify(rate)}\n`);
      }
    const of = (name: Kind, what: keyof Rate) => round(median(measured[name].map((rate) => rate[what])), 2);
    const beside = (floor: 'bareFunction' | 'bareLoop') => {
      const ratios = measured.worker.map(
        ({ perSecond }, turn) => perSecond / (measured[floor][turn]?.perSecond ?? Number.NaN),
      );
      return { ratio: round(median(ratios)), ratios: ratios.map((ratio) => round(ratio)) };
    };
    return {
      jobs,
      rounds,
      jobsPerPermitBatch,
      jobsPerSecond: Object.fromEntries(names.map((name) => [name, of(name, 'perSecond')])),
      processorMsPerJob: Object.fromEntries(names.map((name) => [name, of(name, 'processorMs')])),
      besideBareFunction: beside('bareFunction'),
      besideBareLoop: beside('bareLoop'),
      goal: 0.9,
    };
  });
}

async function countJobsPerPermitBatch(stack: Stack): Promise<number> {
  const proxy = await countingProxy(new URL(stack.tables.tableEndpoint));
  try {
    const host = new URL(stack.tables.tableEndpoint).host;
    const TablesConnection = stack.tables.connectionString.replaceAll(host, proxy.host);
    const worker = await started(stack, { TablesConnection });
    await send(stack, jobs / 5);
    proxy.reset();
    await send(stack, jobs / 5);
    const gate = [...proxy.counts()].filter(([key]) => key.endsWith(' Gate'));
    await worker.stop();
    return round(jobs / 5 / gate.reduce((sum, [, count]) => sum + count, 0), 1);
  } finally {
    await proxy.stop();
  }
}

async function started(stack: Stack, env: Readonly<Record<string, string>> = {}): Promise<Bare> {
  const worker = await stack.startWorker(undefined, env);
  return {
    pid: worker.pid,
    async stop() {
      await worker.stop();
    },
  };
}

/** Measured at Partner Center, over the last four fifths: by then whoever calls is warm, and all messages are sent. */
async function rateOf(stack: Stack, start: () => Promise<Bare>): Promise<Rate> {
  const who = await start();
  const fifth = jobs / 5;
  await send(stack, fifth);
  const from = await processorMs(who.pid);
  const times = await send(stack, jobs - fifth);
  const used = (await processorMs(who.pid)) - from;
  await who.stop();
  return {
    perSecond: round(((times.length - 1) * 1_000) / ((times.at(-1) ?? 0) - (times[0] ?? 0)), 1),
    processorMs: round(used / times.length, 2),
  };
}

async function send(stack: Stack, count: number): Promise<readonly number[]> {
  const before = stack.sandbox.calls().length;
  await sendCarts(stack, { count, customers: count, baskets: ['legacy'] });
  await drained(stack, 120_000);
  const times = stack.sandbox
    .calls()
    .slice(before)
    .map(({ arrivedAt }) => arrivedAt);
  if (times.length !== count) throw new Error(`${count} jobs made ${times.length} calls`);
  return times;
}
