import { azureTables } from '../src/adapters/azure-tables/azure-tables.ts';
import { gateStore } from '../src/adapters/azure-tables/gate-store-table.ts';
import { heartbeatStore } from '../src/adapters/azure-tables/heartbeat-store.ts';
import { ledgerScan } from '../src/adapters/azure-tables/ledger-scan-store.ts';
import { openAttention } from '../src/adapters/azure-tables/open-attention.ts';
import { openStores } from '../src/adapters/azure-tables/stores.ts';
import { loadOnce } from '../src/adapters/load-once.ts';
import { cachedTokens, type Token } from '../src/adapters/partner-auth/token-source.ts';
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
import type { HealthDeps } from '../src/api/health.ts';
import type { SubmitDeps } from '../src/api/submit-jobs.ts';
import type { Deps } from '../src/checkout/deps.ts';
import { batchJoiner } from '../src/checkout/join-batch.ts';
import { offerCache } from '../src/checkout/offer-cache.ts';
import { decodeConfig } from '../src/config/config.ts';
import { storageClock } from '../src/gate/estimate-storage-clock.ts';
import { gateCondition } from '../src/gate/gate-condition.ts';
import { tellPause } from '../src/gate/report-change.ts';
import { sharedGate } from '../src/gate/shared-gate.ts';
import { batchStatuses } from '../src/operator/batches/batch-status.ts';
import { tickNow, tickStarter } from '../src/polling/tick.ts';
import type { TickDeps } from '../src/polling/tick-deps.ts';
import { systemClock } from '../src/ports/clock.ts';
import { systemRandom } from '../src/ports/random.ts';
import type { Table } from '../src/ports/table.ts';
import { chooseTelemetry } from './choose-telemetry.ts';

export interface Worker {
  readonly deps: Deps;
  /** The same for urgent jobs: the next permit is theirs, and their copies go back to their own queue. */
  readonly urgentDeps: Deps;
  readonly tickDeps: TickDeps;
  /** Starts a tick if none ended lately. `startedAt`: when the host handed over what this instance works on, epoch ms. */
  tickIfStale(startedAt: number): Promise<boolean>;
  /** Once a minute: a person's pause of the gate, and its end, are told to the telemetry. */
  tellPause(): Promise<void>;
  readonly submit: SubmitDeps;
  readonly submitUrgent: SubmitDeps;
  readonly health: HealthDeps;
  readonly batchStatus: ReturnType<typeof batchStatuses>;
  /** It sends its own telemetry to Application Insights. */
  readonly exports: boolean;
  /** Resolves once tables and telemetry are there; asked before each run, it costs nothing after the first success. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

/** The composition root: settings → clients → ports. Throws `ConfigError` before anything is connected. */
export function openWorker(env: NodeJS.ProcessEnv): Worker {
  const config = decodeConfig(env);
  const { times, rules } = config;
  const clock = systemClock;
  const random = systemRandom;
  const { telemetry, tracing, start, shutdown } = chooseTelemetry(config.applicationInsights);

  const storageTime = storageClock(clock);
  const tables = azureTables(config.tables, storageTime.observe);
  const traced = (table: Table, name: string) => tracedTable(table, name, tracing);
  const stores = openStores(
    {
      checkouts: traced(tables.checkouts, 'Checkouts'),
      schedule: traced(tables.schedule, 'Schedule'),
      attention: traced(tables.attention, 'Attention'),
      batches: traced(tables.batches, 'Batches'),
    },
    (entryKey, why) => telemetry.warn(`entry ${entryKey} was passed over: ${why}`),
  );
  const { jobs, urgentJobs, urgentQueue, ...bus } = serviceBus(config.serviceBus, clock, random);
  const heartbeats = heartbeatStore(
    tables.gate,
    () => storageTime.now().atLeast,
    random,
    () => tokens.credentialEndsAt(),
  );
  // Sign-in and vault are loaded with the first token: a start that waits for them takes half as long again.
  const fetcher = loadOnce(async () => {
    const { tokenFetcher } = await import('../src/adapters/partner-auth/credentials.ts');
    return tokenFetcher(config.partnerCenter, telemetry);
  });
  const fetchToken = async (): Promise<Token> => (await fetcher())();
  const tokens = cachedTokens({ fetchToken, clock, telemetry });
  const partnerCenter = partnerCenterClient({
    ...times,
    baseUrl: config.partnerCenter.api,
    tokens,
    clock,
    traceparent: tracing.traceparent,
  });
  const settings = config.gate;
  const store = gateStore({
    table: tables.gate,
    clock,
    storageClock: storageTime,
    random,
    telemetry,
    settings,
  });
  const gate = sharedGate({ store, clock, random, telemetry, settings });

  const deps: Deps = {
    clock,
    clockSkew: storageTime.skew,
    random,
    times,
    rules,
    tokens,
    gate: tracedGate(gate, tracing, clock),
    partnerCenter: tracedPartnerCenter(partnerCenter, tracing),
    cartApi: tracedCartApi(partnerCenter, tracing),
    offers: offerCache(clock),
    ...stores,
    joinBatch: batchJoiner({ ...stores, clock, times }),
    queue: tracedQueue(bus.queue, tracing),
    events: tracedEvents(bus.events, tracing),
    telemetry,
    tracing,
  };
  const tickDeps: TickDeps = {
    ...deps,
    heartbeats,
    fleet: {
      openAttention: () => openAttention(tables.attention),
      gate: () => gateCondition(store, settings),
    },
    ledgerScan: ledgerScan(tables.checkouts, (why) => telemetry.warn(why)),
    wakeUps: { standard: deps.queue, urgent: tracedQueue(urgentQueue, tracing) },
  };
  // Whoever opens the gate starts a tick: waiting jobs are woken at once.
  gate.onOpened(() => void tickNow(tickDeps));
  let tablesReady: Promise<void> | undefined;
  let firstTokenAsked = false;
  return {
    submit: { ledger: stores.ledger, sender: jobs },
    submitUrgent: { ledger: stores.ledger, sender: urgentJobs },
    batchStatus: batchStatuses({ ...stores, gateStore: store, clock, config }),
    tickDeps,
    tickIfStale: tickStarter(tickDeps),
    tellPause: () => tellPause(store, telemetry),
    health: { gate: store, gateSettings: settings, heartbeats },
    exports: config.applicationInsights !== undefined,
    deps,
    urgentDeps: {
      ...deps,
      gate: tracedGate(gate.urgent, tracing, clock),
      queue: tracedQueue(urgentQueue, tracing),
    },
    async ready() {
      await start();
      // The first job would wait for it. Nothing waits for it here.
      if (!firstTokenAsked) void tokens.ready({ renew: false });
      firstTokenAsked = true;
      tablesReady ??= tables.ensure().catch((error: unknown) => {
        tablesReady = undefined;
        // Not a reason to fail a run: each of its steps knows what to do when the storage is away.
        telemetry.warn(error instanceof Error ? error.message : 'the tables could not be made');
      });
      await tablesReady;
    },
    async close() {
      await bus.close();
      await shutdown();
    },
  };
}
