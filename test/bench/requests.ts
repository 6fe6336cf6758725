import type { Stack } from '../../local/stack.ts';
import { countingProxy } from './counting-proxy.ts';
import { drained, instant, round, sendCarts, withStack } from './workload.ts';

/** Requests per job, counted on the wire: happy, with pending orders, with a park; the gate's share is in them. */
export async function benchRequests() {
  const jobs = 200;
  return withStack({ factor: 10, switches: instant }, async (stack) => {
    const proxy = await countingProxy(new URL(stack.tables.tableEndpoint));
    try {
      const host = new URL(stack.tables.tableEndpoint).host;
      const env = { TablesConnection: stack.tables.connectionString.replaceAll(host, proxy.host) };
      await stack.startWorker(undefined, env);
      // The first job opens the gate, makes the tables, fetches the token.
      await sendCarts(stack, { count: 5, baskets: ['legacy'] });
      await drained(stack, 30_000);
      const measure = async (basket: 'legacy' | 'sample', more: Readonly<Record<string, unknown>> = {}) => {
        const start = snapshot(stack);
        proxy.reset();
        await sendCarts(stack, { count: jobs, customers: jobs, baskets: [basket] }, more);
        await drained(stack, 120_000);
        return perJob(stack, start, proxy.counts(), jobs);
      };
      const happy = await measure('legacy');
      const inBatch = await measure('legacy', { batchId: 'night', batchSize: jobs });
      stack.sandbox.set({
        pending: { licence: [6e8, 6e8], reservation: [6e8, 6e8], software: [6e8, 6e8], saas: [6e8, 6e8] },
      });
      const pending = await measure('sample');
      // Each waits once for its time: parked, and handed out again.
      stack.sandbox.set(instant);
      const parked = await measure('legacy', { notBefore: new Date(Date.now() + 3_000).toISOString() });
      return {
        jobs,
        happy,
        inBatch,
        pending,
        parked,
        goals: { happyStorage: 4, pendingStorage: 5, api: 1, serviceBus: 3 },
      };
    } finally {
      await proxy.stop();
    }
  });
}

const snapshot = ({ broker, sandbox }: Stack) => ({ ...broker.operations, calls: sandbox.calls().length });

function perJob(
  stack: Stack,
  start: ReturnType<typeof snapshot>,
  counts: ReadonlyMap<string, number>,
  jobs: number,
) {
  // The poller's own look at what is due comes with the clock, not with the jobs.
  const ticks = counts.get('GET Schedule') ?? 0;
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const gate = [...counts]
    .filter(([key]) => key.endsWith(' Gate'))
    .reduce((sum, [, count]) => sum + count, 0);
  const now = snapshot(stack);
  const enqueues = Math.ceil(jobs / 100);
  return {
    storage: round((all - ticks) / jobs, 2),
    ofItGate: round(gate / jobs, 2),
    api: round((now.calls - start.calls) / jobs, 2),
    serviceBus: {
      receive: round((now.delivered - start.delivered) / jobs, 2),
      settle: round((now.settled - start.settled) / jobs, 2),
      sends: round((now.sends - start.sends - enqueues) / jobs, 2),
    },
    byTable: Object.fromEntries([...counts].map(([key, count]) => [key, round(count / jobs, 2)])),
  };
}
