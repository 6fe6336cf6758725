/** The tables and the gate for the commands: half of the composition root of the command line. */
import { attentionRows } from '../../adapters/azure-tables/attention-table.ts';
import { type AzureTables, azureTables } from '../../adapters/azure-tables/azure-tables.ts';
import { gateStore } from '../../adapters/azure-tables/gate-store-table.ts';
import { heartbeatStore } from '../../adapters/azure-tables/heartbeat-store.ts';
import { ledgerScan } from '../../adapters/azure-tables/ledger-scan-store.ts';
import { countOpen } from '../../adapters/azure-tables/open-attention.ts';
import { openStores, type Stores } from '../../adapters/azure-tables/stores.ts';
import type { OperatorConfig } from '../../config/config.ts';
import type { AttentionKind } from '../../domain/checkout/attention-row.ts';
import { omitUndefined } from '../../domain/omit-undefined.ts';
import { storageClock } from '../../gate/estimate-storage-clock.ts';
import type { PollerTrace } from '../../operator/status.ts';
import type { AttentionRows } from '../../ports/attention-rows.ts';
import { type Clock, systemClock } from '../../ports/clock.ts';
import type { GateStore } from '../../ports/gate-store.ts';
import type { LedgerScan } from '../../ports/ledger-scan.ts';
import { type Random, systemRandom } from '../../ports/random.ts';
import type { StorageClock } from '../../ports/storage-clock.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import { whoAmI } from './who.ts';

/** The tables, and all else but the queues; each command's use case names the few things of it that it needs. */
export interface Operator extends Stores {
  readonly config: OperatorConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly tables: AzureTables;
  readonly gateStore: GateStore;
  readonly storageClock: StorageClock;
  readonly attentionRows: AttentionRows;
  readonly ledgerScan: LedgerScan;
  /** How many attention rows of each kind are open. Throws `Unavailable`. */
  countOpen(): Promise<Readonly<Record<AttentionKind, number>>>;
  /** The storage's time: this machine's clock may be minutes off. */
  now(): number;
  readonly pollerTrace: () => Promise<PollerTrace>;
  who(): Promise<string>;
}

/** Half of the composition root of the command line; the other half is `queues.ts`. */
export function openOperator(config: OperatorConfig, warn: (text: string) => void): Operator {
  const clock = systemClock;
  const random = systemRandom;
  const telemetry: Telemetry = { event: () => {}, warn };
  const storageTime = storageClock(clock);
  const tables = azureTables(config.tables, storageTime.observe);
  return {
    config,
    clock,
    random,
    telemetry,
    tables,
    storageClock: storageTime,
    ...openStores(tables, (entryKey, why) => warn(`entry ${entryKey} was passed over: ${why}`)),
    gateStore: gateStore({
      table: tables.gate,
      clock,
      storageClock: storageTime,
      random,
      telemetry,
      settings: config.gate,
    }),
    attentionRows: attentionRows(tables.attention),
    ledgerScan: ledgerScan(tables.checkouts, (why) => warn(`passed over: ${why}`)),
    countOpen: () => countOpen(tables.attention),
    now: () => storageTime.now().earliest,
    pollerTrace: async () => {
      const heartbeat = await heartbeatStore(tables.gate, () => storageTime.now().earliest, random).read();
      return omitUndefined({
        lastTick: heartbeat?.last?.endedAt,
        lastSuccess: heartbeat?.lastSuccess || undefined,
        credentialEndsAt: heartbeat?.credentialEndsAt,
        credentialReadAt: heartbeat?.credentialReadAt,
        notices: heartbeat?.notices ?? {},
      });
    },
    who: () => whoAmI(config.tables),
  };
}
