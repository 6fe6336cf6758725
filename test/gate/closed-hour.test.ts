import { expect, test } from 'vitest';
import { runJob } from '../../src/checkout/handle-delivery.ts';
import type { Copy } from '../../src/ports/checkout-queue.ts';
import type { Gate } from '../../src/ports/gate.ts';
import type { PartnerCenter } from '../../src/ports/partner-center.ts';
import { leapingClock, oneWorker } from '../support/one-worker.ts';
import { fleet } from './fleet.ts';

const minute = 60_000;
const jobs = 400;

/** What host.json gives one instance. */
const callers = 16;

interface Waiting {
  readonly copy: Copy;
  readonly job: string;
  readonly at: number;
}

const guid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

test('while the gate is closed for an hour the queue keeps its messages: a few parks for each job, no call, no redelivery', async () => {
  const world = fleet();
  const { clock } = world;
  const queue: Waiting[] = [];
  const parks = new Map<string, number>();
  const called: number[] = [];
  const send = async (copy: Copy, at: number) => {
    const job = Buffer.from(copy.body).toString();
    parks.set(job, (parks.get(job) ?? 0) + 1);
    queue.push({ copy, job, at });
  };
  const { deps } = oneWorker(api(called, clock.now), leapingClock(0), { clock, queue: { send } });
  const [first, ...others] = Array.from({ length: 3 }, () => world.instance());
  if (first === undefined) throw new Error('there is no instance');
  await clock.until(first.gate.report({ kind: 'ok', customerId: 'x' }));
  await clock.until(first.gate.report({ kind: 'throttled', customerId: 'x', retryAfterMs: 60 * minute }));
  const closedAt = Math.floor(clock.now());
  for (let n = 0; n < jobs; n += 1) {
    const job = JSON.stringify({ customerId: guid(n), cartId: guid(n) });
    queue.push({
      copy: { messageId: `${n}`, body: Buffer.from(job), properties: {} },
      job,
      at: closedAt,
    });
  }

  let thrown = 0;
  let running = 0;
  let begun = 0;
  async function caller(gate: Gate): Promise<void> {
    while (clock.now() < closedAt + 80 * minute) {
      const next = queue.findIndex(({ at }) => at <= clock.now());
      const [message] = next < 0 ? [] : queue.splice(next, 1);
      if (message === undefined) {
        if (queue.length + running === 0) return;
        await clock.sleep(500);
        continue;
      }
      running += 1;
      begun += 1;
      await runJob(
        { ...deps, gate },
        {
          ...message.copy,
          sequenceNumber: `${begun}`,
          deliveryCount: 1,
          enqueuedAt: closedAt,
        },
      ).catch(() => {
        thrown += 1;
      });
      running -= 1;
    }
  }
  await clock.until(
    Promise.all(
      [first, ...others].flatMap(({ gate }) => Array.from({ length: callers }, () => caller(gate))),
    ),
  );

  expect(thrown).toBe(0);
  expect(queue).toEqual([]);
  expect(called).toHaveLength(jobs);
  expect(Math.min(...called)).toBeGreaterThanOrEqual(closedAt + 60 * minute - 1_000);
  // A park lasts a quarter of an hour at most, and a delivery is held for 90 s before it.
  const most = Math.max(...parks.values());
  expect(most).toBeGreaterThanOrEqual(2);
  expect(most).toBeLessThanOrEqual(4);
  const all = [...parks.values()].reduce((sum, count) => sum + count, 0);
  expect(all / jobs).toBeLessThanOrEqual(4);
});

function api(called: number[], now: () => number): PartnerCenter {
  const unwanted = () => Promise.reject(new Error('nothing is looked for'));
  return {
    cart: unwanted,
    order: unwanted,
    orders: unwanted,
    checkout: async (_, cartId) => {
      called.push(now());
      const lineItems = [{ lineItemNumber: 0, offerId: 'offer-a', quantity: 1, termDuration: 'P1Y' }];
      const order = { id: `order-${cartId}`, status: 'completed', billingCycle: 'monthly', lineItems };
      return { kind: 'answer', status: 201, body: JSON.stringify({ orders: [order] }), ms: 1 };
    },
  };
}
