/**
 * Promise: people and subscribers hear until when each subscription can be cancelled, as Partner Center says; no purchase waits for it,
 * and no answer to it harms one.
 */

import { describe, expect, test } from 'vitest';
import type { FaultInput } from '../../local/partner-center/faults.ts';
import { jobView } from '../../src/api/job-view.ts';
import type { CheckoutEvent } from '../../src/domain/events/event.ts';
import { eventShape } from '../../src/domain/events/event-schema.ts';
import type { CallReport } from '../../src/domain/gate/permit.ts';
import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import { defaultTimes } from '../../src/domain/times.ts';
import { csvHeading, csvRows } from '../../src/operator/batches/batch-csv.ts';
import { storyOf } from '../../src/operator/jobs/story.ts';
import { Unavailable } from '../../src/ports/unavailable.ts';
import { customerId } from '../cart/lines.ts';
import { linesBed } from '../cart/lines-bed.ts';
import { minute, pollBed } from './bed.ts';

const standard = { product: 'CFQ7TTC0AB12', sku: '0001', quantity: 2, term: 'P1Y', billing: 'monthly' };
const phone = { ...standard, product: 'CFQ7TTC0CD34', sku: '000P' };
const software = {
  product: 'DG7GMGF0TU87',
  sku: '0002',
  quantity: 1,
  term: 'none',
  billing: 'one_time',
};
const week = 7 * 86_400_000;
const externalOrderId = 'PO-1';

async function bought(
  options: {
    readonly lines?: readonly object[];
    readonly dates?: 'by-product' | 'null' | 'missing' | 'unreadable';
    readonly faults?: readonly FaultInput[];
  } = {},
) {
  const bed = linesBed();
  const { lines = [standard], dates = 'by-product', faults = [] } = options;
  bed.world.set({ cancellationDates: dates, faults: [...faults] });
  await bed.worker.enqueue({ customerId, externalOrderId, lines });
  await bed.settle();
  return { bed, record: await bed.record(externalOrderId) };
}

type Bed = ReturnType<typeof linesBed>;

const cancellable = (bed: Bed): readonly CheckoutEvent[] =>
  bed.worker.events.filter(({ type }) => type === 'order.cancellable');

describe('the dates of an order with lines', () => {
  test('are read once, after the result, and stand in record, event, story, CSV and view', async () => {
    const { bed, record } = await bought({ lines: [standard, phone] });
    const [sold] = [...bed.world.orders.all()];
    const until = new Date((sold?.createdAt ?? 0) + week).toISOString();
    expect(bed.count('subscriptions')).toBe(1);
    const types = bed.worker.events.map(({ type }) => type);
    expect(types.indexOf('order.cancellable')).toBeGreaterThan(types.indexOf('checkout.completed'));
    const [event, ...more] = cancellable(bed);
    expect(more).toEqual([]);
    expect(event).toMatchObject({
      id: `order.cancellable:${record.jobKey}:${sold?.id}`,
      data: {
        externalOrderId,
        orderId: sold?.id,
        subscriptions: [
          { line: 1, cancellableUntil: until },
          { line: 2, cancellableUntil: until },
        ],
      },
    });
    expect(eventShape.safeParse(event).success).toBe(true);
    const words = storyOf(record, undefined).map((line) => line.words);
    expect(words.filter((text) => text.includes(`it can be cancelled until ${until}`))).toHaveLength(2);
    const orders = await bed.worker.stores.ledger.orders(record);
    const column = csvHeading.indexOf('cancellableUntil');
    expect(csvRows({ kind: 'record', record }, orders).map((row) => row[column])).toEqual([until, until]);
    expect(jobView(record, orders)).toMatchObject({
      orders: [{ id: sold?.id, subscriptions: [{ cancellableUntil: until }, { cancellableUntil: until }] }],
      lines: [
        {
          line: 1,
          product: 'CFQ7TTC0AB12',
          sku: '0001',
          quantity: 2,
          state: 'completed',
          orderId: sold?.id,
          subscriptionId: sold?.lines[0]?.subscriptionId,
          price: expect.any(String),
          currency: 'USD',
          cancellableUntil: until,
        },
        { line: 2, state: 'completed', cancellableUntil: until },
      ],
    });
    expect(bed.worker.tables.schedule.all()).toEqual([]);
  });

  test('are not read before the list of subscriptions has caught up', async () => {
    const bed = linesBed();
    await bed.worker.enqueue({ customerId, externalOrderId, lines: [standard] });
    const isCompleted = () => bed.worker.events.some(({ type }) => type === 'checkout.completed');
    for (let steps = 0; steps < 30 && !isCompleted(); steps += 1) await bed.worker.step();
    const completedAt = bed.clock.now();
    expect(bed.count('subscriptions')).toBe(0);
    await bed.settle();
    const [read] = bed.world.calls.filter(({ operation }) => operation === 'subscriptions');
    expect((read?.arrivedAt ?? 0) - completedAt).toBeGreaterThanOrEqual(defaultTimes.listLag);
  });

  test('null says that it cannot be cancelled', async () => {
    const { bed, record } = await bought({ dates: 'null' });
    expect(bed.count('subscriptions')).toBe(1);
    expect(cancellable(bed)).toMatchObject([{ data: { subscriptions: [{ cancellableUntil: null }] } }]);
    expect(storyOf(record, undefined).map(({ words }) => words)).toContainEqual(
      expect.stringContaining('it cannot be cancelled'),
    );
    const rows = csvRows({ kind: 'record', record }, await bed.worker.stores.ledger.orders(record));
    expect(rows.map((row) => row[csvHeading.indexOf('cancellableUntil')])).toEqual(['never']);
  });

  test.each(['missing', 'unreadable'] as const)(
    '%s: nothing is claimed, and the reads end',
    async (dates) => {
      const { bed, record } = await bought({ dates });
      expect(record.state).toBe('completed');
      expect(bed.count('subscriptions')).toBe(defaultTimes.cancellationSteps.length);
      expect(cancellable(bed)).toEqual([]);
      expect(storyOf(record, undefined).map(({ words }) => words)).toContainEqual(
        expect.stringContaining('does not say until when'),
      );
      expect(bed.worker.tables.schedule.all()).toEqual([]);
    },
  );

  test('what makes no subscription is not asked for', async () => {
    const { bed, record } = await bought({ lines: [software] });
    expect(record.state).toBe('completed');
    expect(bed.count('subscriptions')).toBe(0);
    expect(bed.worker.tables.schedule.all()).toEqual([]);
  });
});

