import { gateStore } from '../../src/adapters/azure-tables/gate-store-table.ts';
import { heartbeatStore } from '../../src/adapters/azure-tables/heartbeat-store.ts';
import { ledgerScan } from '../../src/adapters/azure-tables/ledger-scan-store.ts';
import { openAttention } from '../../src/adapters/azure-tables/open-attention.ts';
import { openStores } from '../../src/adapters/azure-tables/stores.ts';
import type { Deps } from '../../src/checkout/deps.ts';
import { handleDelivery } from '../../src/checkout/handle-delivery.ts';
import { batchJoiner } from '../../src/checkout/join-batch.ts';
import type { CheckoutEvent } from '../../src/domain/events/event.ts';
import { defaultGateSettings, type GateSettings } from '../../src/domain/gate/gate-settings.ts';
import type { OutgoingMessage } from '../../src/domain/message/queue-message.ts';
import { defaultTimes } from '../../src/domain/times.ts';
import { storageClock } from '../../src/gate/estimate-storage-clock.ts';
import { sharedGate } from '../../src/gate/shared-gate.ts';
import { runTick, tickNow, tickStarter } from '../../src/polling/tick.ts';
import type { TickDeps } from '../../src/polling/tick-deps.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Gate } from '../../src/ports/gate.ts';
import type { GateStore } from '../../src/ports/gate-store.ts';
import type { PartnerCenter } from '../../src/ports/partner-center.ts';
import type { StorageClock } from '../../src/ports/storage-clock.ts';
import type { StoredRow, Table } from '../../src/ports/table.ts';
import { untraced } from '../../src/ports/tracing.ts';
import { type MemoryTable, memoryTable } from './memory-table.ts';
import { noCarts } from './no-carts.ts';
import { seededRandom } from './seeded-random.ts';
import { type VirtualClock, virtualClock } from './virtual-clock.ts';

const minute = 60_000;
export const tableNames = ['checkouts', 'schedule', 'attention', 'batches', 'gate'] as const;
export type TableName = (typeof tableNames)[number];

/** One thing that the fleet did, for counts by the minute. */
export interface Done {
  readonly at: number;
  /** A storage request (`get schedule`), `send`, `delivery`, `publish`, `permit`, or `return` of a permit that was not used. */
  readonly what: string;
}

export interface VirtualFleet {
  readonly clock: VirtualClock;
  readonly tables: Readonly<Record<TableName, MemoryTable>>;
  readonly done: readonly Done[];
  readonly events: readonly CheckoutEvent[];
  readonly warnings: readonly string[];
  /** The gate as an onlooker reads it; costs the fleet nothing. */
  readonly gate: GateStore;
  /** A producer sends bodies, to the queue for most jobs or to the one that is served first. */
  enqueue(bodies: readonly unknown[], to?: QueueName): void;
  /** Messages that wait or are under way. */
  messages(): number;
  /** Entries of jobs in the schedule. */
  waiting(): number;
}

export interface VirtualFleetOptions {
  /** How Partner Center answers; it is given the one clock. */
  readonly partnerCenter: (clock: Clock) => PartnerCenter;
  readonly gateSettings?: Partial<GateSettings>;
  readonly instances?: number;
  /** Messages of one instance at a time: `maxConcurrentCalls` of host.json. */
  readonly atOnce?: number;
  readonly seed?: number;
  /** Stands before a table, for whoever counts or adds rows; the table itself when absent. */
  readonly over?: (name: TableName, table: MemoryTable) => Table;
}

type QueueName = 'standard' | 'urgent';

interface Waiting {
  readonly queue: QueueName;
  readonly message: OutgoingMessage;
  readonly sequence: number;
  readonly at: number;
  deliveries: number;
}

/**
 * Whole workers in virtual time: the parts of the composition root over tables, a queue and a topic in memory, each with its own
 * clock and a network between. The first instance has the timer.
 */
