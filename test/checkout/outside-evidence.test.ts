/** Promise: books agree also when people buy the same beside the worker. */

import { describe, expect, test } from 'vitest';
import type { Deps } from '../../src/checkout/deps.ts';
import type { Exchange } from '../../src/domain/answer/exchange.ts';
import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import { decideJob } from '../../src/operator/jobs/decide-job.ts';
import type { PartnerCenter, SendOptions } from '../../src/ports/partner-center.ts';
import { oneWorker } from '../support/one-worker.ts';
import { cartId, customerId, otherCartId } from '../support/records.ts';
import { leapingClock } from '../support/virtual-clock.ts';

/** Partner Center beside which people buy too, and whose answers are lost or false on the way. */
const start = Date.UTC(2026, 10, 24, 2);
const minute = 60_000;

interface Made {
  readonly id: string;
  readonly cartId: string | undefined;
  readonly offerId: string;
  readonly createdAt: number;
  readonly listedAt: number;
  readonly addon?: string;
}
type What = 'checkout' | 'cart' | 'orders' | 'order';
type Hook = (
  call: { what: What; id: string; nth: number; options: SendOptions },
  truth: () => Exchange,
) => Exchange;

const answer = (status: number, body: unknown): Exchange => ({
  kind: 'answer',
  status,
  body: typeof body === 'string' ? body : JSON.stringify(body),
  ms: 5,
});
const silence: Exchange = { kind: 'no-answer', executed: 'unknown', failure: 'ECONNRESET', ms: 5 };

function world(
  hook: Hook,
  {
    again = 'replay',
    lag = 0,
    addon,
    offerOf = () => 'offer-a',
    ...change
  }: {
    again?: 'replay' | 'refuse' | 'rebuy';
    lag?: number;
    addon?: string;
    offerOf?: (cart: string) => string;
    clockSkew?: Deps['clockSkew'];
  } = {},
) {
  const clock = leapingClock(start);
  const orders: Made[] = [];
  const calls: { what: What; id: string; requestId: string | undefined }[] = [];
  const line = (offerId: string) => ({ offerId, quantity: 1, termDuration: 'P1M' });
  const json = (made: Made) => ({
    id: made.id,
    referenceCustomerId: customerId,
    billingCycle: 'monthly',
    creationDate: new Date(made.createdAt).toISOString(),
    status: 'completed',
    lineItems: [line(made.offerId), ...(made.addon === undefined ? [] : [line(made.addon)])],
  });
  const make = (cart: string | undefined, createdAt: number, more: Partial<Made> = {}) => {
    const made: Made = {
      id: `Order-${orders.length + 1}`,
      cartId: cart,
      offerId: offerOf(cart ?? cartId),
      createdAt,
      listedAt: createdAt + lag,
      ...(addon === undefined ? {} : { addon }),
      ...more,
    };
    orders.push(made);
    return made;
  };
  const truths: Record<What, (id: string) => Exchange> = {
    checkout: (id) => {
      const mine = orders.filter((order) => order.cartId === id);
      if (mine.length > 0 && again === 'refuse')
        return answer(400, { code: 800065, description: 'already submitted' });
      if (mine.length > 0 && again === 'replay') return answer(201, { orders: mine.map(json) });
      return answer(201, { orders: [json(make(id, clock.now()))] });
    },
    cart: (id) => {
      const base = {
        id: 0,
        catalogItemId: offerOf(id),
        quantity: 1,
        billingCycle: 'monthly',
        termDuration: 'P1M',
      };
      const addonItems = [{ id: 1, catalogItemId: addon, quantity: 1, termDuration: 'P1M' }];
      return answer(200, {
        id,
        status: orders.some((order) => order.cartId === id) ? 'Ordered' : 'Active',
        lineItems: [addon === undefined ? base : { ...base, addonItems }],
      });
    },
    order: (id) => {
      const found = orders.find((order) => order.id === id);
      return found === undefined ? answer(404, { code: 20000 }) : answer(200, json(found));
    },
    orders: () => {
      const listed = orders.filter((order) => clock.now() >= order.listedAt);
      return answer(200, { totalCount: listed.length, items: listed.map(json) });
    },
  };
  const ask =
    (what: What) =>
    async (_: string, id: string, options: SendOptions): Promise<Exchange> => {
      options.mayLeave?.();
      calls.push({ what, id, requestId: options.ids.requestId });
      const nth = calls.filter((call) => call.what === what && call.id === id).length;
      return hook({ what, id, nth, options }, () => truths[what](id));
    };
  const partnerCenter: PartnerCenter = {
    checkout: ask('checkout'),
    cart: ask('cart'),
    order: ask('order'),
    orders: (customer, options) => ask('orders')(customer, customer, options),
  };
  const worker = oneWorker(partnerCenter, clock, change);
  const recordOf = async (cart = cartId) =>
    (await worker.stores.ledger.read(jobKeyOf({ customerId, cartId: cart })))?.value;
  const open = () => worker.tables.attention.all().filter(({ properties }) => properties['open'] === true);
  return { worker, clock, orders, calls, make, recordOf, open };
}

