import { setTimeout as pause } from 'node:timers/promises';
import { TableClient, TableTransaction } from '@azure/data-tables';
import { openWorker } from '../../functions/composition-root.ts';
import { partnerCenterClient } from '../../src/adapters/partner-center/partner-center-client.ts';
import type {
  BatchCountEntry,
  CancellationEntry,
  OrderEntry,
  PollEntry,
  PollKind,
} from '../../src/domain/schedule-entry.ts';
import { workTick } from '../../src/polling/tick.ts';
import type { TickWorkDeps } from '../../src/polling/tick-deps.ts';
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
      ...poller.deliveries.standard.times,
      baseUrl: stack.sandbox.apiBase,
      tokens: { token: async () => stack.sandbox.token() },
      clock: poller.deliveries.standard.clock,
      traceparent: untraced.traceparent,
    });
    // Due again a moment after each tick; the timer of the worker itself does not run by then.
    const times = { ...poller.deliveries.standard.times, pollSteps: [1_000] };
    const deps: TickWorkDeps = { ...poller.tickDeps, partnerCenter, times };
    try {
      await poller.ready();
      // The first look of each order comes after the step that its worker wrote.
      await pause(150_000 / factor);
      await workTick(deps, undefined);
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

async function tick(deps: TickWorkDeps, proxy: CountingProxy): Promise<Tick> {
  let rowsRead = 0;
  let apiCalls = 0;
  async function* counted<Entry extends PollEntry>(entries: AsyncIterable<Entry>): AsyncIterable<Entry> {
    for await (const entry of entries) {
      rowsRead += 1;
      yield entry;
    }
  }
  function due(of: 'orders', now: number): AsyncIterable<OrderEntry>;
  function due(of: 'batches', now: number): AsyncIterable<BatchCountEntry>;
  function due(of: 'cancellations', now: number): AsyncIterable<CancellationEntry>;
  function due(of: PollKind, now: number): AsyncIterable<PollEntry> {
    switch (of) {
      case 'orders':
        return counted(deps.schedule.due(of, now));
      case 'batches':
        return counted(deps.schedule.due(of, now));
      case 'cancellations':
        return counted(deps.schedule.due(of, now));
    }
  }
  const counting: TickWorkDeps = {
    ...deps,
    schedule: { ...deps.schedule, due },
    partnerCenter: {
      ...deps.partnerCenter,
      order: (...args: Parameters<typeof deps.partnerCenter.order>) => {
        apiCalls += 1;
        return deps.partnerCenter.order(...args);
      },
    },
  };
  proxy.reset();
  const { report } = await workTick(counting, undefined);
  const gate = [...proxy.counts()].filter(([key]) => / Gate/.test(key));
  const sum = (counts: Iterable<readonly [string, number]>) =>
    [...counts].reduce((total, [, count]) => total + count, 0);
  return {
    looked: report.seen,
    storageRequests: sum(proxy.counts()) - sum(gate),
    queries: proxy.counts().get('GET Schedule query') ?? 0,
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
    const transaction = new TableTransaction();
    for (let index = start; index < Math.min(start + 100, count); index += 1) {
      const orderId = `idle-${from + index}`;
      transaction.createEntity({
        partitionKey: 'due',
        rowKey: `${String(dueAt).padStart(15, '0')}:${orderId}`,
        version: 1,
        dueAt,
        orderId,
        jobKey: '00000000-0000-4000-8000-000000000001:cart:00000000-0000-4000-8000-000000000002',
        polls: 9,
      });
    }
    await table.submitTransaction(transaction.actions);
  }
}
