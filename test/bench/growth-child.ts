/**
 * One size of `growth.ts`: `node growth-child.ts <records> <entries> [connection string]`, forked. Sends the costs of each task as its
 * message. With a connection string it copies all rows to those tables, and does there what only reads.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { attentionRows } from '../../src/adapters/azure-tables/attention-table.ts';
import type { Tables } from '../../src/adapters/azure-tables/azure-tables.ts';
import { gateStore } from '../../src/adapters/azure-tables/gate-store-table.ts';
import { heartbeatStore } from '../../src/adapters/azure-tables/heartbeat-store.ts';
import { ledgerScan } from '../../src/adapters/azure-tables/ledger-scan-store.ts';
import { countOpen } from '../../src/adapters/azure-tables/open-attention.ts';
import { openStores } from '../../src/adapters/azure-tables/stores.ts';
import { decodeOperatorConfig } from '../../src/config/config.ts';
import { storageClock } from '../../src/gate/estimate-storage-clock.ts';
import { attentionGrouper } from '../../src/operator/attention/attention-groups.ts';
import { exportRows } from '../../src/operator/backup/export-rows.ts';
import { batchStatuses } from '../../src/operator/batches/batch-status.ts';
import { watchBatch } from '../../src/operator/batches/watch-batch.ts';
import { repairSchedule } from '../../src/operator/repair-schedule.ts';
import { readStatus, refreshStatus, type StatusDeps } from '../../src/operator/status.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { type TableName, virtualFleet } from '../support/virtual-fleet.ts';
import { copiedTables } from './copied-tables.ts';
import { addIdleRows, hex } from './growth-rows.ts';
import { type Asked, type IdleRows, idleTable } from './idle-table.ts';
import { sandboxOf } from './reopen.ts';

const [records = 0, entries = 0] = process.argv.slice(2, 4).map(Number);
const [, , , , connectionString] = process.argv;
const liveJobs = 100;
const minute = 60_000;
const batchId = 'live';
const random = seededRandom(11);

const asked: Asked = { requests: 0, rowsRead: 0 };
const idle: Record<TableName, IdleRows[]> = {
  checkouts: [],
  schedule: [],
  attention: [],
  batches: [],
  gate: [],
};
const sandbox = sandboxOf(1, () => 'pending');
const fleet = virtualFleet({
  partnerCenter: sandbox.port,
  gateSettings: { limitPerMinute: 300, ceilingPerMinute: 300 },
  instances: 1,
  over: (name, table) => idleTable(table, idle[name], asked),
});
const { clock } = fleet;
const ticks = 5;
const deliveries = 20;
const costs: Record<string, Asked & { peakMiB: number }> = {};
const table = (name: TableName) => idleTable(fleet.tables[name], idle[name], asked);
// A hundred jobs with pending orders are alive. Their rows are also the samples of the idle ones.
const jobs = Array.from({ length: liveJobs }, () => ({ customerId: random.guid(), cartId: random.guid() }));
fleet.enqueue(jobs.map((job) => ({ ...job, batchId, batchSize: liveJobs })));
await clock.run(4 * minute);
addIdleRows(fleet, idle, { job: jobs[0], records, entries });

const simulated: Tables = {
  checkouts: table('checkouts'),
  schedule: table('schedule'),
  attention: table('attention'),
  batches: table('batches'),
  gate: table('gate'),
};

const server = connectionString === undefined ? undefined : await copiedTables(simulated, connectionString);
const tables = server?.tables ?? simulated;
const stores = openStores(tables, (key, why) => {
  throw new Error(`entry ${key}: ${why}`);
});
const config = decodeOperatorConfig({
  ServiceBusConnection:
    'Endpoint=sb://127.0.0.1;SharedAccessKeyName=a;SharedAccessKey=b;UseDevelopmentEmulator=true',
  TablesConnection: 'UseDevelopmentStorage=true',
});
const storageTime = storageClock(clock);
const gates = gateStore({
  table: tables.gate,
  clock,
  storageClock: storageTime,
  random,
  telemetry: { event: () => {}, warn: () => {} },
  settings: config.gate,
});
const noMessages = { counts: async () => ({ active: 0, scheduled: 0, dead: 0 }) };
const statusDeps: StatusDeps = {
  config,
  clock,
  gateStore: gates,
  queueStatus: noMessages,
  urgentStatus: noMessages,
  countOpen: () => countOpen(tables.attention),
  schedule: stores.schedule,
  pollerTrace: async () => {
    await heartbeatStore(tables.gate, () => storageTime.now().earliest, random).read();
    return { notices: {} };
  },
};

function forget(): void {
  Object.assign(asked, { requests: 0, rowsRead: 0 });
  server?.forget();
}

/** `times`: how often the task was done, for the cost of one. */
async function task(name: string, times: number, work: () => Promise<unknown>): Promise<void> {
  forget();
  // The kernel begins its peak anew.
  writeFileSync('/proc/self/clear_refs', '5');
  await work();
  const peakKiB = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
  costs[name] = {
    requests: Math.round((server?.requests() ?? asked.requests) / times),
    rowsRead: Math.round(asked.rowsRead / times),
    peakMiB: Math.round(peakKiB / 1_024),
  };
}

// The worker of this process works on the simulated tables; `bench -- --only poll` measures its tick in Azurite.
if (server === undefined) {
  await task('tick', ticks, () => clock.run(ticks * minute));
  // The tick of this minute is done by then, and the next one comes after the deliveries.
  await clock.run(15_000);
  await task('delivery', deliveries, async () => {
    fleet.enqueue(Array.from({ length: deliveries }, () => ({ customerId: hex(0), cartId: random.guid() })));
    await clock.run(30_000);
  });
}

await task('status', 1, () => readStatus(statusDeps));
await task('batch', 1, () =>
  batchStatuses({ batches: stores.batches, gateStore: gates, clock, config })(batchId),
);
await task('attention', 1, async () => {
  const groups = attentionGrouper();
  for await (const row of attentionRows(tables.attention).list({})) groups.add(row);
  return groups.groups();
});
await task('page: overview refreshed', 3, async () => {
  let shown = await readStatus(statusDeps);
  forget();
  for (let turn = 0; turn < 3; turn += 1) shown = await refreshStatus(statusDeps, shown, turn);
});
await task('page: batch refreshed', 1, async () => {
  const watched = watchBatch(stores.batches, batchId);
  await watched.look();
  forget();
  await watched.look();
});
await task('repair', 1, () =>
  repairSchedule(
    { ...stores, clock, ledgerScan: ledgerScan(tables.checkouts, () => {}) },
    { write: false, onFinding: () => {} },
  ),
);
await task('export', 1, async () => {
  for await (const row of exportRows(tables)) JSON.stringify(row);
});
await server?.stop();
process.send?.(costs, () => process.exit(0));