/** The first checkout is not executed, or executed, and nobody hears of it. */
const lostBefore: Hook = ({ what, nth }, truth) => (what === 'checkout' && nth === 1 ? silence : truth());
const lostAfter: Hook = ({ what, nth }, truth) => {
  const told = truth();
  return what === 'checkout' && nth === 1 ? silence : told;
};
const job = { customerId, cartId };

describe.each(['replay', 'refuse'] as const)(
  'somebody buys the same by hand before the first send (%s)',
  (again) => {
    test('the cart that was never bought is bought, and the order by hand is not taken for its own', async () => {
      const { worker, make, recordOf, orders } = world(lostBefore, { again });
      const byHand = make(undefined, start - 2 * minute);
      await worker.enqueue(job);
      await worker.settle(80);
      const record = await recordOf();
      expect(record?.state).toBe('completed');
      expect(record?.orders.map(({ id }) => id)).not.toContain(byHand.id);
      expect(orders.filter((order) => order.cartId === cartId)).toHaveLength(1);
    });
    test('the cart was bought, and its order is listed late: the order by hand is not recorded', async () => {
      const { worker, make, recordOf } = world(lostAfter, { again, lag: 15 * minute });
      const byHand = make(undefined, start - 4.5 * minute, { listedAt: 0 });
      await worker.enqueue(job);
      await worker.until(start + 60 * minute);
      expect((await recordOf())?.orders.map(({ id }) => id)).not.toContain(byHand.id);
    });
    test('clocks that were compared leave it out of the evidence', async () => {
      const clockSkew = () => ({ low: -100, high: 100 });
      const { worker, make, recordOf } = world(lostAfter, { again, lag: 15 * minute, clockSkew });
      make(undefined, start - 2 * minute, { listedAt: 0 });
      await worker.enqueue(job);
      await worker.settle(80);
      const record = await recordOf();
      expect(record?.firstSendSkew).toEqual({ low: -100, high: 100 });
      expect(record).toMatchObject({ state: 'completed', orders: [{ id: 'Order-2' }] });
    });
  },
);

test.each([
  ['a page of a proxy', '<html>404 from a proxy on its way up</html>'],
  ['an answer with a code', { code: 800008, description: 'expired' }],
])('one false 404 to one read of the cart ends nothing: %s', async (_, body) => {
  const { worker, recordOf } = world((call, truth) =>
    call.what === 'cart' && call.nth === 1 ? answer(404, body) : lostBefore(call, truth),
  );
  await worker.enqueue(job);
  await worker.settle(80);
  expect(await recordOf()).toMatchObject({ state: 'completed' });
  expect(await recordOf()).not.toHaveProperty('goneSince');
});

test('a cart that is not found twice is gone', async () => {
  const { worker, clock, recordOf } = world((call, truth) =>
    call.what === 'cart' ? answer(404, { code: 800008, description: 'expired' }) : lostBefore(call, truth),
  );
  await worker.enqueue(job);
  await worker.settle(80);
  expect(await recordOf()).toMatchObject({ state: 'failed', reason: { code: 'gone' } });
  expect(clock.now()).toBeGreaterThan(start + 20 * minute);
});

test.each([
  ['it counts more than it holds', { totalCount: 1, items: [] }],
  [
    'it goes on elsewhere',
    { totalCount: 0, items: [], links: { next: { uri: '/customers/x/orders?page=2' } } },
  ],
])('a part of the order list proves nothing: a person is asked (%s)', async (_, list) => {
  const { worker, recordOf, open } = world((call, truth) => {
    if (call.what === 'orders') return answer(200, list);
    const told = lostAfter(call, truth);
    return call.what === 'cart' ? answer(404, { code: 800008, description: 'expired' }) : told;
  });
  await worker.enqueue(job);
  await worker.until(start + 60 * minute);
  expect(await recordOf()).toMatchObject({ state: 'unresolved', asked: { kind: 'needs-decision' } });
  expect(open()).toMatchObject([{ properties: { code: 'incomplete-list' } }]);
});

