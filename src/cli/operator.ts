import type { ServiceBusClient } from '@azure/service-bus';
import { type Chance, systemChance } from '../chance.ts';
import type { CheckoutQueue } from '../checkout/queue.ts';
import { type Clock, systemClock } from '../clock.ts';
import { compact } from '../compact.ts';
import type { OperatorConfig } from '../config.ts';
import { type GateStore, gateStore } from '../gate/gate-store.ts';
import { type StorageClock, storageClock } from '../gate/storage-clock.ts';
import { checkoutQueue } from '../messaging/checkout-queue.ts';
import { deadLetters } from '../messaging/dead-letters.ts';
import { queueAdmin } from '../messaging/queue-admin.ts';
import { serviceBusClient } from '../messaging/service-bus.ts';
import type { AttentionRows } from '../operate/attention-rows.ts';
import type { DeadLetters } from '../operate/dead-letters.ts';
import type { QueueStatus } from '../operate/queue-status.ts';
import type { PollerTrace } from '../operate/status.ts';
import { attentionRows } from '../storage/attention-rows.ts';
import { type AzureTables, azureTables } from '../storage/azure-tables.ts';
import { heartbeatStore } from '../storage/heartbeat-store.ts';
import { openStores, type Stores } from '../storage/stores.ts';
import type { Telemetry } from '../telemetry.ts';
import { whoAmI } from './who.ts';

/** What the commands work with; each command's use case names the few things of it that it needs. */
export interface Operator extends Stores {
  readonly config: OperatorConfig;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly telemetry: Telemetry;
  readonly tables: AzureTables;
  readonly gateStore: GateStore;
  readonly storageClock: StorageClock;
  readonly bus: ServiceBusClient;
  readonly queue: CheckoutQueue;
  /** For what one person waits for: it is served before the night. */
  readonly urgentQueue: CheckoutQueue;
  readonly attentionRows: AttentionRows;
  /** Of each queue that the worker reads. */
  readonly deadLetters: readonly DeadLetters[];
  readonly queueStatus: QueueStatus;
  readonly urgentStatus: QueueStatus;
  readonly pollerTrace: () => Promise<PollerTrace>;
  who(): Promise<string>;
  close(): Promise<void>;
}

/** The composition root of the command line. Nothing is connected before it is used. */
export function openOperator(config: OperatorConfig, warn: (text: string) => void): Operator {
  const clock = systemClock;
  const chance = systemChance;
  const telemetry: Telemetry = { event: () => {}, warn };
  const storageTime = storageClock(clock);
  const tables = azureTables(config.tables, storageTime.observe);
  const bus = serviceBusClient(config.serviceBus.connection);
  return {
    config,
    clock,
    chance,
    telemetry,
    tables,
    storageClock: storageTime,
    ...openStores(tables, (dueRow, why) => warn(`due row ${dueRow} was passed over: ${why}`)),
    gateStore: gateStore({
      table: tables.gate,
      clock,
      storageClock: storageTime,
      chance,
      telemetry,
      settings: config.gate,
    }),
    bus,
    queue: checkoutQueue(bus.createSender(config.serviceBus.queue)),
    urgentQueue: checkoutQueue(bus.createSender(config.serviceBus.urgentQueue)),
    attentionRows: attentionRows(tables.attention),
    deadLetters: [config.serviceBus.queue, config.serviceBus.urgentQueue].map((name) =>
      deadLetters(bus, name),
    ),
    queueStatus: queueAdmin(config.serviceBus.connection, config.serviceBus.queue),
    urgentStatus: queueAdmin(config.serviceBus.connection, config.serviceBus.urgentQueue),
    pollerTrace: async () => {
      const heartbeat = await heartbeatStore(tables.gate, () => storageTime.now().atLeast, chance).read();
      return compact({
        lastTick: heartbeat?.last?.endedAt,
        lastSuccess: heartbeat?.lastSuccess || undefined,
        credentialEndsAt: heartbeat?.credentialEndsAt,
      });
    },
    who: () => whoAmI(config.tables),
    close: () => bus.close(),
  };
}
