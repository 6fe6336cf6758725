import { type Chance, systemChance } from '../chance.ts';
import { type Clock, systemClock } from '../clock.ts';
import { compact } from '../compact.ts';
import type { OperatorConfig } from '../config.ts';
import { type GateStore, gateStore } from '../gate/gate-store.ts';
import { type StorageClock, storageClock } from '../gate/storage-clock.ts';
import type { AttentionRows } from '../operate/attention-rows.ts';
import type { LedgerScan } from '../operate/ledger-scan.ts';
import type { PollerTrace } from '../operate/status.ts';
import { attentionRows } from '../storage/attention-rows.ts';
import { type AzureTables, azureTables } from '../storage/azure-tables.ts';
import { heartbeatStore } from '../storage/heartbeat-store.ts';
import { ledgerScan } from '../storage/ledger-scan.ts';
import { openStores, type Stores } from '../storage/stores.ts';
import type { Telemetry } from '../telemetry.ts';
import { whoAmI } from './who.ts';

/** The tables, and all else but the queues; each command's use case names the few things of it that it needs. */
export interface Operator extends Stores {
  readonly config: OperatorConfig;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly telemetry: Telemetry;
  readonly tables: AzureTables;
  readonly gateStore: GateStore;
  readonly storageClock: StorageClock;
  readonly attentionRows: AttentionRows;
  readonly ledgerScan: LedgerScan;
  /** How many records `ledgerScan` could not read, and passed over. */
  passedOver(): number;
  readonly pollerTrace: () => Promise<PollerTrace>;
  who(): Promise<string>;
}

/** Half of the composition root of the command line; the other half is `queues.ts`. */
export function openOperator(config: OperatorConfig, warn: (text: string) => void): Operator {
  const clock = systemClock;
  const chance = systemChance;
  const telemetry: Telemetry = { event: () => {}, warn };
  let passedOver = 0;
  const storageTime = storageClock(clock);
  const tables = azureTables(config.tables, storageTime.observe);
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
    attentionRows: attentionRows(tables.attention),
    ledgerScan: ledgerScan(tables.checkouts, (why) => {
      passedOver += 1;
      warn(`passed over: ${why}`);
    }),
    passedOver: () => passedOver,
    pollerTrace: async () => {
      const heartbeat = await heartbeatStore(tables.gate, () => storageTime.now().atLeast, chance).read();
      return compact({
        lastTick: heartbeat?.last?.endedAt,
        lastSuccess: heartbeat?.lastSuccess || undefined,
        credentialEndsAt: heartbeat?.credentialEndsAt,
      });
    },
    who: () => whoAmI(config.tables),
  };
}
