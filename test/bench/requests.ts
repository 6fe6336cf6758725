import type { Stack } from '../../local/stack.ts';
import { defaultTimes } from '../../src/domain/times.ts';
import { countingProxy } from './counting-proxy.ts';
import { drained, instant, round, sendCarts, withStack } from './workload.ts';

/** Requests per job, counted on the wire: happy, with pending orders, rescheduled; the gate's share is in them, the ticks' is not. */
export async function benchRequests() {
  const jobs = 200;
  const factor = 10;
  return withStack({ factor, switches: instant }, async (stack) => {
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
      // Longer than a delivery may sleep in place, so each is rescheduled once.
      const wait = (defaultTimes.sleepBudget + 60_000) / factor;
      const notBefore = new Date(Date.now() + wait).toISOString();
      const rescheduled = await measure('legacy', { notBefore });
      // Last, because its orders are read again and again.
      stack.sandbox.set({
        pending: { licence: [6e8, 6e8], reservation: [6e8, 6e8], software: [6e8, 6e8], saas: [6e8, 6e8] },
      });
      const pending = await measure('sample');
      return {
        jobs,
        happy,
        inBatch,
        pending,
        rescheduled,
        goals: { happyStorage: 4, pendingStorage: 5, api: 1, serviceBus: 3 },
      };
    } finally {
      await proxy.stop();
    }
  });
}

const snapshot = ({ broker, sandbox }: Stack) => ({ ...broker.operations, calls: sandbox.calls().length });

/** What a tick asks for itself comes with the clock, not with the jobs. What it asks for a job, like moving its entry, is the job's. */
const ofTicks = (key: string): boolean =>
  // The repair of the ledger reads single entries; no delivery does.
  ['GET Schedule query', 'GET Schedule', 'GET Checkouts query'].includes(key) ||
  key.endsWith(' Gate heartbeat');

function perJob(
  stack: Stack,
  start: ReturnType<typeof snapshot>,
  counts: ReadonlyMap<string, number>,
  jobs: number,
) {
  const sumOf = (wanted: (key: string) => boolean): number =>
    [...counts].reduce((sum, [key, count]) => sum + (wanted(key) ? count : 0), 0);
  const all = sumOf((key) => !ofTicks(key));
  const gate = sumOf((key) => key.endsWith(' Gate'));
  const now = snapshot(stack);
  const enqueues = Math.ceil(jobs / 100);
  return {
    storage: round(all / jobs, 2),
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
