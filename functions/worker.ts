import { systemChance } from '../src/chance.ts';
import type { Deps } from '../src/checkout/deps.ts';
import { batchJoiner } from '../src/checkout/join-batch.ts';
import { systemClock } from '../src/clock.ts';
import { clockSkew } from '../src/clock-skew.ts';
import { decodeConfig } from '../src/config.ts';
import { gateStore } from '../src/gate/gate-store.ts';
import { sharedGate } from '../src/gate/shared-gate.ts';
import { storageClock } from '../src/gate/storage-clock.ts';
import { tellPause } from '../src/gate/tell-change.ts';
import { serviceBus } from '../src/messaging/service-bus.ts';
import { batchStatuses } from '../src/operate/batch-status.ts';
import type { HealthDeps } from '../src/operate/health.ts';
import type { SubmitDeps } from '../src/operate/submit-jobs.ts';
import type { Heartbeats } from '../src/orders/heartbeat.ts';
import { partnerCenterClient } from '../src/partner-center/client.ts';
import { cachedTokens, type Token } from '../src/partner-center/token-source.ts';
import { azureTables } from '../src/storage/azure-tables.ts';
import { heartbeatStore } from '../src/storage/heartbeat-store.ts';
import { openStores } from '../src/storage/stores.ts';
import type { Table } from '../src/storage/table.ts';
import {
  watchedEvents,
  watchedGate,
  watchedPartnerCenter,
  watchedQueue,
  watchedTable,
} from '../src/telemetry/watched.ts';
import { chooseTelemetry } from './telemetry.ts';

export interface Worker {
  readonly deps: Deps;
  /** The same for urgent jobs: the next slot is theirs, and their copies go back to their own queue. */
  readonly urgentDeps: Deps;
  readonly heartbeats: Heartbeats;
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
  const chance = systemChance;
  const { telemetry, tracing, start, shutdown } = chooseTelemetry(config.applicationInsights);

  const storageTime = storageClock(clock);
  const skew = clockSkew(clock.now);
  const tables = azureTables(config.tables, (answer) => {
    storageTime.observe(answer);
    skew.observe(answer);
  });
  const watched = (table: Table, name: string) => watchedTable(table, name, tracing);
  const stores = openStores(
    {
      checkouts: watched(tables.checkouts, 'Checkouts'),
      dueOrders: watched(tables.dueOrders, 'DueOrders'),
      attention: watched(tables.attention, 'Attention'),
      batches: watched(tables.batches, 'Batches'),
    },
    (dueRow, why) => telemetry.warn(`due row ${dueRow} was passed over: ${why}`),
  );
  const { jobs, urgentJobs, urgentQueue, ...bus } = serviceBus(config.serviceBus, clock, chance);
  const heartbeats = heartbeatStore(
    tables.gate,
    () => storageTime.now().atLeast,
    chance,
    () => tokens.credentialEndsAt(),
  );
  // Sign-in and vault are loaded with the first token: a start that waits for them takes half as long again.
  let fetcher: Promise<() => Promise<Token>> | undefined;
  const fetchToken = async (): Promise<Token> => {
    fetcher ??= import('../src/partner-center/credentials.ts').then(({ tokenFetcher }) =>
      tokenFetcher(config.partnerCenter, telemetry),
    );
    return (await fetcher)();
  };
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
    chance,
    telemetry,
    settings,
  });
  const gate = sharedGate({ store, clock, chance, telemetry, settings });

  const deps: Deps = {
    clock,
    clockSkew: skew,
    chance,
    times,
    rules,
    gate: watchedGate(gate, tracing, clock),
    partnerCenter: watchedPartnerCenter(partnerCenter, tracing),
    ...stores,
    joinBatch: batchJoiner({ ...stores, clock, times }),
    queue: watchedQueue(bus.queue, tracing),
    events: watchedEvents(bus.events, tracing),
    telemetry,
    tracing,
  };
  let tablesReady: Promise<void> | undefined;
  return {
    submit: { ledger: stores.ledger, sender: jobs },
    submitUrgent: { ledger: stores.ledger, sender: urgentJobs },
    batchStatus: batchStatuses({ ...stores, gateStore: store, clock, config }),
    heartbeats,
    tellPause: () => tellPause(store, telemetry),
    health: { gate: store, gateSettings: settings, heartbeats },
    exports: config.applicationInsights !== undefined,
    deps,
    urgentDeps: {
      ...deps,
      gate: watchedGate(gate.urgent, tracing, clock),
      queue: watchedQueue(urgentQueue, tracing),
    },
    async ready() {
      await start();
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
