import { heartbeatStore } from '../../src/adapters/azure-tables/heartbeat-store.ts';
import { ledgerScan } from '../../src/adapters/azure-tables/ledger-scan-store.ts';
import { openAttention } from '../../src/adapters/azure-tables/open-attention.ts';
import { openStores } from '../../src/adapters/azure-tables/stores.ts';
import type { Deps } from '../../src/checkout/deps.ts';
import { batchJoiner } from '../../src/checkout/join-batch.ts';
import { offerCache } from '../../src/checkout/offer-cache.ts';
import { storageClock } from '../../src/gate/estimate-storage-clock.ts';
import type { TickDeps } from '../../src/polling/tick-deps.ts';
import type { LedgerScan } from '../../src/ports/ledger-scan.ts';
import { untraced } from '../../src/ports/tracing.ts';
import { Unavailable } from '../../src/ports/unavailable.ts';
import { checkBatchEvents } from './batches.ts';
import { tracedGate } from './gate.ts';
import { cartApiPort, partnerCenterPort } from './partner-center.ts';
import { type Process, portCall } from './process.ts';
import { type TableName, tableOver } from './tables.ts';
import { topicOver } from './topic.ts';
import type { World } from './world.ts';

/** What the composition root makes in production: here over ports that lose, repeat and delay. */
export function depsOf(world: World, process: Process): TickDeps & Deps {
  const { tables } = world;
  const onWrite = (name: TableName) => () => {
    if (name === 'checkouts' || name === 'schedule') world.onBooks();
    if (name === 'schedule') world.onDueEntries();
  };
  const clock = storageClock(process.clock);
  const table = (name: TableName) =>
    tableOver(world, process, name, tables[name], { onWrite: onWrite(name), onAnswer: clock.observe });
  const stores = openStores(
    {
      checkouts: table('checkouts'),
      schedule: table('schedule'),
      attention: table('attention'),
      batches: table('batches'),
    },
    (key, why) => world.violated(`bug: entry ${key} cannot be read: ${why}`),
  );
  const telemetry: Deps['telemetry'] = {
    event: (name, fields) => {
      if (world.traced) world.trace(process.name, `${name} ${JSON.stringify(fields)}`);
    },
    warn: (message) => world.trace(process.name, `warning: ${message}`),
  };
  const queue: Deps['queue'] = queueOver(world, process);
  return {
    ledgerScan: nowAndThen(
      world,
      ledgerScan(table('checkouts'), () => {}),
    ),
    fleet: { openAttention: () => openAttention(table('attention')), gate: async () => ({ state: 'open' }) },
    heartbeats: heartbeatStore(table('heartbeat'), () => clock.now().earliest, process.random),
    wakeUps: { urgent: queue, standard: queue },
    clock: process.clock,
    clockSkew: clock.skew,
    random: process.random,
    times: world.times,
    rules: world.setup.rules,
    gate: tracedGate(world, process, table('gate'), clock, telemetry),
    partnerCenter: partnerCenterPort(world, process),
    cartApi: cartApiPort(world, process),
    offers: offerCache(process.clock),
    // What a slow token does is in the port above: there it comes between a permit and its call, where it does the most harm.
    tokens: { ready: async () => true },
    ...stores,
    joinBatch: batchJoiner({ ...stores, clock: process.clock, times: world.times }),
    queue,
    events: topicOver(world, process, (events) => {
      checkBatchEvents(world, events);
      world.events.push(...events);
    }),
    telemetry,
    tracing: untraced,
  };
}

/** Ticks between two repairs: reading the whole ledger each minute is what a tick costs most, and finds nothing in most worlds. */
const repairEvery = 10;

/** Where somebody removes entries, every tick looks for them. */
function nowAndThen({ setup }: World, scan: LedgerScan): Pick<LedgerScan, 'page'> {
  let ticks = 0;
  return {
    page: async (after, most) => {
      ticks += 1;
      const skips = setup.removals === undefined && ticks % repairEvery !== 0;
      return skips ? { records: [], next: after } : scan.page(after, most);
    },
  };
}

/** When a message reaches the queue, once or more often, ms after it was sent. */
function timesOf({ setup, isCalm }: World, { random }: Process, body: Uint8Array): readonly number[] {
  const fate = body[2] !== 0x77 || isCalm() ? undefined : setup.wakeUp?.(random);
  if (fate === 'lost') return [];
  return fate === 'doubled' ? [0, 0] : [fate ?? 0];
}

const queueOver = (world: World, process: Process): Deps['queue'] => ({
  send: (messages, at) =>
    portCall(world, process, {
      name: 'queue.send',
      effect: async () => {
        // The time is the sender's; the queue goes by its own clock.
        for (const message of messages)
          for (const late of timesOf(world, process, message.body)) world.broker.send(message, at + late);
        if (world.traced)
          world.trace(
            process.name,
            `sent ${messages.length} for ${new Date(at).toISOString()}: ${messages.map(({ body }) => new TextDecoder().decode(body)).join(' ')}`,
          );
      },
      failure: () => new Unavailable('queue', 'send failed'),
    }),
});
