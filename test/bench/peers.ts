import { setTimeout as pause } from 'node:timers/promises';
import host from '../../host.json' with { type: 'json' };
import { limit, limiterOf } from './budget.ts';
import { madeOf } from './budget-use.ts';
import { type Outcome, outcomeOf, shareOfSecondMinute } from './outcome.ts';
import { type Peer, type PeerJob, type PeerKind, type PeerName, peerKinds, type Site } from './peer.ts';
import { processorMs } from './processor.ts';
import { withPackages } from './temporary-packages.ts';
import { instant, median, round, type Stack, withStack } from './workload.ts';

const names = Object.keys(peerKinds) as PeerName[];
const env = { CALLS_PER_MINUTE: String(limit), CALLS_PER_MINUTE_CEILING: String(limit) };

type At = <T>(name: PeerName, measure: (peer: Peer, stack: Stack) => Promise<T>, given: Given) => Promise<T>;
interface Given {
  readonly factor: number;
  readonly switches: Parameters<Stack['sandbox']['set']>[0];
  readonly limit?: NonNullable<Site['limit']>;
}

/** Other people's queues and workers on the same jobs: one process each, as many jobs at once, in turn in each round. */
export async function benchPeers({ rounds }: { readonly rounds: number }) {
  const folders = new Map<PeerName, string>();
  // As many as the deployed worker has under way.
  const concurrency = host.extensions.serviceBus.maxConcurrentCalls;
  return withFolders(names, folders, async (leftOut) => {
    const present = names.filter((name) => !(name in leftOut));
    const at: At = (name, measure, given) =>
      withStack({ ...given, env }, async (stack) => {
        const kind: PeerKind = peerKinds[name];
        const peer = await kind.open({ ...given, stack, folder: folders.get(name) ?? '', concurrency });
        try {
          return await measure(peer, stack);
        } finally {
          await peer.close();
        }
      });
    return {
      rounds,
      concurrency,
      leftOut,
      killed: {
        replay: await killedOnce(at, present, 'replay'),
        'already-submitted': await killedOnce(at, present, 'already-submitted'),
      },
      inTurn: await inTurn(present, rounds, async (name) => ({
        ...(await free(at, name)),
        ...(await limited(at, name)),
      })),
    };
  });
}

/** Installs each peer's packages once; those that cannot be had are left out by name. */
async function withFolders<T>(
  left: readonly PeerName[],
  folders: Map<PeerName, string>,
  work: (leftOut: Readonly<Record<string, string>>) => Promise<T>,
  leftOut: Readonly<Record<string, string>> = {},
): Promise<T> {
  const [name, ...others] = left;
  if (name === undefined) return work(leftOut);
  const { foreign }: PeerKind = peerKinds[name];
  if (foreign === undefined) return withFolders(others, folders, work, leftOut);
  const result = await withPackages(foreign, async (folder) => {
    folders.set(name, folder);
    return { done: await withFolders(others, folders, work, leftOut) };
  });
  return 'done' in result
    ? result.done
    : withFolders(others, folders, work, { ...leftOut, [name]: result.leftOut });
}

type Figures = Readonly<Record<string, number>>;

/** The median of each figure, and the figures of each round. */
async function inTurn(
  present: readonly PeerName[],
  rounds: number,
  measure: (name: PeerName) => Promise<Figures>,
) {
  const all = new Map<PeerName, Figures[]>();
  for (let turn = 0; turn < rounds; turn += 1)
    for (const name of present) {
      const figures = await measure(name);
      process.stderr.write(`peers, round ${turn + 1}, ${name}: ${JSON.stringify(figures)}\n`);
      all.set(name, [...(all.get(name) ?? []), figures]);
    }
  return Object.fromEntries(
    [...all].map(([name, list]) => {
      const medians = Object.keys(list[0] ?? {}).map((key) => [
        key,
        round(median(list.map((figures) => figures[key] ?? Number.NaN))),
      ]);
      return [name, { ...Object.fromEntries(medians), rounds: list }];
    }),
  );
}

const cartJobs = ({ sandbox }: Stack, count: number): PeerJob[] =>
  sandbox.createCarts({ count, customers: count, baskets: ['legacy'] }).map((ref) => ({ ...ref }));

const freeJobs = 2_000;

/** Nothing waits at Partner Center and nothing is limited. Measured over the last four fifths: by then all are warm. */
const free = (at: At, name: PeerName): Promise<Figures> =>
  at(
    name,
    async (peer, stack) => {
      await peer.enqueue(cartJobs(stack, freeJobs));
      const made = () => stack.sandbox.calls().length;
      const worker = await peer.start();
      await until(
        () => made() >= freeJobs / 5,
        60_000,
        () => `${made()} of ${freeJobs} calls`,
      );
      const [from, usedBefore] = [made(), await processorMs(worker.pid)];
      await until(
        () => made() >= freeJobs,
        120_000,
        () => `${made()} of ${freeJobs} calls`,
      );
      const used = (await processorMs(worker.pid)) - usedBefore;
      await worker.kill();
      const times = stack.sandbox.calls().map(({ arrivedAt }) => arrivedAt);
      const seconds = ((times[freeJobs - 1] ?? Number.NaN) - (times[from] ?? Number.NaN)) / 1_000;
      return {
        jobsPerSecond: round((freeJobs - 1 - from) / seconds, 1),
        processorMsPerJob: round(used / (freeJobs - from), 2),
      };
    },
    { factor: 100, switches: instant },
  );