test.each(['0001-01-01T00:00:00', '1970-01-01T00:00:00Z', '2026-11-24', '2026-11-23T16:00:00', 'soon'])(
  'an order whose date is %s may be the cart’s own: a gone cart does not fail',
  async (creationDate) => {
    const { worker, recordOf } = world((call, truth) => {
      const told = lostAfter(call, truth);
      if (call.what === 'cart') return answer(404, { code: 800008, description: 'expired' });
      if (call.what !== 'orders' || told.kind !== 'answer') return told;
      const { items } = JSON.parse(told.body ?? '');
      return answer(200, { items: items.map((item: object) => ({ ...item, creationDate })) });
    });
    await worker.enqueue(job);
    await worker.until(start + 90 * minute);
    expect(await recordOf()).toMatchObject({ state: 'unresolved', asked: { kind: 'needs-decision' } });
  },
);

test('an old order that cannot be read does not hide the cart’s own; a young one does', async () => {
  const withOdd =
    (creationDate: string): Hook =>
    (call, truth) => {
      const told = lostAfter(call, truth);
      if (call.what !== 'orders' || told.kind !== 'answer') return told;
      const { items } = JSON.parse(told.body ?? '');
      return answer(200, { items: [...items, { id: null, creationDate, lineItems: null }] });
    };
  const old = world(withOdd('2019-01-01T00:00:00Z'));
  await old.worker.enqueue(job);
  await old.worker.settle(20);
  expect(await old.recordOf()).toMatchObject({ state: 'completed' });
  const young = world(withOdd('2026-11-24T02:00:00Z'));
  await young.worker.enqueue(job);
  await young.worker.settle(20);
  expect(await young.recordOf()).toMatchObject({ state: 'unresolved' });
});

test.each(['replay', 'refuse'] as const)(
  'a cart with an add-on whose first answer is lost is completed (%s)',
  async (again) => {
    const { worker, recordOf } = world(lostAfter, { again, addon: 'addon' });
    await worker.enqueue(job);
    await worker.settle(60);
    expect(await recordOf()).toMatchObject({ state: 'completed', failedGroups: [] });
  },
);

const otherLines: Hook = (call, truth) => {
  const told = lostAfter(call, truth);
  if (call.what === 'cart' || told.kind !== 'answer') return told;
  return { ...told, body: told.body?.replaceAll('offer-a', 'offer-a-2026') };
};
test.each(['replay', 'refuse'] as const)(
  'an order whose lines the API wrote otherwise is asked about, and a person’s word completes it (%s)',
  async (again) => {
    const { worker, recordOf, calls } = world(otherLines, { again });
    await worker.enqueue(job);
    await worker.until(start + 60 * minute);
    expect(await recordOf()).toMatchObject({ state: 'unresolved', asked: { kind: 'needs-decision' } });
    expect(calls.filter(({ what }) => what === 'checkout')).toHaveLength(2);
  },
);

test('a first call that is answered cleanly is complete, whatever its lines', async () => {
  const { worker, recordOf } = world((_, truth) => {
    const told = truth();
    return told.kind === 'answer' ? { ...told, body: told.body?.replaceAll('offer-a', 'offer-b') } : told;
  });
  await worker.enqueue(job);
  await worker.settle(5);
  expect(await recordOf()).toMatchObject({ state: 'completed' });
});

test('one record that cannot be read does not block the other carts of its customer', async () => {
  const { worker, recordOf, open } = world(lostAfter, { again: 'refuse' });
  await worker.enqueue({ customerId, cartId: otherCartId, notAfter: '2026-11-24T01:00:00Z' });
  await worker.deliver();
  const [row] = worker.tables.checkouts.all();
  if (row === undefined) throw new Error('no row of the other cart');
  await worker.tables.checkouts.change({
    kind: 'replace',
    row: { ...row, properties: { ...row.properties, record: '{}' } },
  });
  await worker.enqueue(job);
  await worker.until(start + 60 * minute);
  expect(await recordOf()).toMatchObject({ state: 'unresolved', asked: { kind: 'needs-decision' } });
  expect(String(open()[0]?.properties['description'])).toContain(otherCartId);
});

test('each MS-RequestId is in the ledger before its POST leaves, also after a 401', async () => {
  const stored: unknown[] = [];
  const { worker, calls } = world((call, truth) => {
    if (call.what !== 'checkout') return truth();
    const [row] = worker.tables.checkouts.all();
    stored.push(JSON.parse(String(row?.properties['record'])).requestId);
    return call.nth === 1 ? answer(401, { code: 800001, description: 'token' }) : silence;
  });
  await worker.enqueue(job);
  await worker.deliver();
  const sent = calls.map(({ requestId }) => requestId);
  expect(new Set(sent).size).toBe(2);
  expect(stored).toEqual(sent);
});