export function virtualFleet(options: VirtualFleetOptions): VirtualFleet {
  const { instances = 3, atOnce = 40, seed = 1 } = options;
  const clock = virtualClock();
  const random = seededRandom(seed);
  const settings = { ...defaultGateSettings, ...options.gateSettings };
  const tables = {
    checkouts: memoryTable(),
    schedule: memoryTable(),
    attention: memoryTable(),
    batches: memoryTable(),
    gate: memoryTable(),
  };
  const done: Done[] = [];
  const events: CheckoutEvent[] = [];
  const warnings: string[] = [];
  const note = (what: string): void => void done.push({ at: clock.now(), what });
  const leg = (): number => 10 * (0.25 + 0.5 * random.fraction());

  let queue: Waiting[] = [];
  let sequence = 0;
  let underWay = 0;
  const hosts: {
    /** As many at once of each queue: each has a function of its own. */
    readonly running: Record<QueueName, number>;
    readonly handle: (next: Waiting) => Promise<void>;
  }[] = [];

  function send(messages: readonly OutgoingMessage[], at: number, to: QueueName): void {
    for (const message of messages) {
      sequence += 1;
      queue.push({ queue: to, message, sequence, at: Math.max(at, clock.now()), deliveries: 0 });
    }
    wakeAt(at);
  }

  function wakeAt(at: number): void {
    void clock.sleep(Math.max(1, at - clock.now())).then(dispatch);
  }

  function dispatch(): void {
    dispatchFrom('urgent');
    dispatchFrom('standard');
  }

  /** The instance with the most room takes the next message that is due. */
  function dispatchFrom(name: QueueName): void {
    for (;;) {
      const host = hosts.toSorted((a, b) => a.running[name] - b.running[name])[0];
      if (host === undefined || host.running[name] >= atOnce) return;
      const next = queue.find((each) => each.queue === name && each.at <= clock.now());
      if (next === undefined) return;
      queue = queue.filter((each) => each !== next);
      host.running[name] += 1;
      underWay += 1;
      void host.handle(next).finally(() => {
        host.running[name] -= 1;
        underWay -= 1;
        dispatch();
      });
    }
  }

  function remote(name: TableName, own: Clock, server: StorageClock): Table {
    const table = options.over?.(name, tables[name]) ?? tables[name];
    async function ask<T>(what: string, work: () => Promise<T>): Promise<T> {
      note(`${what} ${name}`);
      const sentAt = own.now();
      await clock.sleep(leg());
      const date = Math.floor(clock.now() / 1_000) * 1_000;
      const result = await work();
      await clock.sleep(leg());
      server.observe({ date, sentAt, receivedAt: own.now() });
      return result;
    }
    return {
      get: (partition, key) => ask('get', () => table.get(partition, key)),
      change: (change) => ask(change.kind, () => table.change(change)),
      transact: (changes) => ask('transact', () => table.transact(changes)),
      async *rows(query) {
        const found = table.rows(query)[Symbol.asyncIterator]();
        for (;;) {
          // The service sends a thousand rows at a time.
          const page = await ask('query', async () => {
            const rows: StoredRow[] = [];
            for (let next = await found.next(); next.done !== true; next = await found.next())
              if (rows.push(next.value) === 1_000) break;
            return rows;
          });
          yield* page;
          if (page.length < 1_000) return;
        }
      },
    };
  }

  function start(index: number): void {
    const own = clock.skewed((random.fraction() - 0.5) * 2_000);
    const ownRandom = seededRandom(seed * 100 + index);
    const server = storageClock(own);
    const telemetry: Deps['telemetry'] = {
      event: () => {},
      warn: (message) => void warnings.push(message),
    };
    const table = (name: TableName) => remote(name, own, server);
    const stores = openStores(
      {
        checkouts: table('checkouts'),
        schedule: table('schedule'),
        attention: table('attention'),
        batches: table('batches'),
      },
      (key, why) => void warnings.push(`entry ${key}: ${why}`),
    );
    const parts = { clock: own, random: ownRandom, telemetry, settings };
    const gate = sharedGate({
      ...parts,
      store: gateStore({ ...parts, table: table('gate'), storageClock: server }),
    });
    const watched = (lane: Gate): Gate => ({
      ...lane,
      async take(...asked) {
        const taken = await lane.take(...asked);
        if (taken.kind === 'permit') note('permit');
        return taken;
      },
      giveBack(permit, spent) {
        if (spent !== true) note('return');
        lane.giveBack(permit, spent);
      },
    });
    const outgoing = (to: QueueName): Deps['queue'] => ({
      async send(messages, at) {
        for (const _ of messages) note('send');
        await clock.sleep(leg());
        send(messages, at, to);
      },
    });
    const wakeUps = { standard: outgoing('standard'), urgent: outgoing('urgent') };
    const deps: Deps = {
      clock: own,
      clockSkew: () => undefined,
      random,
      times: defaultTimes,
      rules: { maxAttempts: 6, repeatOrderedCart: true },
      gate: watched(gate),
      partnerCenter: options.partnerCenter(clock),
      ...noCarts,
      tokens: { ready: async () => true },
      ...stores,
      joinBatch: batchJoiner({ ...stores, clock: own, times: defaultTimes }),
      queue: wakeUps.standard,
      events: {
        async publish(more) {
          note('publish');
          await clock.sleep(leg());
          events.push(...more);
        },
      },
      telemetry,
      tracing: untraced,
    };
    const tickDeps: TickDeps = {
      ...deps,
      fleet: {
        openAttention: () => openAttention(table('attention')),
        gate: async () => ({ state: 'open' }),
      },
      heartbeats: heartbeatStore(table('gate'), () => server.now().earliest, random),
      ledgerScan: ledgerScan(table('checkouts'), (why) => void warnings.push(why)),
      wakeUps,
    };
    const byQueue = {
      standard: deps,
      urgent: { ...deps, gate: watched(gate.urgent), queue: wakeUps.urgent },
    };
    gate.onOpened(() => void tickNow(tickDeps));
    const tickIfStale = tickStarter(tickDeps);
    hosts.push({
      running: { standard: 0, urgent: 0 },
      async handle(next) {
        note('delivery');
        next.deliveries += 1;
        await clock.sleep(leg());
        const startedAt = own.now();
        try {
          await handleDelivery(byQueue[next.queue], {
            ...next.message,
            sequenceNumber: String(next.sequence),
            queue: next.queue,
            deliveryCount: next.deliveries,
            enqueuedAt: next.at,
          });
        } catch (error) {
          warnings.push(`delivery ${next.sequence}: ${String(error)}`);
          queue.push(next);
          return;
        }
        await tickIfStale(startedAt);
      },
    });
    if (index === 0) void keepTicking(tickDeps);
  }

  /** The timer of one instance, at each whole minute. It never runs two ticks at once. */
  async function keepTicking(deps: TickDeps): Promise<never> {
    for (;;) {
      await clock.sleep(minute - (clock.now() % minute));
      await runTick(deps);
    }
  }

  for (let index = 0; index < instances; index += 1) start(index);
  const onlooker = storageClock(clock);
  return {
    clock,
    tables,
    done,
    events,
    warnings,
    gate: gateStore({
      table: tables.gate,
      clock,
      storageClock: onlooker,
      random: seededRandom(seed + 7),
      telemetry: { event: () => {}, warn: (message) => void warnings.push(message) },
      settings,
    }),
    enqueue: (bodies, to = 'standard') =>
      send(
        bodies.map((body) => ({
          messageId: random.guid(),
          body: new TextEncoder().encode(JSON.stringify(body)),
          properties: {},
        })),
        clock.now(),
        to,
      ),
    messages: () => queue.length + underWay,
    waiting: () => tables.schedule.all().filter(({ key }) => /^(job|urgent):/.test(key)).length,
  };
}
