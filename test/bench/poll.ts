import { setTimeout as pause } from 'node:timers/promises';
import { TableClient, TableTransaction } from '@azure/data-tables';
import { openWorker } from '../../functions/composition-root.ts';
import { partnerCenterClient } from '../../src/adapters/partner-center/partner-center-client.ts';
import type { Deps } from '../../src/checkout/deps.ts';
import { pollPendingOrders } from '../../src/polling/poll-due.ts';
import { untraced } from '../../src/ports/tracing.ts';
import { type CountingProxy, countingProxy } from './counting-proxy.ts';
import { drained, instant, round, sendCarts, withStack } from './workload.ts';

const factor = 5;
const due = 100;
const sizes = [100, 10_000, 100_000] as const;
const never: [number, number] = [1e11, 1e11];
const pending = { licence: never, reservation: never, software: never, saas: never };

/** One tick with a hundred entries among more and more that are not: requests, rows read, time. */
export async function benchPoll() {
  const env = {
    CALLS_PER_MINUTE: '500',
    CALLS_PER_MINUTE_CEILING: '500',
    // Due again a moment after each tick; the timer of the worker itself is away by then.
    POLL_STEPS: '5s',
  };
  return withStack({ factor, switches: { ...instant, pending }, env }, async (stack) => {
    const proxy = await countingProxy(new URL(stack.tables.tableEndpoint));
    const host = new URL(stack.tables.tableEndpoint).host;
    const worker = await stack.startWorker();
    await sendCarts(stack, { count: due, customers: due, baskets: ['licence'] });
    await drained(stack, 120_000);
    await worker.stop();
    const poller = openWorker({
      ...stack.settings,
      TablesConnection: stack.tables.connectionString.replaceAll(host, proxy.host),
    });
    // This process does not know the sandbox's authority, so the token is given.
    const partnerCenter = partnerCenterClient({
      ...poller.deps.times,
      baseUrl: stack.sandbox.apiBase,
      tokens: { token: async () => stack.sandbox.token() },
      clock: poller.deps.clock,
      traceparent: untraced.traceparent,
    });
    const deps: Deps = { ...poller.deps, partnerCenter };
    try {
      await poller.ready();
      await pollPendingOrders(deps);
      const ticks: Record<string, Tick> = {};
      let rows = due;
      for (const size of sizes) {
        await addIdle(stack.tables.connectionString, size - rows, rows);
        rows = size;
        await pause(2_000);
        ticks[size] = await tick(deps, proxy);
        process.stderr.write(`poll, ${size} rows: ${JSON.stringify(ticks[size])}\n`);
      }
      return { due, ticks, goal: 'requests and rows read equal' };
    } finally {
      await poller.close();
      await proxy.stop();
    }
  });
}

interface Tick {
  readonly looked: number;
  readonly storageRequests: number;
  readonly queries: number;
  /** Rows that the queries for entries sent. */
  readonly rowsRead: number;
  readonly apiCalls: number;
  readonly ms: number;
}

async function tick(deps: Deps, proxy: CountingProxy): Promise<Tick> {
  let rowsRead = 0;
  let apiCalls = 0;
  const counting = {
    ...deps,
    schedule: {
      ...deps.schedule,
      async *due(now: number) {
        for await (const row of deps.schedule.due(now)) {
          rowsRead += 1;
          yield row;
        }
      },
    },
    partnerCenter: {
      ...deps.partnerCenter,
      order: (...args: Parameters<typeof deps.partnerCenter.order>) => {
        apiCalls += 1;
        return deps.partnerCenter.order(...args);
      },
    },
  };
  proxy.reset();
  const report = await pollPendingOrders(counting);
  const gate = [...proxy.counts()].filter(([key]) => key.endsWith(' Gate'));
  const sum = (counts: Iterable<readonly [string, number]>) =>
    [...counts].reduce((total, [, count]) => total + count, 0);
  return {
    looked: report.seen,
    storageRequests: sum(proxy.counts()) - sum(gate),
    queries: proxy.counts().get('GET Schedule') ?? 0,
    rowsRead,
    apiCalls,
    ms: round(report.ms, 0),
  };
}

/** Rows that are due in a hundred years. */
async function addIdle(connectionString: string, count: number, from: number): Promise<void> {
  const table = TableClient.fromConnectionString(connectionString, 'Schedule', {
    allowInsecureConnection: true,
  });
  const dueAt = 4_000_000_000_000;
  for (let start = 0; start < count; start += 100) {
    const lot = new TableTransaction();
    for (let index = start; index < Math.min(start + 100, count); index += 1) {
      const orderId = `idle-${from + index}`;
      lot.createEntity({
        partitionKey: 'due',
        rowKey: `${String(dueAt).padStart(15, '0')}:${orderId}`,
        version: 1,
        dueAt,
        orderId,
        customerId: 'idle',
        cartId: 'idle',
        polls: 9,
      });
    }
    await table.submitTransaction(lot.actions);
  }
}
