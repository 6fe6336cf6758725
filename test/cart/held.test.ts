/** Promise: what a person has to do first holds the job, with the remedy, and is bought once when it is done. */

import { describe, expect, test } from 'vitest';
import { errorCodeTable } from '../../src/domain/checkout/api-error-table.ts';
import { customerId } from './lines.ts';
import { linesBed } from './lines-bed.ts';

const line = { product: 'CFQ7TTC0AB12', sku: '0001', quantity: 25, term: 'P1Y', billing: 'monthly' };
const rows = (bed: ReturnType<typeof linesBed>) =>
  bed.worker.tables.attention.all().filter(({ partition }) => partition === 'job');
const order = { customerId, externalOrderId: 'PO-7741', lines: [line] };

/** Purchase order, tender document, either of them. */
const codes = errorCodeTable.flatMap(([http, code, action]) => (action === 'person' ? [{ http, code }] : []));

test('the codes that name a missing document hold a job', () => {
  expect(codes).toEqual([900252, 900253, 900254].map((code) => ({ http: 400, code })));
});

describe.each(codes)('$http/$code', ({ http, code }) => {
  const fault = { kind: 'error', http, code: Number(code) } as const;
  test.each(['checkout', 'create-cart'] as const)('at the %s', async (operation) => {
    const bed = linesBed();
    bed.world.set({ faults: [{ ...fault, operations: [operation] }] });
    await bed.worker.enqueue(order);
    await bed.settle(4);
    const held = await bed.record('PO-7741');
    expect(held).toMatchObject({ state: 'waiting', asked: { kind: 'needs-decision' }, orders: [] });
    expect(rows(bed)).toMatchObject([
      {
        properties: {
          open: true,
          kind: 'needs-decision',
          remedy: expect.stringMatching(/Attach the document/),
        },
      },
    ]);

    bed.world.set({ faults: [] });
    await bed.settle();
    expect(await bed.record('PO-7741')).toMatchObject({ state: 'completed' });
    expect(bed.sold()).toHaveLength(1);
    expect(rows(bed)).toMatchObject([{ properties: { open: false } }]);
  });
});
