import { ledgerScan } from '../../src/adapters/azure-tables/ledger-scan-store.ts';
import { openStores } from '../../src/adapters/azure-tables/stores.ts';
import type { Deps } from '../../src/checkout/deps.ts';
import { batchJoiner } from '../../src/checkout/join-batch.ts';
import { storageClock } from '../../src/gate/storage-clock.ts';
import type { TickWorkDeps } from '../../src/polling/tick-deps.ts';
import { untraced } from '../../src/ports/tracing.ts';
import { Unavailable } from '../../src/ports/unavailable.ts';
import { checkBatchEvents } from './batches.ts';
import { watchedGate } from './gate.ts';
import { partnerCenterPort } from './partner-center.ts';
import { type Process, portCall } from './process.ts';
import { type TableName, tableOver } from './tables.ts';
import { topicOver } from './topic.ts';
import type { World } from './world.ts';

/** What the composition root makes in production: here over ports that lose, repeat and delay. */
export function depsOf(world: World, process: Process): TickWorkDeps & Deps {
  const { tables } = world;
  const onWrite = (name: TableName) => () => {
    if (name === 'checkouts' || name === 'schedule') world.onBooks();
    if (name === 'schedule') world.onDueRows();
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
    ledgerScan: ledgerScan(table('checkouts'), (why) => world.violated(`bug: ${why}`)),
    wakeUps: { urgent: queue, standard: queue },
    clock: process.clock,
    clockSkew: clock.skew,
    chance: process.random,
    times: world.times,
    rules: world.setup.rules,
    gate: watchedGate(world, process, table('gate'), clock, telemetry),
    partnerCenter: partnerCenterPort(world, process),
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

const queueOver = (world: World, process: Process): Deps['queue'] => ({
  send: (messages, at) =>
    portCall(world, process, {
      name: 'queue.send',
      effect: async () => {
        // The time is the sender's; the queue goes by its own clock.
        for (const message of messages) world.broker.send(message, at);
        if (world.traced)
          world.trace(
            process.name,
            `sent ${messages.length} for ${new Date(at).toISOString()}: ${messages.map(({ body }) => new TextDecoder().decode(body)).join(' ')}`,
          );
      },
      failure: () => new Unavailable('queue', 'send failed'),
    }),
});