describe('whatever Partner Center answers, the purchase stands and the gate stays open', () => {
  const answers: readonly (readonly [string, FaultInput])[] = [
    ['a server error', { kind: 'error', http: 500, operations: ['subscriptions'] }],
    ['an error that asks to wait', { kind: 'error', http: 503, code: 1, operations: ['subscriptions'] }],
    ['a refused token', { kind: 'error', http: 401, code: 900420, operations: ['subscriptions'] }],
    ['a missing right', { kind: 'error', http: 403, code: 1000, operations: ['subscriptions'] }],
    ['no such order', { kind: 'error', http: 404, code: 20000, operations: ['subscriptions'] }],
    ['a limit of its own', { kind: 'throttle', retryAfter: 3_600, operations: ['subscriptions'] }],
    ['nothing', { kind: 'drop', operations: ['subscriptions'] }],
  ];

  test.each(answers)('%s', async (_, fault) => {
    const reports: CallReport[] = [];
    const bed = linesBed({ onReport: (report) => void reports.push(report) });
    bed.world.set({ faults: [fault] });
    await bed.worker.enqueue({ customerId, externalOrderId, lines: [standard] });
    await bed.settle();
    const record = await bed.record(externalOrderId);
    expect(record.state).toBe('completed');
    expect(bed.worker.events.map(({ type }) => type)).toContain('checkout.completed');
    expect(bed.count('subscriptions')).toBe(defaultTimes.cancellationSteps.length);
    expect(reports.filter(({ kind }) => kind !== 'ok')).toEqual([]);
    expect(bed.worker.tables.schedule.all()).toEqual([]);
    expect(bed.sold()).toHaveLength(1);
  });

  test('a date that comes late is still told', async () => {
    const { bed } = await bought({
      faults: [{ kind: 'error', http: 500, operations: ['subscriptions'], count: 2 }],
    });
    expect(bed.count('subscriptions')).toBe(3);
    expect(cancellable(bed)).toHaveLength(1);
  });

  test.each([
    '',
    '<html><title>Sign in</title></html>',
    '{"items":[{"id":',
    'null',
    '[]',
    '{"items":"none"}',
    '{"items":[7]}',
    '{"items":[{"id":5,"cancellationAllowedUntilDate":{}}]}',
    '{"items":[{"id":"other","cancellationAllowedUntilDate":"2026-12-07T00:00:00Z"}]}',
  ])('the body %j', async (body) => {
    const reports: CallReport[] = [];
    const bed = linesBed({ onReport: (report) => void reports.push(report) });
    bed.answer('subscriptions', body);
    await bed.worker.enqueue({ customerId, externalOrderId, lines: [standard] });
    await bed.settle();
    expect((await bed.record(externalOrderId)).state).toBe('completed');
    expect(bed.count('subscriptions')).toBe(defaultTimes.cancellationSteps.length);
    expect(reports.filter(({ kind }) => kind !== 'ok')).toEqual([]);
    expect(cancellable(bed)).toEqual([]);
    expect(bed.worker.tables.schedule.all()).toEqual([]);
  });
});