/** Two minutes of Partner Center in 24 s: Retry-After comes in whole seconds of this machine. */
const limitedFactor = 5;
const limitedJobs = 1_500;

const minuteMs = 60_000 / limitedFactor;

/** A sliding minute of 500 calls. 40 at once could make five times as many. */
const limited = (at: At, name: PeerName): Promise<Figures> =>
  at(
    name,
    async (peer, stack) => {
      const { sandbox } = stack;
      await peer.enqueue(cartJobs(stack, limitedJobs));
      const worker = await peer.start();
      await until(
        () => sandbox.calls().length > 0,
        60_000,
        () => 'no call',
      );
      await pause(2 * minuteMs + 500);
      await worker.kill();
      const calls = madeOf(sandbox.calls());
      const throttled = calls.filter((call) => call.throttled).length;
      return {
        shareOfBudget: round(shareOfSecondMinute(calls, { perMinute: limit, minuteMs })),
        throttled,
        throttledShare: round(throttled / calls.length, 4),
        calls: calls.length,
        givenUp: (await peer.books()).failed,
      };
    },
    {
      factor: limitedFactor,
      limit: { calls: limit, minuteMs },
      switches: {
        ...instant,
        latency: { ...instant.latency, checkoutBase: 1_000 },
        limiter: limiterOf('sliding', limit),
      },
    },
  );

const killedFactor = 100;
const killedEach = 150;
/** By the clock of the stack: longer than any lock lasts that a peer cannot be told to shorten, and than any wait of ours. */
const patienceMs = (40 * 60_000) / killedFactor;

/** The worker is killed when a third of the calls are made, and started again at once. Half of the jobs bring a cart, half bring lines. */
async function killedOnce(at: At, present: readonly PeerName[], contract: 'replay' | 'already-submitted') {
  const results: Partial<Record<PeerName, Outcome & Figures>> = {};
  for (const name of present)
    results[name] = await at(
      name,
      async (peer, stack) => {
        const jobs = [...cartJobs(stack, killedEach), ...lineJobs(stack, killedEach)];
        await peer.enqueue(shuffled(jobs));
        const first = await peer.start();
        const made = () => stack.sandbox.orderBook().length;
        await until(
          () => made() >= jobs.length / 3,
          60_000,
          () => `${made()} of ${jobs.length} orders`,
        );
        await stack.sandbox.whenAwaitingAnswer(1);
        const underWay = stack.sandbox.calls().filter(({ answeredAt }) => answeredAt === undefined).length;
        await first.kill();
        await peer.hoursPass?.();
        const second = await peer.start();
        const books = await settled(peer, jobs.length);
        await second.kill();
        const ids = jobs.map(({ customerId }) => customerId);
        const result = {
          jobs: jobs.length,
          underWay,
          ...outcomeOf(ids, stack.sandbox.orderBook(), books.bought),
          givenUp: books.failed,
        };
        process.stderr.write(`peers, killed, ${contract}, ${name}: ${JSON.stringify(result)}\n`);
        return result;
      },
      {
        factor: killedFactor,
        switches: {
          ...instant,
          contract,
          latency: { checkoutBase: 3_000, perGroup: [0, 0], sigma: 0.5, read: [500, 1_500] },
        },
      },
    );
  return results;
}

/** The books once they hold each job, or have not changed for as long as anybody may wait. */
async function settled(peer: Peer, jobs: number) {
  let books = await peer.books();
  let changedAt = Date.now();
  while (books.bought.size < jobs && Date.now() - changedAt < patienceMs) {
    await pause(1_000);
    const now = await peer.books();
    if (now.bought.size !== books.bought.size || now.failed !== books.failed) changedAt = Date.now();
    books = now;
  }
  return books;
}

const lineJobs = ({ sandbox }: Stack, count: number): PeerJob[] =>
  sandbox.customerIds(count, 'peers').map((customerId, index) => ({
    customerId,
    externalOrderId: `PEER-${index + 1}`,
    lines: [
      {
        product: 'CFQ7TTC0LH18',
        sku: '0001',
        availability: 'CFQ7TTC0K971',
        quantity: 10,
        term: 'P1Y',
        billing: 'monthly',
      },
    ],
  }));

/** One of the first half, one of the second. */
const shuffled = <T>(list: readonly T[]): T[] =>
  list
    .slice(0, list.length / 2)
    .flatMap((one, index) => [one, ...list.slice(list.length / 2 + index).slice(0, 1)]);

async function until(done: () => boolean, limitMs: number, what: () => string): Promise<void> {
  const end = Date.now() + limitMs;
  while (!done()) {
    if (Date.now() > end) throw new Error(`After ${limitMs} ms: ${what()}.`);
    await pause(5);
  }
}
