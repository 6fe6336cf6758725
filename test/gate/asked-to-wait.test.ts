/**
 * Promise: Retry-After is obeyed by every instance and poller, for the customer or the partner that it is
 * meant for.
 */

import { expect, test } from 'vitest';
import { judge, judgeRead, reportOf } from '../../src/domain/checkout/call-outcome.ts';
import type { CallReport } from '../../src/domain/gate/permit.ts';
import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import { readOrder } from '../../src/polling/read-order.ts';
import { type Fleet, fleet, type Instance } from './fleet.ts';
import { guid, jobBed } from './job-bed.ts';

const second = 1_000;
const minute = 60 * second;
const row = { key: 'k', dueAt: 0, orderId: 'order-1', since: 0, polls: 0 };

/** Four instances that have all worked before; then one of them is told that customer 9 alone has to wait. */
async function withRefusal(): Promise<{ world: Fleet; instances: readonly Instance[] }> {
  const world = fleet();
  const instances = [0, 1, 2, 3].map(() => world.instance());
  const { clock } = world;
  for (const { gate } of instances) {
    await clock.until(gate.take('worker', clock.now() + 10 * second));
    for (const n of [1, 2]) await clock.until(gate.report({ kind: 'ok', customerId: guid(n) }));
  }
  await clock.run(20 * second);
  const [first] = instances;
  const refusal: CallReport = { kind: 'throttled', customerId: guid(9), retryAfterMs: 300 * second };
  expect(first && (await clock.until(first.gate.report(refusal)))).toMatchObject({ kind: 'customer' });
  await clock.run(10 * second);
  return { world, instances };
}

test("a customer's Retry-After is obeyed by every instance: its jobs wait, and the others' are done", async () => {
  const { world, instances } = await withRefusal();
  const { clock } = world;
  const bed = jobBed(world);
  const opens = clock.now() + 285 * second;
  for (const [n, instance] of instances.entries()) {
    await clock.until(bed.run(instance, 20 + n, 9));
    await clock.until(bed.run(instance, 30 + n));
  }
  expect(bed.calls.map(({ customerId }) => customerId)).toEqual([30, 31, 32, 33].map(guid));
  expect(bed.waiting()).toHaveLength(4);
  expect(Math.min(...bed.waiting())).toBeGreaterThan(opens);
});

test("a customer's Retry-After is obeyed by every poller, and the permit goes to another order", async () => {
  const { world, instances } = await withRefusal();
  const { clock } = world;
  const bed = jobBed(world);
  for (const { gate } of instances) {
    const deps = { ...bed.deps, gate };
    const read = (customerId: string) =>
      clock.until(
        readOrder(deps, { ...row, jobKey: jobKeyOf({ customerId, cartId: guid(2) }) }, clock.now() + minute),
      );
    expect((await read(guid(9))).kind).toBe('later');
    expect((await read(guid(1))).kind).toBe('order');
  }
  expect(bed.calls.map(({ customerId }) => customerId)).toEqual([1, 1, 1, 1].map(guid));
});

