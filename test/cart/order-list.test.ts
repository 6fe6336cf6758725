/** Promise: a list of order lines becomes the jobs that it says, and each bad line is named. */

import { expect, test } from 'vitest';
import { csvHeading, csvLine, csvRows, listHeading, listRows } from '../../src/operator/batches/batch-csv.ts';
import { checkList } from '../../src/operator/list/check-list.ts';
import { readList } from '../../src/operator/list/read-list.ts';
import { customerId } from './lines.ts';
import { linesBed } from './lines-bed.ts';

const header =
  'customerId,externalOrderId,line,product,sku,segment,quantity,term,billing,promotionId,reseller,endDate,maxTotal,currency';

async function* bytes(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
const check = (...rows: readonly string[]) =>
  checkList(readList(bytes(`${[header, ...rows].join('\n')}\n`)), {});

test('rows of one customer and number are one job, wherever they stand', async () => {
  const list = await check(
    `${customerId},PO-1,1,CFQ7TTC0AB12,0001,,25,P1Y,monthly,,,,9000.00,USD`,
    `${customerId},PO-2,1,CFQ7TTC0CD34,000P,,3,P1M,monthly,,4410001,,,`,
    `${customerId.toUpperCase()},po-1,2,CFQ7TTC0CD34,P,commercial,3,P1Y,monthly,,,,,`,
  );
  expect(list).toMatchObject({ lines: 3, invalid: 0, duplicates: 0, batchSize: 2 });
  expect(list.jobs.map(({ job }) => job)).toMatchObject([
    {
      externalOrderId: 'PO-1',
      maxTotal: '9000.00',
      currency: 'USD',
      lines: [
        { line: 1, sku: '0001', quantity: 25 },
        { line: 2, sku: '000P', quantity: 3 },
      ],
    },
    { externalOrderId: 'PO-2', lines: [{ reseller: '4410001' }] },
  ]);
});

test.each([
  ['a SKU that a spreadsheet took for a number', '1,CFQ7TTC0AB12,1,,25,P1Y,monthly,,,,,', undefined, ''],
  ['the same, in scientific notation', '1,CFQ7TTC0AB12,1.00E+01,,25,P1Y,monthly,,,,,', 'sku', 'spreadsheet'],
  ['a promotion, the same', '1,CFQ7TTC0AB12,0001,,25,P1Y,monthly,3.9E+11,,,,', 'promotionId', 'spreadsheet'],
  ['a quantity with a comma', '1,CFQ7TTC0AB12,0001,,"1,000",P1Y,monthly,,,,,', 'quantity', 'whole number'],
  ['a term in words', '1,CFQ7TTC0AB12,0001,,25,1 Year,monthly,,,,,', 'term', 'P1M, P1Y'],
  ['a ceiling with a comma', '1,CFQ7TTC0AB12,0001,,25,P1Y,monthly,,,,"1,50",EUR', 'maxTotal', 'amount'],
  ['no product', '1,,0001,,25,P1Y,monthly,,,,,', 'product', 'missing'],
])('%s', async (_, cells, field, reason) => {
  const list = await check(
    `${customerId},PO-0,1,CFQ7TTC0CD34,000P,,3,P1M,monthly,,,,,`,
    `${customerId},PO-1,${cells}`,
  );
  if (field === undefined) {
    expect(list).toMatchObject({ invalid: 0 });
    expect(list.jobs[1]?.job).toMatchObject({ lines: [{ sku: '0001' }] });
    return;
  }
  expect(list.problems).toMatchObject([{ line: 3, field, reason: expect.stringContaining(reason) }]);
});

test('a number that a spreadsheet has changed, and rows that contradict each other, are refused with their row', async () => {
  const line = 'CFQ7TTC0AB12,0001,,25,P1Y,monthly,,,';
  const list = await check(
    `${customerId},1.00E+01,1,${line},,`,
    `${customerId},PO-2,1,${line},9.00,EUR`,
    `${customerId},PO-2,2,${line},9.00,USD`,
    `${customerId},PO-3,1,${line},,`,
    `${customerId},PO-3,1,${line},,`,
    `,PO-4,1,${line},,`,
  );
  expect(list.problems).toMatchObject([
    { line: 2, field: 'externalOrderId', reason: expect.stringContaining('1.00E+01') },
    { line: 4, field: 'currency', reason: expect.stringContaining('row 3 of the same order says "EUR"') },
    { line: 6, field: 'line', reason: expect.stringContaining('twice') },
    { line: 7, field: 'customerId', reason: expect.stringContaining('missing') },
  ]);
});

test('a row that was copied is refused, unless its line is numbered: it would be bought twice', async () => {
  const line = 'CFQ7TTC0AB12,0001,,25,P1Y,monthly,,,';
  const list = await check(
    `${customerId},PO-1,,${line},,`,
    `${customerId},PO-1,,${line.toLowerCase().replace('p1y', 'P1Y').replace('0001', '1')},,`,
    `${customerId},PO-2,1,${line},,`,
    `${customerId},PO-2,2,${line},,`,
    `${customerId},12.35E+10,,${line},,`,
  );
  expect(list.jobs.map(({ job }) => job)).toMatchObject([
    { externalOrderId: 'PO-2', lines: [{ line: 1 }, { line: 2 }] },
  ]);
  expect(list.problems).toMatchObject([
    { line: 3, field: 'line', reason: expect.stringContaining('equal to row 2') },
    { line: 6, field: 'externalOrderId', reason: expect.stringContaining('spreadsheet') },
  ]);
});

test('JSON lines: one number with other lines is refused', async () => {
  const order = (quantity: number) => ({
    customerId,
    externalOrderId: 'PO-1',
    lines: [{ product: 'CFQ7TTC0AB12', sku: '0001', quantity, term: 'P1Y', billing: 'monthly' }],
  });
  const text = [order(1), order(1), order(2)].map((one) => `${JSON.stringify(one)}\n`).join('');
  expect(await checkList(readList(bytes(text)), {})).toMatchObject({
    duplicates: 1,
    invalid: 1,
    problems: [{ line: 3, field: 'externalOrderId' }],
  });
});

test('the result has a row for each line, and what failed comes as a list that can be sent again', async () => {
  const bed = linesBed();
  const line = { quantity: 3, term: 'P1Y', billing: 'monthly' };
  const standard = { ...line, product: 'CFQ7TTC0AB12', sku: '0001' };
  const bad = { ...line, product: 'CFQ7TTC0RS65', sku: '0001' };
  await bed.worker.enqueue({ customerId, externalOrderId: 'a', lines: [standard, bad], onBadLine: 'drop' });
  await bed.worker.enqueue({ customerId, externalOrderId: 'b', lines: [standard, bad] });
  await bed.settle();
  const [a, b] = [await bed.record('a'), await bed.record('b')];
  const orders = [...bed.world.orders.all()].map(({ id, lines }) => ({
    id,
    status: 'completed' as const,
    billingCycle: 'monthly',
    lines: lines.map(({ line: { catalogItemId, quantity, termDuration = '' }, subscriptionId }) => ({
      offerId: catalogItemId,
      quantity,
      term: termDuration,
      subscriptionId,
    })),
  }));
  const rows = [
    ...csvRows({ kind: 'record', record: a }, orders),
    ...csvRows({ kind: 'record', record: b }, []),
  ];
  const named = rows.map((row) => Object.fromEntries(csvHeading.map((name, index) => [name, row[index]])));
  expect(named).toMatchObject([
    {
      externalOrderId: 'a',
      line: '1',
      state: 'completed',
      orderIds: orders[0]?.id,
      subscriptionIds: orders[0]?.lines[0]?.subscriptionId,
      price: '405.00',
      currency: 'USD',
    },
    { line: '2', state: 'dropped', code: '10010', orderIds: '' },
    { externalOrderId: 'b', line: '1', state: 'failed', code: '10010' },
    { line: '2', state: 'failed', code: '10010' },
  ]);
  const again = [...listRows(a), ...listRows(b)];
  const text = `${[listHeading, ...again].map((cells) => cells.join(',')).join('\n')}\n`;
  const list = await checkList(readList(bytes(text)), {});
  expect(list.jobs.map(({ job }) => job)).toMatchObject([
    // A number that was bought cannot be used again.
    { externalOrderId: 'a.2', lines: [{ product: 'CFQ7TTC0RS65' }], onBadLine: 'drop' },
    { externalOrderId: 'b', lines: [{ product: 'CFQ7TTC0AB12' }, { product: 'CFQ7TTC0RS65' }] },
  ]);
});

test('the list to send again holds the whole order, whatever stands in its cells', async () => {
  const bed = linesBed();
  const whole = {
    customerId,
    externalOrderId: 'PO-1',
    lines: [
      {
        line: 7,
        product: 'CFQ7TTC0RS65',
        sku: '0001',
        segment: 'commercial',
        quantity: 3,
        term: 'P1Y',
        billing: 'monthly',
        promotionId: '39NFJQT1X0BX:0002:39NFJQT1Q5KN',
        reseller: '4410001',
        endDate: '2027-06-30T00:00:00Z',
        friendlyName: '=HYPERLINK("x"), Contoso',
        provisioningContext: { scope: 'shared', note: 'a "quoted", word' },
        attestation: true,
      },
    ],
    maxTotal: '9000.00',
    currency: 'USD',
    onBadLine: 'fail',
    partnerOnRecordAttestation: true,
    reference: '-1 Contoso',
    notBefore: '2026-11-24T02:00:00.000Z',
    notAfter: '2027-11-24T02:00:00.000Z',
    requestedBy: '@night',
    correlationId: '6c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10',
  };
  await bed.worker.enqueue(whole);
  await bed.settle();
  const record = await bed.record('PO-1');
  expect(record.state).toBe('failed');
  const text = [listHeading, ...listRows(record)].map(csvLine).join('');
  const list = await checkList(readList(bytes(text)), {});
  expect(list.problems).toEqual([]);
  expect(list.jobs.map(({ job }) => job)).toEqual([record.job]);
});