test('a repeat that buys an ordered cart again raises an alarm, which only a person closes', async () => {
  const { worker, recordOf, open } = world(lostAfter, { again: 'rebuy' });
  await worker.enqueue(job);
  await worker.settle(60);
  expect(await recordOf()).toMatchObject({ state: 'completed', boughtAgain: { orderIds: ['Order-2'] } });
  expect(open()).toMatchObject([{ properties: { kind: 'needs-decision', code: 'bought-again' } }]);
  expect(worker.warnings.join('\n')).toContain('Order-2');
});

test('a repeat that buys a cart for the first time raises none', async () => {
  const { worker, recordOf, open } = world(lostBefore);
  await worker.enqueue(job);
  await worker.settle(60);
  expect(await recordOf()).toMatchObject({ state: 'completed' });
  expect(await recordOf()).not.toHaveProperty('boughtAgain');
  expect(open()).toEqual([]);
});

test('what the cart holds is kept though the rest of the look fails', async () => {
  const { worker, recordOf } = world((call, truth) =>
    call.what === 'orders' ? answer(500, '') : lostAfter(call, truth),
  );
  await worker.enqueue(job);
  for (let steps = 0; steps < 3; steps += 1) await worker.step();
  expect((await recordOf())?.groups).toHaveLength(1);
});

test('the order of an equal cart that a person gave up on is not taken for the own one', async () => {
  const { worker, clock, orders, make, recordOf } = world(
    (call, truth) => {
      if (call.what === 'checkout' && call.id === otherCartId) return silence;
      const told = lostAfter(call, truth);
      // The own order is made, and never listed.
      for (const order of orders)
        if (order.cartId === cartId) Object.assign(order, { listedAt: Number.POSITIVE_INFINITY });
      return told;
    },
    { again: 'refuse' },
  );
  await worker.enqueue({ customerId, cartId: otherCartId });
  await worker.deliver();
  const other = jobKeyOf({ customerId, cartId: otherCartId });
  const giveUp = { decision: 'give-up', who: 'ann', orderIds: [] } as const;
  await decideJob({ ...worker.deps, now: clock.now }, other, giveUp);
  await worker.settle(5);
  expect(await recordOf(otherCartId)).toMatchObject({ state: 'failed', gaveUp: true });
  await worker.enqueue(job);
  await worker.deliver();
  make(otherCartId, clock.now() + 6 * minute);
  await worker.until(clock.now() + 60 * minute);
  expect(await recordOf()).toMatchObject({
    state: 'unresolved',
    asked: { kind: 'needs-decision' },
    orders: [],
  });
});

test('many carts of one customer in doubt are all found out, at few reads a cart', async () => {
  const count = 60;
  const cartOf = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
  let isOut = true;
  const { worker, clock, calls } = world(
    ({ what }, truth) => {
      const told = truth();
      if (!isOut) clock.leapTo(clock.now() + 3_200);
      return what === 'checkout' && isOut ? silence : told;
    },
    { offerOf: (cart) => `offer-${cart}` },
  );
  for (let n = 0; n < count; n += 1) await worker.enqueue({ customerId, cartId: cartOf(n) });
  for (let n = 0; n < count; n += 1) await worker.deliver();
  isOut = false;
  // The outage outlasts the time of a repeat: lists and carts alone tell.
  clock.leapTo(start + 30 * minute);
  await worker.settle(4 * count);
  const states = new Set(
    worker.tables.checkouts
      .all()
      .flatMap(({ key, properties }) => (key.startsWith('cart:') ? [properties['state']] : [])),
  );
  expect([...states]).toEqual(['completed']);
  expect(calls.length).toBeLessThan(7 * count);
});

test('a repeat that found no permit in time is not sent later, and did not put off the end of its time', async () => {
  let isBusy = false;
  const { worker, calls, recordOf } = world(lostAfter, { again: 'rebuy' });
  const { take } = worker.deps.gate;
  worker.deps.gate.take = async (lane, giveUpAt, begun) => {
    // The cart and the list are read; then every permit is taken until the time of the repeat is over.
    if (isBusy && calls.some(({ what }) => what === 'orders') && worker.clock.now() < start + 12 * minute)
      return { kind: 'busy', until: giveUpAt };
    return take(lane, giveUpAt, begun);
  };
  await worker.enqueue(job);
  await worker.deliver();
  isBusy = true;
  await worker.until(start + 90 * minute);
  expect(calls.filter(({ what }) => what === 'checkout')).toHaveLength(1);
  expect(await recordOf()).toMatchObject({
    state: 'completed',
    lastSend: start,
    orders: [{ id: 'Order-1' }],
  });
});
