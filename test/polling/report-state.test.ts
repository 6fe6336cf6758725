/** Promise: each tick reports how the fleet stands, from the tables alone. */

import { expect, test } from 'vitest';
import { attentionRows } from '../../src/adapters/azure-tables/attention-table.ts';
import type { AttentionKind, JobAttention } from '../../src/domain/checkout/attention-row.ts';
import { type JobKey, jobKeyOf } from '../../src/domain/message/job-key.ts';
import { pollEntryKey } from '../../src/domain/schedule-entry.ts';
import { runTick } from '../../src/polling/tick.ts';
import type { TickDeps } from '../../src/polling/tick-deps.ts';
import { minute, pollBed } from '../orders/bed.ts';
import { customerId } from '../support/records.ts';
import { cart, jobsIn } from './jobs.ts';

const hour = 60 * minute;
const keyOf = (n: number): JobKey => jobKeyOf({ customerId, cartId: cart(n) });

function setUp(change: Partial<TickDeps> = {}) {
  const bed = pollBed();
  const deps = { ...bed.instance().deps, ...change };
  const start = bed.clock.now();
  const measured = new Map<string, number>();
  const tracing: TickDeps['tracing'] = {
    ...deps.tracing,
    measure: (name, value, attributes) =>
      void measured.set(`${name} ${Object.values(attributes ?? {})}`.trim(), value),
  };
  /** What one tick told, a minute after the last. */
  const tick = async () => {
    bed.told.length = 0;
    await bed.clock.until(runTick({ ...deps, tracing }));
    const told = bed.told.find(({ name }) => name === 'FleetState')?.fields;
    await bed.clock.run(minute);
    return told as Record<string, unknown> | undefined;
  };
  const open = (n: number, kind: Exclude<AttentionKind, 'rejected'>, code: string, batchIds: string[]) => {
    const at = bed.clock.now();
    const row: JobAttention = {
      jobKey: keyOf(n),
      kind,
      open: true,
      revision: 1,
      reason: { code, description: 'what', remedy: 'how', at },
      batchIds,
      at,
    };
    return bed.clock.until(deps.attention.write(row, 'older'));
  };
  return { bed, deps, start, measured, tick, open };
}

test('with nothing open the state says so, and each gauge is zero', async () => {
  const { tick, measured } = setUp();
  expect(await tick()).toEqual({
    attention: '[]',
    late: '[]',
    oldestPending: undefined,
    oldestJob: undefined,
    credentialEndsAt: undefined,
    gate: 'open',
    gateCause: undefined,
    gateSince: undefined,
    waits: false,
  });
  expect(Object.fromEntries(measured)).toMatchObject({
    'checkout.attention.open failed': 0,
    'checkout.attention.open rejected': 0,
    'checkout.order.oldest': 0,
    'checkout.job.oldest': 0,
    'checkout.batches.late': 0,
    'checkout.gate.state': 0,
  });
});

test('open rows are told by kind, and what a person closes by hand is gone with the next tick', async () => {
  const { bed, start, tick, open, measured } = setUp();
  await open(1, 'failed', '800002', []);
  await open(2, 'failed', 'too-late', ['night', 'other']);
  await open(3, 'needs-decision', 'contested', []);
  const told = await tick();
  expect(JSON.parse(String(told?.['attention']))).toMatchObject([
    { kind: 'failed', open: 1 },
    { kind: 'needs-decision', open: 1 },
    { kind: 'too-late', open: 1 },
  ]);
  expect(JSON.parse(String(told?.['late']))).toMatchObject([
    { batchId: 'night', carts: 1 },
    { batchId: 'other', carts: 1 },
  ]);
  expect(measured.get('checkout.attention.open failed')).toBe(1);
  expect(measured.get('checkout.batches.late')).toBe(2);
  const rows = attentionRows(bed.tables.attention);
  for await (const row of rows.list({})) await rows.close(row, 'a person', bed.clock.now());
  expect(await tick()).toMatchObject({ attention: '[]', late: '[]' });
  expect(measured.get('checkout.attention.open failed')).toBe(0);
  expect(start).toBeGreaterThan(0);
});

test('the oldest pending order and the oldest waiting job are told by their beginning', async () => {
  const { bed, deps, start, tick, measured } = setUp();
  const { schedule } = jobsIn(bed);
  const orders = [3, 1, 2].map((n) => ({
    key: pollEntryKey(start + n * hour, `order-${n}`),
    dueAt: start + n * hour,
    orderId: `order-${n}`,
    since: start - n * hour,
    jobKey: keyOf(1),
    polls: 4,
  }));
  await schedule.insert(orders);
  const job = { urgent: false, state: 'waiting' as const, wakes: 0, wokenAt: 0 };
  const entry = (n: number, since: number, change: object) => {
    const origin = start + hour + n;
    const key = `job:${String(origin).padStart(15, '0')}:${keyOf(n)}`;
    return { ...job, key, origin, dueAt: origin, since, jobKey: keyOf(n), ...change };
  };
  await bed.clock.until(deps.schedule.ensure(entry(1, start - 2 * hour, {})));
  // It waits for a person, or for its notBefore: it is not a job that waits too long.
  await bed.clock.until(deps.schedule.ensure(entry(2, start - 9 * hour, { state: 'unresolved' })));
  await bed.clock.until(deps.schedule.ensure(entry(3, start + hour, {})));
  expect(await tick()).toMatchObject({
    oldestPending: start - 3 * hour,
    oldestJob: start - 2 * hour,
    waits: true,
  });
  expect(measured.get('checkout.order.oldest')).toBeCloseTo(3 * 3_600, -1);
  expect(measured.get('checkout.job.oldest')).toBeCloseTo(2 * 3_600, -1);
});

test('a job past its time limit and without a result counts as late, though its wake-up is not due', async () => {
  const { bed, deps, start, tick } = setUp();
  const origin = start + hour;
  await bed.clock.until(
    deps.schedule.ensure({
      key: `job:${String(origin).padStart(15, '0')}:${keyOf(1)}`,
      jobKey: keyOf(1),
      urgent: false,
      since: start,
      state: 'unresolved',
      notAfter: start - 1,
      origin,
      dueAt: origin,
      wakes: 0,
      wokenAt: 0,
    }),
  );
  const told = await tick();
  expect(JSON.parse(String(told?.['late']))).toEqual([{ batchId: '', carts: 1, since: start - 1 }]);
});

test('what cannot be read costs a warning, and no report', async () => {
  const { bed, tick } = setUp({
    fleet: {
      openAttention: () => {
        throw new Error('no answer');
      },
      gate: async () => ({ state: 'open' }),
    },
  });
  expect(await tick()).toBeUndefined();
  expect(bed.warnings.join()).toContain('How the fleet stands could not be read: no answer');
});
