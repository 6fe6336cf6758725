/**
 * The composition root, where a start of the worker begins: settings → clients → adapters → use cases → what the triggers call.
 * Nothing is connected here: each client connects with its first request.
 */
import { azureTables, type Tables } from '../src/adapters/azure-tables/azure-tables.ts';
import { gateStore } from '../src/adapters/azure-tables/gate-store-table.ts';
import { heartbeatStore } from '../src/adapters/azure-tables/heartbeat-store.ts';
import { ledgerScan } from '../src/adapters/azure-tables/ledger-scan-store.ts';
import { noticeStore } from '../src/adapters/azure-tables/notice-store.ts';
import { openAttention } from '../src/adapters/azure-tables/open-attention.ts';
import { openStores } from '../src/adapters/azure-tables/stores.ts';
import { loadOnce } from '../src/adapters/load-once.ts';
import { cachedTokens } from '../src/adapters/partner-auth/token-source.ts';
import { partnerCenterClient } from '../src/adapters/partner-center/partner-center-client.ts';
import { serviceBus } from '../src/adapters/service-bus/service-bus.ts';
import {
  tracedCartApi,
  tracedEvents,
  tracedGate,
  tracedPartnerCenter,
  tracedQueue,
  tracedTable,
} from '../src/adapters/telemetry/traced.ts';
import { webhookAddress } from '../src/adapters/webhook/webhook-address.ts';
import { webhookClient } from '../src/adapters/webhook/webhook-client.ts';
import type { HealthView } from '../src/api/api-shapes.ts';
import { healthReader } from '../src/api/health.ts';
import type { SubmitDeps } from '../src/api/submit-jobs.ts';
import type { Deps } from '../src/checkout/deps.ts';
import { batchJoiner } from '../src/checkout/join-batch.ts';
import { offerCache } from '../src/checkout/offer-cache.ts';
import { type Config, decodeConfig } from '../src/config/config.ts';
import { emitPause } from '../src/gate/change-gate.ts';
import { storageClock } from '../src/gate/estimate-storage-clock.ts';
import { gateCondition } from '../src/gate/gate-condition.ts';
import { sharedGate } from '../src/gate/shared-gate.ts';
import { batchStatuses } from '../src/operator/batches/batch-status.ts';
import { tickNow, tickStarter } from '../src/polling/tick.ts';
import type { TickDeps } from '../src/polling/tick-deps.ts';
import { systemClock as clock } from '../src/ports/clock.ts';
import type { Ledger } from '../src/ports/ledger.ts';
import { systemRandom as random } from '../src/ports/random.ts';
import { chooseTelemetry } from './choose-telemetry.ts';
import { termination } from './termination.ts';
import { sendsByWebSockets } from './transport.ts';

/** One for the jobs of each queue: an urgent job takes the next permit, and what is sent for it goes to its own queue. */
interface ByQueue<T> {
  readonly standard: T;
  readonly urgent: T;
}

/** What the triggers call. */
export interface Worker {
  readonly deliveries: ByQueue<Deps>;
  readonly submissions: ByQueue<SubmitDeps>;
  readonly tickDeps: TickDeps;
  /** Starts a tick if none ended lately. `startedAt`: when the host handed over what this instance works on, epoch ms. */
  tickIfStale(startedAt: number): Promise<boolean>;
  /** Once a minute: a person's pause of the gate, and its end, are emitted. */
  emitPause(): Promise<void>;
  /** What `GET /api/health` answers. */
  health(): Promise<HealthView>;
  readonly ledger: Pick<Ledger, 'read' | 'orders'>;
  readonly batchStatus: ReturnType<typeof batchStatuses>;
  /** It sends its own telemetry to Application Insights. */
  readonly exports: boolean;
  /** Resolves once tables and telemetry are there; asked before each run, it costs nothing after the first success. */
  ready(): Promise<void>;
  /** One delivery: `close` waits for it. */
  run<T>(delivery: () => Promise<T>): Promise<T>;
  /** No paid call leaves from now on; what only has writes left may end; then the clients close. Takes less than the host allows (5 s). */
  close(): Promise<void>;
}

/** Of the five seconds between the host's word and the end of the process: for runs, and for the last telemetry. */
const runsMayTakeMs = 3_000;
const clientsMayTakeMs = 1_500;

/** Without `NOTIFY_URL` there is none. */
function notifierOf(
  { webhook, clientId, runbook }: Config['notify'],
  { attention, batches }: Pick<Tables, 'attention' | 'batches'>,
): Pick<TickDeps, 'notifier'> {
  if (webhook === undefined) return {};
  const notices = noticeStore(attention, batches);
  return { notifier: { notices, webhook: webhookClient(webhookAddress(webhook, clientId)), runbook } };
}

