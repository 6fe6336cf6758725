/** Promise: a message that is no job is kept and reported once, without spending deliveries. */

import { expect, test } from 'vitest';
import type { PartnerCenter } from '../../src/ports/partner-center.ts';
import { Unavailable } from '../../src/ports/unavailable.ts';
import { oneWorker } from '../support/one-worker.ts';
import { leapingClock } from '../support/virtual-clock.ts';

const nobody: PartnerCenter = {
  checkout: () => Promise.reject(new Error('asked')),
  cart: () => Promise.reject(new Error('asked')),
  order: () => Promise.reject(new Error('asked')),
  orders: () => Promise.reject(new Error('asked')),
};

test('a message that is no job waits while the topic is away, without spending deliveries, and is told once', async () => {
  const clock = leapingClock(Date.UTC(2026, 10, 24, 2));
  const back = clock.now() + 3_600_000;
  const published: string[] = [];
  const worker = oneWorker(nobody, clock, {
    events: {
      publish: async (events) => {
        if (clock.now() < back) throw new Unavailable('events', 'the topic is full');
        published.push(...events.map(({ id }) => id));
      },
    },
  });
  await worker.enqueue('{"cartID": "typo", "batchId": "night"}');
  await worker.settle(200);
  expect(clock.now()).toBeGreaterThanOrEqual(back);
  expect(worker.queue).toEqual([]);
  const rows = worker.tables.attention.all().filter(({ partition }) => partition === 'rejected');
  expect(rows).toHaveLength(1);
  expect(rows[0]).toMatchObject({ partition: 'rejected', properties: { messageId: 'm', properties: '{}' } });
  expect(published).toEqual([`job.rejected:${rows[0]?.key}`]);
  expect(worker.tables.batches.all()).toHaveLength(1);
});