const unavailable = (status: number, retryAfterMs?: number): CallReport =>
  reportOf(
    judge(
      { kind: 'answer', status, body: '', ms: 1, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
      { ids: { correlationId: 'c' }, at: 0 },
    ),
    'c',
  );

test.each([
  [503, 120 * second, 120 * second],
  [500, 20 * second, 20 * second],
  // No longer than the longest pause of the breaker.
  [503, 24 * 60 * minute, 5 * minute],
])(
  '%i with Retry-After %i ms closes the gate for %i ms; then one trial call, which opens it',
  async (status, asked, closed) => {
    const world = fleet();
    const { clock } = world;
    const [one, two] = [world.instance(), world.instance()];
    await clock.until(one.gate.report({ kind: 'ok', customerId: 'x' }));
    const at = clock.now();
    const verdict = await clock.until(one.gate.report(unavailable(status, asked)));
    expect(verdict).toMatchObject({ kind: 'closed', reason: expect.stringContaining('Retry-After') });
    await clock.run(closed - 5 * second);
    expect(await clock.until(two.gate.take('worker', clock.now() + second))).toMatchObject({
      kind: 'closed',
    });
    await clock.run(at + closed + 5 * second - clock.now());
    expect(await clock.until(two.gate.take('worker', clock.now() + second))).toMatchObject({
      kind: 'permit',
    });
    await clock.until(two.gate.report({ kind: 'ok', customerId: 'x' }));
    expect(await clock.until(one.gate.take('worker', clock.now() + 5 * second))).toMatchObject({
      kind: 'permit',
    });
  },
);

test('a server error without Retry-After, or with one of nothing, closes nothing by itself', async () => {
  const world = fleet();
  const { clock } = world;
  const { gate } = world.instance();
  await clock.until(gate.report({ kind: 'ok', customerId: 'x' }));
  for (const retryAfterMs of [undefined, 0, Number.NaN])
    expect(await clock.until(gate.report(unavailable(503, retryAfterMs)))).toEqual({ kind: 'open' });
});

test("a trial call's Retry-After is longer than the pause by itself: it counts", async () => {
  const world = fleet();
  const { clock } = world;
  const { gate } = world.instance();
  expect(await clock.until(gate.take('worker', clock.now() + second))).toMatchObject({ kind: 'permit' });
  await clock.until(gate.report(unavailable(503, 4 * minute)));
  await clock.run(4 * minute - 10 * second);
  expect(await clock.until(gate.take('worker', clock.now() + second))).toMatchObject({ kind: 'closed' });
  await clock.run(20 * second);
  expect(await clock.until(gate.take('worker', clock.now() + second))).toMatchObject({ kind: 'permit' });
});

test("a server error's Retry-After never shortens a closing that lasts longer", async () => {
  const world = fleet();
  const { clock } = world;
  const { gate } = world.instance();
  await clock.until(gate.report({ kind: 'ok', customerId: 'x' }));
  await clock.until(gate.report({ kind: 'throttled', customerId: 'x', retryAfterMs: 3 * minute }));
  await clock.until(gate.report(unavailable(503, 10 * second)));
  await clock.run(2 * minute);
  expect(await clock.until(gate.take('worker', clock.now() + second))).toMatchObject({ kind: 'closed' });
});

test('a read that meets 503 with Retry-After tells the gate, and what the read means is unchanged', () => {
  const exchange = { kind: 'answer' as const, status: 503, body: '', retryAfterMs: 7_000, ms: 1 };
  const outcome = judgeRead(exchange, () => ({ ok: true, value: 1 }), { ids: { correlationId: 'c' }, at: 0 });
  expect(outcome).toMatchObject({ kind: 'unavailable', retryAfterMs: 7_000 });
  expect(reportOf(outcome, 'c')).toMatchObject({ kind: 'unknown', retryAfterMs: 7_000 });
  expect(judge(exchange, { ids: { correlationId: 'c' }, at: 0 })).toMatchObject({ kind: 'unknown' });
});

test.each([3, 7])(
  'MAX_JOBS_PER_DAY = %i: so many jobs are started by two instances, and no more',
  async (maxJobsPerDay) => {
    const world = fleet({ maxJobsPerDay });
    const { clock } = world;
    const instances = [world.instance(), world.instance()];
    await clock.until(Promise.all(instances.map(({ gate }) => gate.report({ kind: 'ok', customerId: 'x' }))));
    const bed = jobBed(world);
    for (let n = 0; n < 10; n += 1) {
      await clock.until(Promise.all(instances.map((instance, i) => bed.run(instance, 10 * i + n))));
      await clock.run(2 * second);
    }
    expect(bed.calls).toHaveLength(maxJobsPerDay);
    expect(bed.waiting()).toHaveLength(20 - maxJobsPerDay);
  },
);