test('a worker that dies after any step of it leaves it to the next tick', async () => {
  for (const blow of ['dies-before', 'dies-after', 'lost'] as const) {
    const bed = linesBed();
    bed.strike('subscriptions', blow);
    await bed.worker.enqueue({ customerId, externalOrderId, lines: [standard] });
    await bed.settle();
    expect(cancellable(bed)).toHaveLength(1);
    expect(bed.worker.tables.schedule.all()).toEqual([]);
  }
});

test('a poller that dies after any of its table requests, from the end of the order on, loses no date', async () => {
  let deaths = 0;
  for (let dies = 1; ; dies += 1) {
    const bed = pollBed(10, { selling: 'CFQ7TTC0LH18:0001:CFQ7TTC0K971' });
    await bed.clock.until(bed.seed(customerId, ['a'], bed.clock.now()));
    bed.truth.set('a', 'completed');
    const dying = bed.instance({ dies });
    for (let minutes = 0; minutes < 25; minutes += 1) {
      void bed.work(dying.deps);
      await bed.clock.run(minute);
    }
    if (dying.requests() < dies) break;
    deaths += 1;
    const { deps } = bed.instance();
    for (let minutes = 0; minutes < 90; minutes += 1) {
      await bed.clock.until(bed.work(deps));
      await bed.clock.run(minute);
    }
    const ids = bed.events.filter(({ type }) => type === 'order.cancellable').map(({ id }) => id);
    expect(new Set(ids).size).toBe(1);
    expect(bed.askedDates.length).toBeLessThanOrEqual(2);
    expect(bed.schedule()).toEqual(new Map());
  }
  // Two for the order, its entry that becomes another, then reads, record and removal.
  expect(deaths).toBeGreaterThanOrEqual(7);
});

test('an event that cannot be sent is sent by a later tick, without another read', async () => {
  const bed = linesBed();
  await bed.worker.enqueue({ customerId, externalOrderId, lines: [standard] });
  const { events } = bed.worker.deps;
  const { publish } = events;
  let refused = 0;
  Object.assign(events, {
    publish: async (published: readonly CheckoutEvent[]) => {
      if (published.some(({ type }) => type === 'order.cancellable') && refused < 2) {
        refused += 1;
        throw new Unavailable('queue', 'the topic is full');
      }
      return publish(published);
    },
  });
  await bed.settle();
  expect(refused).toBe(2);
  expect(bed.count('subscriptions')).toBe(1);
  expect(cancellable(bed)).toHaveLength(1);
});

test('a cart that its producer made: one call for each order with subscriptions, none for the old catalogue', async () => {
  const bed = linesBed();
  const send = async (cartId: string, items: readonly string[]) => {
    bed.addCart(cartId, items);
    await bed.worker.enqueue({ customerId, cartId });
    await bed.settle();
    const found = await bed.worker.stores.ledger.read(jobKeyOf({ customerId, cartId }));
    expect(found?.value.state).toBe('completed');
    return found?.value;
  };
  const modern = await send('aaaaaaaa-0000-4000-8000-000000000001', ['CFQ7TTC0LH18:0001:CFQ7TTC0K971']);
  expect(bed.count('subscriptions')).toBe(modern?.orders.length);
  const [event] = cancellable(bed);
  expect(event).toMatchObject({
    data: { subscriptions: [{ cancellableUntil: expect.stringMatching(/^2026-12-/) }] },
  });
  expect(JSON.stringify(event)).not.toContain('"line"');
  const before = bed.count('subscriptions');
  await send('aaaaaaaa-0000-4000-8000-000000000002', ['C0BD2E08-11AC-4836-BDC7-3712E744922F']);
  expect(bed.count('subscriptions')).toBe(before);
});

test('a tick reads the dates of at most 30 orders', async () => {
  const bed = linesBed();
  for (let number = 0; number < 40; number += 1)
    await bed.worker.enqueue({ customerId, externalOrderId: `PO-${number}`, lines: [standard] });
  while (bed.worker.queue.length > 0) await bed.worker.step();
  const counts: number[] = [];
  let before = 0;
  while (await bed.worker.step()) {
    const now = bed.count('subscriptions');
    if (now > before) counts.push(now - before);
    before = now;
  }
  expect(before).toBe(40);
  expect(Math.max(...counts)).toBeLessThanOrEqual(30);
});