/** Throws `ConfigError` before anything is connected. */
export function openWorker(env: NodeJS.ProcessEnv): Worker {
  const config = decodeConfig(env);
  const { times, rules, gate: settings } = config;

  // Clients.
  const { telemetry, tracing, start, shutdown } = chooseTelemetry(config.applicationInsights);
  const storageTime = storageClock(clock);
  const tables = azureTables(config.tables, storageTime.observe);
  const bus = serviceBus({ ...config.serviceBus, webSockets: sendsByWebSockets() }, clock, random);
  // Sign-in and vault are loaded with the first token: a start that waits for them takes half as long again.
  const fetchToken = loadOnce(async () => {
    const { tokenFetcher } = await import('../src/adapters/partner-auth/credentials.ts');
    return tokenFetcher(config.partnerCenter, telemetry);
  });
  const tokens = cachedTokens({ fetchToken: async () => (await fetchToken())(), clock, telemetry });
  const partnerCenter = partnerCenterClient({
    ...times,
    baseUrl: config.partnerCenter.api,
    tokens,
    clock,
    traceparent: tracing.traceparent,
  });

  // Adapters.
  const stores = openStores(
    {
      checkouts: tracedTable(tables.checkouts, 'Checkouts', tracing),
      schedule: tracedTable(tables.schedule, 'Schedule', tracing),
      attention: tracedTable(tables.attention, 'Attention', tracing),
      batches: tracedTable(tables.batches, 'Batches', tracing),
    },
    (entryKey, why) => telemetry.warn(`entry ${entryKey} was passed over: ${why}`),
  );
  const queues = { standard: tracedQueue(bus.queue, tracing), urgent: tracedQueue(bus.urgentQueue, tracing) };
  const now = () => storageTime.now().earliest;
  const heartbeats = heartbeatStore(tables.gate, now, random, tokens);
  const store = gateStore({
    table: tables.gate,
    clock,
    storageClock: storageTime,
    random,
    telemetry,
    settings,
  });
  const gate = sharedGate({ store, clock, random, telemetry, settings });

  // Use cases.
  const ending = termination(clock.now);
  const standard: Deps = {
    clock,
    clockSkew: storageTime.skew,
    random,
    times,
    rules,
    tokens,
    gate: ending.gate(tracedGate(gate, tracing, clock)),
    partnerCenter: ending.partnerCenter(tracedPartnerCenter(partnerCenter, tracing)),
    cartApi: tracedCartApi(partnerCenter, tracing),
    offers: offerCache(clock),
    ...stores,
    joinBatch: batchJoiner({ ...stores, clock, times }),
    queue: queues.standard,
    events: tracedEvents(bus.events, tracing),
    telemetry,
    tracing,
  };
  const urgent = {
    ...standard,
    gate: ending.gate(tracedGate(gate.urgent, tracing, clock)),
    queue: queues.urgent,
  };
  const tickDeps: TickDeps = {
    ...standard,
    heartbeats,
    fleet: {
      openAttention: () => openAttention(tables.attention),
      gate: () => gateCondition(store, settings),
    },
    ledgerScan: ledgerScan(tables.checkouts, (why) => telemetry.warn(why)),
    wakeUps: queues,
    ...notifierOf(config.notify, tables),
  };
  // Whoever opens the gate starts a tick: waiting jobs are woken at once.
  gate.onOpened(() => void tickNow(tickDeps));
  const tablesReady = loadOnce(() =>
    tables.ensure().catch((error: unknown) => {
      telemetry.warn(error instanceof Error ? error.message : 'the tables could not be made');
      throw error;
    }),
  );
  // The first job would wait for it. Nothing waits for it here.
  const firstToken = loadOnce(() => tokens.ready({ renew: false }));

  // What the triggers call.
  const { ledger } = stores;
  return {
    deliveries: { standard, urgent },
    submissions: { standard: { ledger, sender: bus.jobs }, urgent: { ledger, sender: bus.urgentJobs } },
    tickDeps,
    tickIfStale: tickStarter(tickDeps),
    emitPause: () => emitPause(store, telemetry),
    health: healthReader({ gate: store, gateSettings: settings, heartbeats }, clock.now),
    ledger,
    batchStatus: batchStatuses({ ...stores, gateStore: store, clock, config }),
    exports: config.applicationInsights !== undefined,
    async ready() {
      await start();
      void firstToken();
      // Not a reason to fail a run: each of its steps knows what to do when the storage is unavailable.
      await tablesReady().catch(() => {});
    },
    run: ending.run,
    async close() {
      await ending.end(runsMayTakeMs);
      const late = new Promise<void>((resolve) => setTimeout(resolve, clientsMayTakeMs).unref());
      await Promise.race([Promise.allSettled([shutdown(), bus.close()]), late]);
    },
  };
}
