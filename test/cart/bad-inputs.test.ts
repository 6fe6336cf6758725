/**
 * Promise: order lines that cannot be bought as they were wanted are refused in words, and nothing is
 * bought.
 */

import { expect, test } from 'vitest';
import { checkList } from '../../src/operator/list/check-list.ts';
import { readList } from '../../src/operator/list/read-list.ts';
import { customerId } from './lines.ts';
import { linesBed } from './lines-bed.ts';

/**
 * What a list gets wrong, and what its producer must hear: the state, the code, and how many lines were bought. Lines are those of the
 * sandbox's catalogue.
 */
const standard = {
  product: 'CFQ7TTC0AB12',
  sku: '0001',
  quantity: 25,
  term: 'P1Y',
  billing: 'monthly',
} as const;
const other = { ...standard, product: 'CFQ7TTC0CD34', sku: '000P', quantity: 3 };
const of = (product: string, sku: string, change: object = {}) => ({ ...standard, product, sku, ...change });
const ceiling = (maxTotal: string, currency = 'USD') => ({ maxTotal, currency });

type Bed = ReturnType<typeof linesBed>;

const cases: readonly {
  readonly what: string;
  readonly lines: readonly object[];
  readonly job?: object;
  readonly before?: (bed: Bed) => void;
  readonly sends?: number;
  /** Sent as a list for `enqueue`, not as a message. */
  readonly asList?: true;
  /** `rejected`: it is no job, and `code` is the path of the field. `not sent`: `enqueue` refuses the row, and `code` is its column. */
  readonly state: string;
  readonly code?: string;
  readonly bought: number;
}[] = [
  { what: 'sent again after a timeout', lines: [standard], sends: 3, state: 'completed', bought: 1 },
  {
    what: 'an availability that was reissued before the cart',
    lines: [standard, other],
    before: (bed) => bed.world.set({ faults: [{ kind: 'reissue', operations: ['create-cart'], count: 1 }] }),
    state: 'completed',
    bought: 2,
  },
  {
    what: 'an availability that was reissued before the checkout',
    lines: [standard, other],
    before: (bed) => bed.world.set({ faults: [{ kind: 'reissue', count: 1 }] }),
    state: 'completed',
    bought: 2,
  },
  {
    what: 'an error inside addonItems',
    lines: [other, of('CFQ7TTC0RS65', '0001')],
    state: 'failed',
    code: '10010',
    bought: 0,
  },
  {
    what: 'the same, with onBadLine drop',
    lines: [other, of('CFQ7TTC0RS65', '0001')],
    job: { onBadLine: 'drop' },
    state: 'completed',
    bought: 1,
  },
  {
    what: 'several availabilities',
    lines: [of('CFQ7TTC0JK90', '0001')],
    state: 'failed',
    code: 'several-availabilities',
    bought: 0,
  },
  {
    what: 'a year billed monthly where it is billed for the year',
    lines: [of('CFQ7TTC0EF56', '0001')],
    state: 'failed',
    code: 'billing-not-sold',
    bought: 0,
  },
  {
    what: 'a term that is not sold',
    lines: [of('CFQ7TTC0EF56', '0001', { term: 'P1M' })],
    state: 'failed',
    code: 'term-not-sold',
    bought: 0,
  },
  {
    what: 'a quantity below the minimum',
    lines: [of('CFQ7TTC0GH78', '0002', { quantity: 9 })],
    state: 'failed',
    code: 'quantity',
    bought: 0,
  },
  {
    what: 'a quantity above the pooled limit, which an earlier order has used up in part',
    lines: [{ ...standard, quantity: 200 }],
    before: (bed) =>
      void bed.worker.enqueue({
        customerId,
        externalOrderId: 'before',
        lines: [{ ...standard, quantity: 200 }],
      }),
    state: 'failed',
    code: '10015',
    bought: 1,
  },
  {
    what: 'an equal product that is active: a second subscription',
    lines: [other],
    before: (bed) => void bed.worker.enqueue({ customerId, externalOrderId: 'before', lines: [other] }),
    state: 'completed',
    bought: 2,
  },
  { what: 'an unknown SKU', lines: [of('CFQ7TTC0CD34', '0009')], state: 'failed', code: '400018', bought: 0 },
  {
    what: 'an unknown product',
    lines: [of('CFQ7TTC0ZZ99', '0001')],
    state: 'failed',
    code: '400013',
    bought: 0,
  },
  {
    what: 'a segment in which it is not sold',
    lines: [{ ...standard, segment: 'education' }],
    state: 'failed',
    code: 'not-sold',
    bought: 0,
  },
  {
    what: 'an availability of its own that is gone',
    lines: [{ ...standard, availability: 'CFQ7TTC0K971' }],
    state: 'failed',
    code: '10001',
    bought: 0,
  },
  {
    what: 'a customer without the agreement',
    lines: [standard],
    before: (bed) => bed.world.set({ withoutAgreement: [customerId] }),
    state: 'failed',
    code: '13605',
    bought: 0,
  },
  {
    what: 'a total at its ceiling',
    lines: [standard],
    job: ceiling('3375.00'),
    state: 'completed',
    bought: 1,
  },
  {
    what: 'a total above its ceiling',
    lines: [standard],
    job: ceiling('3374.99'),
    state: 'failed',
    code: 'above-max-total',
    bought: 0,
  },
  {
    what: 'a price in another currency',
    lines: [of('CFQ7TTC0MN21', '0001')],
    job: ceiling('99999'),
    state: 'waiting',
    code: 'other-currency',
    bought: 0,
  },
  {
    what: '0001 that a spreadsheet has eaten to 1, in a message',
    lines: [{ ...standard, sku: '1' }],
    state: 'rejected',
    code: 'lines.0.sku',
    bought: 0,
  },
  {
    what: '0001 that a spreadsheet has eaten to 1, in a list',
    lines: [{ ...standard, sku: '1' }],
    asList: true,
    state: 'completed',
    bought: 1,
  },
  {
    what: '0010 that a spreadsheet has made 1.00E+01, in a list',
    lines: [{ ...standard, sku: '1.00E+01' }],
    asList: true,
    state: 'not sent',
    code: 'sku',
    bought: 0,
  },
  {
    what: 'no price, and a ceiling',
    lines: [of('CFQ7TTC0PQ43', '0001')],
    job: ceiling('99999'),
    state: 'waiting',
    code: 'price-unknown',
    bought: 0,
  },
  { what: 'no price, and no ceiling', lines: [of('CFQ7TTC0PQ43', '0001')], state: 'completed', bought: 1 },
  {
    what: 'software without a term',
    lines: [of('DG7GMGF0TU87', '0002', { term: 'none', billing: 'one_time', quantity: 1 })],
    state: 'completed',
    bought: 1,
  },
];

