import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { enqueue } from '../night/run-night.ts';
import type { Call } from '../partner-center/calls.ts';
import { type Stack, startStack } from '../stack.ts';
import { type Books, booksReader } from '../verdict/books.ts';
import { compare } from '../verdict/compare.ts';
import { commandLine } from './command.ts';

export interface ReleaseOptions {
  readonly appRoot: string;
  /** Whether `drain` comes before the kill, and `resume` after the new start. */
  readonly drains: boolean;
  readonly sleep: (ms: number) => Promise<void>;
}

export interface Release {
  readonly jobs: number;
  /** Carts with a record when the process was killed. */
  readonly begun: number;
  /** Checkouts whose client left before the answer. */
  readonly cut: number;
  readonly twice: number;
  readonly lost: number;
  readonly seconds: number;
}

const factor = 40;
const jobs = 60;
/** Slow calls, so that many are open at a time. */
const latency = {
  checkoutBase: 20_000,
  perGroup: [1_000, 3_000] as [number, number],
  sigma: 0.3,
  read: [150, 600] as [number, number],
};
/** A machine that cannot do it in this time is stuck. */
const patienceMs = 240_000;

/** One release in the middle of a run of carts, by the command line that people use. Throws when the run does not end. */
export async function release({ appRoot, drains, sleep }: ReleaseOptions): Promise<Release> {
  const startedAt = Date.now();
  const stack = await startStack({
    factor,
    appRoot,
    seed: 'release',
    switches: { latency, listLag: [0, 0] },
  });
  const folder = await mkdtemp(join(tmpdir(), 'drill-drain-'));
  try {
    const command = await commandLine(join(folder, 'settings.env'), stack.settings);
    const reader = booksReader(stack.tables.connectionString);
    const until = async (what: string, holds: (books: Books) => boolean): Promise<Books> => {
      for (const end = Date.now() + patienceMs; ; await sleep(100)) {
        const books = await reader.read();
        if (holds(books)) return books;
        if (Date.now() > end) throw new Error(`It took longer than ${patienceMs / 1_000} s until ${what}.`);
      }
    };
    const carts = stack.sandbox.createCarts({ count: jobs, customers: jobs });
    const worker = await stack.startWorker();
    await enqueue(
      stack,
      carts.map((ref, index) => ({ number: index + 1, body: ref, ...ref })),
    );
    // In the middle of calls, so that a release without drain has something to cut.
    for (const end = Date.now() + patienceMs; openCheckouts(stack) < 5 && Date.now() < end; ) await sleep(5);
    if (drains) await command('drain', 'a drill');
    const before = new Set(stack.sandbox.calls().filter(isCut));
    const begun = (await reader.read()).carts.length;
    await worker.kill();
    // The connections close within moments.
    await sleep(500);
    const cut = stack.sandbox.calls().filter((call) => isCut(call) && !before.has(call)).length;
    await stack.startWorker();
    if (drains) await command('resume');
    const books = await until(
      'every cart has its result',
      ({ carts: read }) =>
        read.length === jobs &&
        read.every(({ state }) => ['ordered', 'completed', 'partial', 'failed'].includes(state)),
    );
    const comparison = compare(stack.sandbox.orderBook(), books.orders);
    return {
      jobs,
      begun,
      cut,
      twice: comparison.boughtTwice.length,
      lost: jobs - books.carts.length,
      seconds: (Date.now() - startedAt) / 1_000,
    };
  } finally {
    await stack.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

const isCut = ({ operation, leftAt, answeredAt }: Call): boolean =>
  operation === 'checkout' && leftAt !== undefined && answeredAt === undefined;

const openCheckouts = (stack: Stack): number =>
  stack.sandbox
    .calls()
    .filter(
      ({ operation, leftAt, answeredAt }) =>
        operation === 'checkout' && leftAt === undefined && answeredAt === undefined,
    ).length;
