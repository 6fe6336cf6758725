/** `npm run bench`: every figure is a ratio against something that is measured, or counted, in the same run. */
import { writeFile } from 'node:fs/promises';
import * as z from 'zod/mini';
import { buildDist } from '../../local/build.ts';
import { numberIn, readOptions } from '../../local/command-line.ts';
import { benchBudget, benchLowerLimit } from './budget.ts';
import { benchEnqueue } from './enqueue.ts';
import { benchFirstCall } from './first-call.ts';
import { benchFirstSubscription } from './first-subscription.ts';
import { benchGrowth } from './growth.ts';
import { benchLatency } from './latency.ts';
import { benchMemory } from './memory.ts';
import { benchOneCustomer } from './one-customer.ts';
import { benchOrderDelay } from './order-delay.ts';
import { benchOverhead } from './overhead.ts';
import { benchPeers } from './peers.ts';
import { benchPending } from './pending.ts';
import { benchPoll } from './poll.ts';
import { benchRedrive } from './redrive.ts';
import { benchReopen } from './reopen.ts';
import { benchRequests } from './requests.ts';
import { benchRivals } from './rivals.ts';
import { benchStart } from './start.ts';
import { benchUrgent } from './urgent.ts';
import { root } from './workload.ts';

interface BenchSizes {
  readonly jobs: number;
  readonly starts: number;
  readonly rounds: number;
}

const benches = {
  requests: benchRequests,
  enqueue: benchEnqueue,
  rivals: benchRivals,
  overhead: benchOverhead,
  poll: benchPoll,
  pending: benchPending,
  start: benchStart,
  memory: benchMemory,
  latency: benchLatency,
  redrive: benchRedrive,
  reopen: benchReopen,
  budget: benchBudget,
  'lower-limit': benchLowerLimit,
  'first-call': benchFirstCall,
  'first-subscription': benchFirstSubscription,
  'one-customer': benchOneCustomer,
  peers: benchPeers,
  growth: benchGrowth,
  urgent: benchUrgent,
  'order-delay': benchOrderDelay,
} as const satisfies Readonly<Record<string, (sizes: BenchSizes) => Promise<unknown>>>;
const names = Object.keys(benches) as (keyof typeof benches)[];

const usage = `npm run bench --            all figures, each beside its goal: about an hour
  --only poll,start         some of ${names.join(', ')}
  --jobs 5000               of the nights of budget and lower-limit, and of redrive
  --starts 20               of first-call, for each token endpoint
  --rounds 3                of peers
  --json file               keeps the figures`;

const { only, json, ...sizes } = readOptions(
  usage,
  {
    only: { type: 'string' },
    jobs: { type: 'string', default: '5000' },
    starts: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'string' },
  },
  z.object({
    only: z.optional(
      z.pipe(
        z.pipe(
          z.string(),
          z.transform((list: string) => list.split(',')),
        ),
        z.array(z.enum(names)),
      ),
    ),
    jobs: numberIn(1, 100_000),
    starts: numberIn(1, 1_000),
    rounds: numberIn(1, 100),
    json: z.optional(z.string()),
  }),
);

await buildDist(root);
const report: Record<string, unknown> = { date: new Date().toISOString().slice(0, 10) };
for (const name of only ?? names) {
  report[name] = await benches[name](sizes);
  process.stdout.write(`${name} ${JSON.stringify(report[name], null, 2)}\n`);
}
if (json !== undefined) await writeFile(json, `${JSON.stringify(report, null, 2)}\n`);
