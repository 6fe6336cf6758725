/** Promise: every difference between Partner Center's orders and the tables is found and named. */

import { describe, expect, test } from 'vitest';
import { contentOf } from '../../src/domain/checkout/apply-result.ts';
import type { CheckoutRecord } from '../../src/domain/checkout/record.ts';
import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import type { Order } from '../../src/domain/order/order.ts';
import { compareCustomerOrders, compareOrders } from '../../src/operator/audit/compare-orders.ts';
import { answered } from '../support/exchanges.ts';
import { openGate } from '../support/one-worker.ts';
import { aRecord } from '../support/records.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { virtualClock } from '../support/virtual-clock.ts';

const customerId = '7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10';
const cartA = 'aaaaaaaa-1a77-4d0b-8f3c-90f5b1e4c7aa';
const cartB = 'bbbbbbbb-1a77-4d0b-8f3c-90f5b1e4c7aa';

const order = (id: string, status: Order['status'] = 'completed', quantity = 5): Order => ({
  id,
  status,
  billingCycle: 'monthly',
  creationDate: '2026-11-24T02:00:00Z',
  lines: [{ offerId: 'offer', quantity, term: 'P1M' }],
});

const content = contentOf(order('any'));

function record(
  cartId: string,
  orders: readonly Order[],
  more: Partial<CheckoutRecord> = {},
): CheckoutRecord {
  const marks = orders.map(({ id, status }) => ({ id, status, content, wasPending: false, since: 0 }));
  return aRecord({ customerId, cartId, state: 'completed', attempts: 1, ...more, orders: marks });
}

function compare(
  records: readonly CheckoutRecord[],
  orders: readonly Order[],
  rows: readonly (readonly [string, string])[] = records.flatMap(({ jobKey, orders: marks }) =>
    marks.map(({ id }) => [id, jobKey] as const),
  ),
) {
  return compareCustomerOrders(
    { records, owners: new Map(rows), etags: new Map(), unreadable: [] },
    records,
    orders,
  );
}

test('orders that both have, with one status, are no difference', () => {
  expect(compare([record(cartA, [order('1')])], [order('1')])).toEqual({ agree: 1, differences: [] });
});

test('a status that moved on, and an order that is not there', () => {
  const { differences } = compare(
    [record(cartA, [order('1', 'pending'), order('2')], { state: 'ordered' })],
    [order('1', 'completed')],
  );
  expect(differences).toMatchObject([
    {
      kind: 'status',
      orderId: '1',
      jobIds: [cartA],
      text: expect.stringContaining('completed at Partner Center'),
    },
    { kind: 'not-there', orderId: '2' },
  ]);
});

test('a mark without its row, a row without its mark, a row of another cart', () => {
  const records = [record(cartA, [order('1'), order('2')])];
  const rows = [
    ['2', jobKeyOf({ customerId, cartId: cartB })],
    ['3', jobKeyOf({ customerId, cartId: cartA })],
  ] as const;
  expect(compare(records, [order('1'), order('2'), order('3')], rows).differences).toMatchObject([
    { kind: 'rows', orderId: '1', text: expect.stringContaining('has no row') },
    { kind: 'rows', orderId: '2', text: expect.stringContaining(`a row of cart ${cartB}`) },
    { kind: 'rows', orderId: '3', text: expect.stringContaining('does not name') },
  ]);
});

describe('an order that is in no row', () => {
  test('and holds what one cart holds may have been bought twice', () => {
    expect(compare([record(cartA, [order('1')])], [order('1'), order('2')]).differences).toMatchObject([
      { kind: 'not-recorded', orderId: '2', jobIds: [cartA], text: expect.stringContaining('bought twice') },
    ]);
  });

  test('and holds what equal carts hold names them all, in words', () => {
    const groups = [{ group: '0', content }];
    const equalCarts = [
      record(cartA, [], { state: 'unresolved', groups }),
      record(cartB, [], { state: 'failed', groups }),
    ];
    const { differences } = compare(equalCarts, [order('9')]);
    expect(differences).toMatchObject([{ kind: 'not-recorded', orderId: '9', jobIds: [cartA, cartB] }]);
    expect(differences[0]?.text).toMatch(/equals each of these carts.*unresolved.*failed/);
  });

  test('may be of a cart of which whose content is not known', () => {
    const { differences } = compare([record(cartA, [], { state: 'unresolved' })], [order('9')]);
    expect(differences[0]?.text).toContain('whose content is not known');
  });

  test('and holds what none of these carts holds was bought by somebody else', () => {
    expect(
      compare([record(cartA, [order('1')])], [order('1'), order('2', 'completed', 77)]).differences,
    ).toEqual([]);
  });
});

describe('what could not be compared is a difference, not an agreement', () => {
  const run = async (change: {
    readonly records?: readonly CheckoutRecord[];
    readonly order?: { readonly status: number; readonly body: unknown };
    readonly signal?: AbortSignal;
  }): Promise<{ compared: number; agree: number; kinds: readonly string[] }> => {
    const records = change.records ?? [record(cartA, [order('1')])];
    const clock = virtualClock();
    const found = { compared: 0, agree: 0, kinds: [] as string[] };
    await compareOrders(
      {
        gate: openGate(clock),
        clock,
        random: seededRandom(1),
        minuteMs: 60_000,
        permitLife: 1_000,
        tokens: { ready: async () => true },
        signal: change.signal ?? new AbortController().signal,
        times: { searchOverlap: 300_000 },
        ledger: {
          customer: async () => ({
            records,
            etags: new Map(),
            unreadable: [],
            owners: new Map(records.flatMap((one) => one.orders.map(({ id }) => [id, one.jobKey] as const))),
          }),
        },
        partnerCenter: {
          orders: async () => answered(200, { items: [] }),
          order: async () => answered(change.order?.status ?? 404, change.order?.body ?? { code: 1000 }),
        },
      },
      [jobKeyOf({ customerId, cartId: cartA })],
      ({ agree, differences }) => {
        found.compared += 1;
        found.agree += agree;
        found.kinds.push(...differences.map(({ kind }) => kind));
      },
    );
    return found;
  };

  test('a cart of the batch without a record', async () => {
    expect(await run({ records: [] })).toEqual({ compared: 1, agree: 0, kinds: ['rows'] });
  });

  test('an order that is refused is unreadable; only a 404 says that it is not there', async () => {
    expect(await run({})).toMatchObject({ kinds: ['not-there'] });
    expect(await run({ order: { status: 400, body: { code: 800999 } } })).toMatchObject({
      kinds: ['unreadable'],
    });
  });

  test('after Ctrl-C no customer counts as compared', async () => {
    expect(await run({ signal: AbortSignal.abort() })).toEqual({ compared: 0, agree: 0, kinds: [] });
  });
});