async function* csvOf(order: object, lines: readonly object[]): AsyncGenerator<Uint8Array> {
  const rows = lines.map((line) => ({ ...order, ...line }));
  yield Buffer.from([Object.keys(rows[0] ?? {}), ...rows.map(Object.values)].join('\n'));
}

test.each(cases)('$what: $state $code', async (given) => {
  const { lines, job, before, sends = 1, asList, state, code, bought } = given;
  const bed = linesBed();
  before?.(bed);
  if (bed.worker.queue.length > 0) await bed.settle(20);
  const order = { customerId, externalOrderId: 'PO-7741' };
  if (asList === true) {
    const list = await checkList(readList(csvOf(order, lines)), {});
    for (const one of list.jobs) await bed.worker.enqueue(one.job);
    expect(list.problems.map(({ field }) => field)).toEqual(state === 'not sent' ? [code] : []);
  } else for (let n = 0; n < sends; n += 1) await bed.worker.enqueue({ ...order, lines, ...job });
  await bed.settle(80);
  if (state === 'rejected' || state === 'not sent') {
    expect(bed.sold()).toEqual([]);
    const rejected = bed.rejected().map(({ properties }) => properties['path']);
    expect(rejected).toEqual(state === 'rejected' ? [code] : []);
    return;
  }
  const record = await bed.record('PO-7741');
  expect(record.state).toBe(state);
  if (code !== undefined) {
    expect(record.reason).toMatchObject({ code, remedy: expect.stringMatching(/\S/) });
    // A person is told, whether it failed or waits.
    expect(bed.worker.tables.attention.all().map(({ properties }) => properties['code'])).toContain(code);
  }
  expect(bed.sold()).toHaveLength(bought);
  const perNumber = [...bed.world.orders.all()].map(({ cartId }) => cartId);
  expect(new Set(perNumber).size).toBe(perNumber.length);
});

test('what is dropped stands in the record and in the events', async () => {
  const bed = linesBed();
  await bed.worker.enqueue({
    customerId,
    externalOrderId: 'PO-7741',
    lines: [
      { ...other, line: 10 },
      { ...of('CFQ7TTC0RS65', '0001'), line: 20 },
    ],
    onBadLine: 'drop',
  });
  await bed.settle();
  const badLines = [{ line: 20, code: '10010', description: expect.any(String), remedy: expect.any(String) }];
  expect(await bed.record('PO-7741')).toMatchObject({ badLines, made: { lines: [{ line: 10 }] } });
  const ends = bed.worker.events.filter(({ type }) => type === 'checkout.completed');
  expect(ends).toMatchObject([{ data: { externalOrderId: 'PO-7741', badLines } }]);
});
