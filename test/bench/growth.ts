import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { startAzurite } from '../../local/azurite.ts';
import { hostSettings } from '../../local/host-settings.ts';

const sizes = [1_000, 10_000, 100_000, 1_000_000];
/** Pending orders, and jobs in the schedule: as many as records, and at most so many. */
const mostEntries = 100_000;

/** As a check of the simulated tables: the same rows in Azurite. */
const sizesInAzurite = [1_000, 100_000];

const cost = z.object({ requests: z.number(), rowsRead: z.number(), peakMiB: z.number() });
const costs = z.record(z.string(), cost);

/**
 * What a program asks of the tables, and its memory, among more and more of what is idle. Each size in a process of its own, with the
 * heap of the deployed worker. The tables are simulated; so is the time.
 */
export async function benchGrowth() {
  const bySize: Record<string, z.infer<typeof costs>> = {};
  for (const records of sizes) {
    const entries = Math.min(records, mostEntries);
    bySize[records] = await measured([records, entries]);
    process.stderr.write(`growth, ${records} records: ${JSON.stringify(bySize[records])}\n`);
  }
  const inAzurite: Record<string, Readonly<Record<string, number>>> = {};
  for (const records of sizesInAzurite) {
    const azurite = await startAzurite();
    try {
      const found = await measured([records, Math.min(records, mostEntries), azurite.connectionString]);
      inAzurite[records] = Object.fromEntries(
        Object.entries(found).map(([what, { requests }]) => [what, requests]),
      );
      process.stderr.write(`growth in Azurite, ${records} records: ${JSON.stringify(inAzurite[records])}\n`);
    } finally {
      await azurite.stop();
    }
  }
  const least = bySize[sizes[0] ?? 0] ?? {};
  const most = bySize[sizes.at(-1) ?? 0] ?? {};
  return {
    sizes,
    mostEntries,
    bySize,
    requestsInAzurite: inAzurite,
    grow: Object.keys(least).filter((what) => (most[what]?.rowsRead ?? 0) > 2 * (least[what]?.rowsRead ?? 0)),
    mostMiB: Math.max(
      ...Object.values(bySize).flatMap((of) => Object.values(of).map(({ peakMiB }) => peakMiB)),
    ),
    goal: { grow: [], mostMiB: 300 },
  };
}

async function measured(args: readonly (string | number)[]): Promise<z.infer<typeof costs>> {
  const child = fork(join(import.meta.dirname, 'growth-child.ts'), args.map(String), {
    execArgv: hostSettings.languageWorkers__node__arguments.split(' '),
  });
  const exit = once(child, 'exit');
  const [message] = await Promise.race([
    once(child, 'message'),
    exit.then(([code]) => Promise.reject(new Error(`growth-child.ts ended with code ${code}.`))),
  ]);
  await exit;
  return costs.parse(message);
}
