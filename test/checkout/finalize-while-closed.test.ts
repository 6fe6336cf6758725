/** Promise: a job that needs no call is finalized while the gate is closed. */

import { expect, test } from 'vitest';
import type { GateStanding } from '../../src/ports/gate.ts';
import { Unavailable } from '../../src/ports/unavailable.ts';
import { answered, nobodyAsks } from '../support/exchanges.ts';
import { oneWorker } from '../support/one-worker.ts';
import { cartId, customerId } from '../support/records.ts';
import { leapingClock } from '../support/virtual-clock.ts';

test('a job that was bought, and not finalized, is finalized while the gate is closed', async () => {
  const clock = leapingClock(Date.UTC(2026, 10, 25, 20));
  const order = {
    id: 'Order-1',
    status: 'completed',
    billingCycle: 'monthly',
    lineItems: [{ lineItemNumber: 0, offerId: 'offer-a', quantity: 1, termDuration: 'P1Y' }],
  };
  const answers = [answered(429, {}), answered(201, { orders: [order] })];
  let topic = 'full' as 'full' | 'open';
  let published = 0;
  let standing: GateStanding = { kind: 'open', permitsPerMinute: 60 };
  const partnerCenter = {
    checkout: async () => answers.shift() ?? nobodyAsks(),
    cart: nobodyAsks,
    order: nobodyAsks,
    orders: nobodyAsks,
  };
  const base = oneWorker(partnerCenter, clock);
  const worker = oneWorker(partnerCenter, clock, {
    gate: { ...base.deps.gate, standing: async () => standing },
    events: {
      publish: async (events) => {
        if (topic === 'full') throw new Unavailable('events', 'the topic is full');
        published += events.length;
      },
    },
  });
  const entry = () => worker.tables.schedule.all()[0]?.properties;
  await worker.enqueue({ customerId, cartId });
  await worker.deliver();
  expect(entry()).toMatchObject({ state: 'waiting' });
  clock.leapTo(Number(entry()?.['dueAt']));
  await worker.tick();
  await worker.deliver();
  // A wake-up moves its own entry, which was written when the job still had to call.
  expect(entry()).toMatchObject({ state: 'completed', wokenAt: 0 });
  topic = 'open';
  standing = { kind: 'closed', until: Number.MAX_SAFE_INTEGER };
  clock.leapTo(Number(entry()?.['dueAt']));
  expect(await worker.tick()).toMatchObject({ woken: 1 });
  await worker.deliver();
  expect(published).toBeGreaterThan(0);
  expect(entry()).toBeUndefined();
});
