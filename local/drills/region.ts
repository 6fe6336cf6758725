import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Azurite, startAzurite } from '../azurite.ts';
import { enqueue } from '../night/run-night.ts';
import type { Call } from '../partner-center/calls.ts';
import { startStack } from '../stack.ts';
import { type Books, booksReader } from '../verdict/books.ts';
import { compare } from '../verdict/compare.ts';
import { commandLine } from './command.ts';

export interface LostRegion {
  readonly jobs: number;
  /** Carts that were bought after the copy was made: the failover loses their rows. */
  readonly rolledBack: number;
  readonly adopted: number;
  /** Checkout calls, after the failover, for carts that had been bought before it. */
  readonly calledAgain: number;
  readonly twice: number;
  readonly lost: number;
  readonly seconds: number;
}

export interface RegionOptions {
  readonly appRoot: string;
  readonly jobs: number;
  /** How many of them are bought after the copy was made. */
  readonly rolledBack: number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly say: (text: string) => void;
}

const factor = 40;
const patienceMs = 240_000;

/**
 * The region is gone: the ledger comes back as it was 20 minutes ago, and producers send their jobs again. Played with the command line,
 * in the order of the runbook: import, pause, compare, adopt, resume. Throws when a step takes too long.
 */
export async function loseRegion({
  appRoot,
  jobs,
  rolledBack,
  sleep,
  say,
}: RegionOptions): Promise<LostRegion> {
  const startedAt = Date.now();
  const stack = await startStack({
    factor,
    appRoot,
    seed: 'region',
    switches: { listLag: [0, 0], cancelledShare: 0 },
  });
  const folder = await mkdtemp(join(tmpdir(), 'drill-region-'));
  let other: Azurite | undefined;
  try {
    const settled = async (connection: string, count: number): Promise<Books> => {
      const reader = booksReader(connection);
      for (const end = Date.now() + patienceMs; ; await sleep(200)) {
        const books = await reader.read();
        const results = books.carts.filter(({ state }) =>
          ['ordered', 'completed', 'partial', 'failed'].includes(state),
        );
        if (results.length >= count) return books;
        if (Date.now() > end)
          throw new Error(
            `Only ${results.length} of ${count} carts had a result after ${patienceMs / 1_000} s.`,
          );
      }
    };
    const lines = stack.sandbox
      .createCarts({ count: jobs, customers: jobs })
      .map((ref, index) => ({ number: index + 1, body: ref, ...ref }));
    const here = await commandLine(join(folder, 'here.env'), stack.settings);
    const worker = await stack.startWorker();
    await enqueue(stack, lines.slice(0, jobs - rolledBack));
    await settled(stack.tables.connectionString, jobs - rolledBack);
    const copy = join(folder, 'ledger.jsonl');
    await here('export', copy);
    say(`Copy of the ledger: ${jobs - rolledBack} carts bought.`);
    await enqueue(stack, lines.slice(jobs - rolledBack));
    const before = await settled(stack.tables.connectionString, jobs);
    await worker.kill();
    say(`The region is gone: the rows of ${rolledBack} carts, and all messages, are lost.`);

    other = await startAzurite({});
    const settings = { ...stack.settings, TablesConnection: other.connectionString };
    const there = await commandLine(join(folder, 'there.env'), settings);
    const bought = new Set(before.orders.map(({ jobKey }) => jobKey));
    const callsBefore = stack.sandbox.calls().length;
    // The tables are made by the first start; a paused worker buys nothing.
    const first = await stack.startWorker(undefined, { TablesConnection: other.connectionString });
    await there('pause', 'the region is gone');
    await there('import', copy, '--yes', '--over');
    await enqueue(stack, lines);
    say('The worker runs in the other region, paused. All jobs are sent again.');
    await sleep(60_000 / factor);

    const known = new Set(
      (await booksReader(other.connectionString).read()).orders.map(({ orderId }) => orderId),
    );
    const missing = Map.groupBy(
      stack.sandbox.orderBook().filter(({ orderId }) => !known.has(orderId)),
      ({ customerId, cartId }) => `${customerId}:cart:${cartId}`,
    );
    for (const [job, orders] of missing)
      await there('adopt', ...orders.map(({ orderId }) => orderId), '--job', job, '--yes');
    say(`Adopted: ${missing.size} carts whose orders no record had.`);
    await there('resume');
    const books = await settled(other.connectionString, jobs);
    const comparison = compare(stack.sandbox.orderBook(), books.orders);
    await first.stop();
    const again = (call: Call): boolean =>
      call.operation === 'checkout' && bought.has(`${call.customerId}:cart:${call.cartId}`);
    return {
      jobs,
      rolledBack,
      adopted: missing.size,
      calledAgain: stack.sandbox.calls().slice(callsBefore).filter(again).length,
      twice: comparison.boughtTwice.length,
      lost: comparison.lost.length + jobs - books.carts.length,
      seconds: (Date.now() - startedAt) / 1_000,
    };
  } finally {
    await stack.stop();
    await other?.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
