import { gateStore } from '../../src/adapters/azure-tables/gate-store-table.ts';
import { defaultGateSettings, type GateSettings } from '../../src/domain/gate/gate-settings.ts';
import type { GateState } from '../../src/domain/gate/gate-state.ts';
import type { CallReport, Lane } from '../../src/domain/gate/permit.ts';
import { withPermit } from '../../src/domain/gate/permit-history.ts';
import { storageClock } from '../../src/gate/estimate-storage-clock.ts';
import { type SharedGate, sharedGate } from '../../src/gate/shared-gate.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Taken, Verdict } from '../../src/ports/gate.ts';
import type { GateStore } from '../../src/ports/gate-store.ts';
import type { StorageClock } from '../../src/ports/storage-clock.ts';
import type { Table } from '../../src/ports/table.ts';
import { type MemoryTable, memoryTable, type TableHooks } from '../support/memory-table.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { type VirtualClock, virtualClock } from '../support/virtual-clock.ts';

export interface Fleet {
  readonly clock: VirtualClock;
  readonly table: MemoryTable;
  readonly settings: GateSettings;
  readonly warnings: string[];
  /** Storage requests of all instances. */
  readonly requests: { reads: number; writes: number; refused: number };
  /** One more instance, with a clock that is `skew` ms ahead of the storage's. */
  instance(skew?: number): Instance;
}

export interface Instance {
  readonly gate: SharedGate;
  readonly store: GateStore;
  /** Its own clock. */
  readonly clock: Clock;
  /** From now on its code stands still: no sleep ends, no answer comes. */
  freeze(): void;
  thaw(): void;
}

/** Instances over one table, each with its own clock, a network between, and a Date header in every answer. */
export function fleet(
  given: Partial<GateSettings> = {},
  seed = 1,
  hooks: TableHooks = {},
  latency = 20,
): Fleet {
  const clock = virtualClock();
  const table = memoryTable(hooks);
  const random = seededRandom(seed);
  const settings = { ...defaultGateSettings, ...given };
  const warnings: string[] = [];
  const requests = { reads: 0, writes: 0, refused: 0 };

  const leg = () => latency * (0.25 + 0.5 * random.fraction());

  function remote(own: Clock, server: StorageClock): Table {
    async function ask<T>(work: () => Promise<T>): Promise<T> {
      const sentAt = own.now();
      await clock.sleep(leg());
      const date = Math.floor(clock.now() / 1_000) * 1_000;
      try {
        return await work();
      } finally {
        // No answer reaches an instance that stands still.
        await own.sleep(leg());
        server.observe({ date, sentAt, receivedAt: own.now() });
      }
    }
    return {
      get: (partition, key) => {
        requests.reads += 1;
        return ask(() => table.get(partition, key));
      },
      change: async (change) => {
        requests.writes += 1;
        const result = await ask(() => table.change(change));
        if (result.kind === 'refused') requests.refused += 1;
        return result;
      },
      transact: () => Promise.reject(new Error('the gate has one row')),
      rows: () => {
        throw new Error('the gate has one row');
      },
    };
  }

  function instance(skew = 0): Instance {
    const frozen = { until: Promise.resolve(), thaw: () => {} };
    const skewed = clock.skewed(skew);
    const own: Clock = {
      now: skewed.now,
      sleep: async (ms) => {
        await clock.sleep(ms);
        await frozen.until;
      },
    };
    const server = storageClock(own);
    const telemetry = {
      event: () => {},
      warn: (message: string) => {
        warnings.push(message);
      },
    };
    const parts = {
      clock: own,
      random: seededRandom(Math.floor(random.fraction() * 2 ** 32)),
      telemetry,
      settings,
    };
    const store = gateStore({ ...parts, table: remote(own, server), storageClock: server });
    return {
      gate: sharedGate({ ...parts, store }),
      store,
      clock: own,
      freeze: () => {
        frozen.until = new Promise((resolve) => {
          frozen.thaw = resolve;
        });
      },
      thaw: () => frozen.thaw(),
    };
  }

  return { clock, table, settings, warnings, requests, instance };
}

/** The state after so many permits of the worker's, evenly spaced from `from` to `to`. */
export function withSpaced(
  state: GateState,
  count: number,
  from: number,
  to: number,
  settings: GateSettings,
): GateState {
  let { permits } = state;
  for (let nth = 0; nth < count; nth += 1)
    permits = withPermit(permits, 'worker', from + (nth * (to - from)) / count, settings);
  return { ...state, permits };
}

/** What one call of an instance is like: when it ends, with what. */
export type Api = (customerId: string, at: number) => Promise<CallReport>;

export interface Made {
  /** By the storage's clock. */
  readonly at: number;
  readonly customerId: string;
  readonly report: CallReport;
}

/** Callers that take a permit, wait a little as a claim does, call, report, and begin again until told to stop. */
export function load(
  { clock, settings }: Fleet,
  instances: readonly Instance[],
  callers: number,
  api: Api,
  options: { lane?: Lane; end: number; customers?: number; claimMs?: number; seed?: number },
) {
  const calls: Made[] = [];
  const verdicts: Verdict[] = [];
  const refusals: Exclude<Taken, { kind: 'permit' }>[] = [];
  const stale = { count: 0 };
  const random = seededRandom(options.seed ?? 7);

  async function caller(instance: Instance): Promise<void> {
    const { gate, clock: own } = instance;
    while (clock.now() < options.end) {
      const taken = await gate.take(options.lane ?? 'worker', own.now() + 90_000);
      if (taken.kind !== 'permit') {
        refusals.push(taken);
        await own.sleep(Math.min(90_000, Math.max(1, taken.until - own.now())));
        continue;
      }
      if (options.claimMs !== undefined) await own.sleep(random.fraction() * options.claimMs);
      if (own.now() >= taken.permit.notBefore + settings.permitLifeMs) {
        stale.count += 1;
        continue;
      }
      const customerId = `customer-${Math.floor(random.fraction() * (options.customers ?? 50))}`;
      const at = clock.now();
      const report = await api(customerId, at);
      calls.push({ at, customerId, report });
      verdicts.push(await gate.report(report));
    }
  }
  const done = Promise.all(
    instances.flatMap((instance) => Array.from({ length: callers }, () => caller(instance))),
  );
  return { calls, verdicts, refusals, stale, done };
}

/** An API that lets everything pass, after a while. */
export const passing =
  (clock: Clock, ms = 800): Api =>
  async (customerId) => {
    await clock.sleep(ms);
    return { kind: 'ok', customerId };
  };

/** The most calls in any stretch of that length. */
export function busiest(times: readonly number[], stretch: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  let first = 0;
  let most = 0;
  for (const [last, time] of sorted.entries()) {
    while (time - (sorted[first] ?? time) >= stretch) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
