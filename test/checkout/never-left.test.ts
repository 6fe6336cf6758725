/** Promise: a run whose call never left does not count as a crash. */

import { expect, test } from 'vitest';
import { openStores } from '../../src/adapters/azure-tables/stores.ts';
import type { Deps } from '../../src/checkout/deps.ts';
import { handleDelivery } from '../../src/checkout/handle-delivery.ts';
import { batchJoiner } from '../../src/checkout/join-batch.ts';
import { wakeUp } from '../../src/domain/message/delivery.ts';
import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import type { QueueMessage } from '../../src/domain/message/queue-message.ts';
import { defaultTimes } from '../../src/domain/times.ts';
import { untraced } from '../../src/ports/tracing.ts';
import { nobodyAsks } from '../support/exchanges.ts';
import { memoryTable } from '../support/memory-table.ts';
import { noCarts } from '../support/no-carts.ts';
import { cartId, customerId } from '../support/records.ts';
import { seededRandom } from '../support/seeded-random.ts';

test('runs whose permit is too old at the fence are no crashes: no person is asked', async () => {
  let now = Date.UTC(2026, 10, 24, 2);
  let taken = 0;
  const clock = {
    now: () => now,
    sleep: async (ms: number) => {
      now += Math.max(0, ms);
    },
  };
  // The claim takes longer than a permit lives.
  const slow = { before: () => clock.sleep(2 * defaultTimes.permitLife).then(() => undefined) };
  const tables = {
    checkouts: memoryTable(slow),
    schedule: memoryTable(),
    attention: memoryTable(),
    batches: memoryTable(),
  };
  const stores = openStores(tables, () => {});
  const deps: Deps = {
    clock,
    clockSkew: () => undefined,
    tokens: { ready: async () => true },
    random: seededRandom(1),
    times: defaultTimes,
    rules: { maxAttempts: 6, repeatOrderedCart: true },
    gate: {
      // One permit for the claim, and none at the fence.
      take: async (lane) => {
        taken += 1;
        return taken % 2 === 1
          ? { kind: 'permit', permit: { lane, notBefore: now } }
          : { kind: 'busy', until: now + 60_000 };
      },
      giveBack: () => {},
      report: nobodyAsks,
      customerUntil: () => undefined,
      jobStarted: () => {},
      standing: async () => ({ kind: 'open', permitsPerMinute: 240 }),
      lastOkOfOthers: () => undefined,
    },
    ...noCarts,
    partnerCenter: { checkout: nobodyAsks, cart: nobodyAsks, order: nobodyAsks, orders: nobodyAsks },
    ...stores,
    joinBatch: batchJoiner({ ...stores, clock, times: defaultTimes }),
    queue: { send: nobodyAsks },
    events: { publish: nobodyAsks },
    telemetry: { event: () => {}, warn: () => {} },
    tracing: untraced,
  };
  let sequence = 0;
  const deliver = (message: Pick<QueueMessage, 'body' | 'messageId' | 'properties'>) => {
    sequence += 1;
    const about = { queue: 'standard' as const, deliveryCount: 1, enqueuedAt: now };
    return handleDelivery(deps, { ...message, ...about, sequenceNumber: String(sequence) });
  };
  const body = new TextEncoder().encode(JSON.stringify({ customerId, cartId }));
  await deliver({ body, messageId: 'job', properties: {} });
  for (let run = 0; run < 8; run += 1) {
    now += 20 * 60_000;
    const [entry] = tables.schedule.all();
    expect(entry).toBeDefined();
    await deliver(wakeUp({ key: entry?.key ?? '', wakes: run }, `wake-up ${run}`));
  }
  const found = await stores.ledger.read(jobKeyOf({ customerId, cartId }));
  expect(found?.value).toMatchObject({ state: 'waiting', reschedules: 9, unansweredSends: 0 });
  expect(found?.value.asked).toBeUndefined();
  expect(tables.attention.all()).toEqual([]);
});
