/** Promise: the ledger keeps what an order with lines needs, whatever its size. */

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromRecordRow, toRecordRow } from '../../src/adapters/azure-tables/record-rows.ts';
import type { CheckoutRecord } from '../../src/domain/checkout/record.ts';
import { checkJob } from '../../src/domain/message/job.ts';
import { externalOrderIdPattern, jobKeyOf } from '../../src/domain/message/job-key.ts';
import { billings, segments, terms } from '../../src/domain/message/order-lines.ts';
import { aRecord } from '../support/records.ts';
import { cartId, customerId } from './lines.ts';

const id = (length: number) => fc.stringMatching(new RegExp(`^[A-Za-z0-9]{${length}}$`));
const label = fc
  .string({ minLength: 1, maxLength: 256, unit: 'binary' })
  .filter((text) => text.isWellFormed());
const line = fc.record(
  {
    product: id(12),
    sku: id(4),
    quantity: fc.integer({ min: 1, max: 1_000_000 }),
    term: fc.constantFrom(...terms),
    billing: fc.constantFrom(...billings),
    segment: fc.constantFrom(...segments, null),
    availability: id(12),
    promotionId: fc.stringMatching(/^[A-Za-z0-9:_-]{1,64}$/),
    reseller: fc.stringMatching(/^[0-9]{4,12}$/),
    endDate: fc.constantFrom('2027-06-30', '2027-06-30T23:59:59.1234567Z', null),
    provisioningContext: fc.dictionary(
      fc.string({ minLength: 1, maxLength: 64 }).filter((name) => name !== '__proto__'),
      label,
      { maxKeys: 10 },
    ),
    friendlyName: label,
    attestation: fc.boolean(),
  },
  { requiredKeys: ['product', 'sku', 'quantity', 'term', 'billing'] },
);
const order = fc.record(
  {
    customerId: fc.constant(customerId),
    externalOrderId: fc.stringMatching(externalOrderIdPattern),
    lines: fc.array(line, { minLength: 1, maxLength: 5 }),
    onBadLine: fc.constantFrom('fail', 'drop', null),
    partnerOnRecordAttestation: fc.boolean(),
    reference: label,
  },
  { requiredKeys: ['customerId', 'externalOrderId', 'lines'] },
);

test('every order that the contract accepts survives its row, before and after its cart is made', () => {
  fc.assert(
    fc.property(order, (value) => {
      const checked = checkJob(value);
      if (!checked.ok || !('lines' in checked.job)) throw new Error(JSON.stringify(checked));
      const { job } = checked;
      const { cartId: _, ...bare } = aRecord();
      const record: CheckoutRecord = {
        ...bare,
        jobKey: jobKeyOf(job),
        customerId,
        state: 'waiting',
        job,
        body: JSON.stringify(value),
        batches: [],
      };
      const content = job.lines.map(({ product, sku, segment: __, availability: ___, ...rest }) => ({
        ...rest,
        catalogItemId: `${product}:${sku}:CFQ7TTC0K971`,
      }));
      const made: CheckoutRecord = {
        ...record,
        cartId,
        made: {
          expiresAt: 17,
          total: '1.00',
          currency: 'EUR',
          lines: content.map(({ line: number, catalogItemId, quantity, term, billing }) => ({
            line: number,
            catalogItemId,
            quantity,
            term,
            billing,
            price: '1.00',
            currency: 'EUR',
            group: '0',
          })),
        },
        badLines: [{ line: 1, code: '10001', description: 'd', remedy: 'r' }],
        repair: {
          reason: { code: '400019', description: 'd', remedy: 'r', at: 17 },
          intended: { lines: content },
          done: true,
        },
        replaced: [{ at: 1, messageId: 'm', content: 'c', body: '{}' }],
      };
      for (const one of [record, made]) {
        const row = { ...toRecordRow(one, 'w'), etag: 'e' };
        expect(fromRecordRow(row)).toEqual(JSON.parse(JSON.stringify(one)));
      }
    }),
    { numRuns: 60 },
  );
});
