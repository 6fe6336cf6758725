/** Promise: a job that waits for the gate costs no call and no message. */

import { expect, test } from 'vitest';
import type { Clock } from '../../src/ports/clock.ts';
import type { PartnerCenter } from '../../src/ports/partner-center.ts';
import { virtualFleet } from '../support/virtual-fleet.ts';

const minute = 60_000;
const jobs = 400;
const guid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

test('while the gate is closed for an hour jobs wait in the schedule: one entry for each, no call, no message', async () => {
  const called: number[] = [];
  const fleet = virtualFleet({ partnerCenter: (clock) => api(called, clock) });
  const { clock } = fleet;
  const started = clock.now();
  fleet.enqueue(Array.from({ length: jobs }, (_, n) => ({ customerId: guid(n), cartId: guid(n) })));
  await clock.run(15 * minute);
  const refused = called.length;
  const delivered = () => fleet.done.filter(({ what }) => what === 'delivery').length;
  const before = delivered();
  // 48 deliveries at a time are held for 90 s. Whoever called before the refusal was known has called; all others wait.
  expect(refused).toBeLessThan(20);
  expect(fleet.messages()).toBe(0);
  expect(fleet.waiting()).toBe(jobs);
  await clock.run(40 * minute);
  expect(called).toHaveLength(refused);
  expect(fleet.waiting()).toBe(jobs);
  expect(delivered() - before).toBeLessThanOrEqual(jobs / 10);
  await clock.run(45 * minute);
  expect(called).toHaveLength(jobs + refused);
  expect(Math.min(...called.slice(refused)) - started).toBeGreaterThanOrEqual(60 * minute - 1_000);
  expect(fleet.waiting()).toBe(0);
  expect(fleet.messages()).toBe(0);
  // A delivery that found the gate closed, one that called, and few more.
  expect(delivered() / jobs).toBeLessThanOrEqual(3);
});

/** Refuses everybody for an hour, then buys. */
function api(called: number[], clock: Clock): PartnerCenter {
  const unwanted = () => Promise.reject(new Error('nothing is looked for'));
  const opens = clock.now() + 60 * minute;
  return {
    cart: unwanted,
    order: unwanted,
    orders: unwanted,
    checkout: async (_, cartId, { mayLeave }) => {
      if (mayLeave?.() === false)
        return { kind: 'no-answer', executed: 'no', stale: true, failure: 'stale', ms: 0 };
      called.push(clock.now());
      await clock.sleep(300);
      if (clock.now() < opens)
        return { kind: 'answer', status: 429, body: '', retryAfterMs: 60 * minute, ms: 300 };
      const lineItems = [{ lineItemNumber: 0, offerId: 'offer-a', quantity: 1, termDuration: 'P1Y' }];
      const order = { id: `order-${cartId}`, status: 'completed', billingCycle: 'monthly', lineItems };
      return { kind: 'answer', status: 201, body: JSON.stringify({ orders: [order] }), ms: 300 };
    },
  };
}
