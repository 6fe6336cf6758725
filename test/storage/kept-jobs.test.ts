/** Promise: whatever the contract accepts is readable again from its row. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromEntity, toEntity } from '../../src/adapters/azure-tables/azure-entity.ts';
import { fromRecordRow, toRecordRow } from '../../src/adapters/azure-tables/record-rows.ts';
import type { CheckoutRecord } from '../../src/domain/checkout/record.ts';
import { checkJob, decodeJob, type Job } from '../../src/domain/message/job.ts';
import type { Row, StoredRow } from '../../src/ports/table.ts';
import { aRecord } from '../support/records.ts';

/** Whatever a producer may write into a field: what is usual, what is at a limit, and what no one should. */
const guid = fc.uuid().map((id) => id.toUpperCase());
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 }),
  fc.constantFrom(
    '\ud83d',
    '\udc00 Contoso',
    'Contoso \ud83d',
    '\u0000',
    '\ufeff',
    '\u{10ffff}',
    'é',
    '"\\',
    '__proto__',
  ),
);
const instant = fc.oneof(
  fc
    .date({ min: new Date(0), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
    .map((date) => date.toISOString()),
  fc.constantFrom(
    '0001-01-01T00:00:00Z',
    '0001-01-01T00:00:00+00:00',
    '1969-12-31T23:59:59.999Z',
    '1970-01-01T00:00:00Z',
    '1970-01-01T00:00:00+01:00',
    '0000-01-01T00:00:00Z',
    '9999-12-31T23:59:59.9999999-23:59',
    '2026-02-28T24:00:00Z',
    '2026-11-24T02:00:00.123456789+14:00',
    '2026-06-30T23:59:60Z',
  ),
);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null, freq: 4 });
const message = fc.record(
  {
    customerId: guid,
    cartId: guid,
    batchId: maybe(fc.oneof(text, fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._:@ +=-]{0,127}$/))),
    batchSize: maybe(fc.oneof(fc.integer(), fc.constantFrom(1, 10_000_000, 1.5, Number.MAX_SAFE_INTEGER))),
    reference: maybe(text),
    notBefore: maybe(instant),
    notAfter: maybe(instant),
    requestedBy: maybe(text),
    correlationId: maybe(guid),
  },
  { requiredKeys: ['customerId', 'cartId'] },
);

const recordOf = (job: Job, body: string): CheckoutRecord => ({
  ...aRecord({ customerId: job.customerId, cartId: 'cartId' in job ? job.cartId : '' }),
  job,
  body,
  batches: job.batchId === undefined ? [] : [job.batchId],
});

/** A row as the Table service gives it back: a typed number comes as the number alone, and everything went through JSON. */
function throughTheService(row: Row): StoredRow {
  const entity = Object.entries(toEntity(row)).map(([name, value]) => [
    name,
    typeof value === 'object' && value !== null && 'value' in value ? value.value : value,
  ]);
  const wire = JSON.stringify({
    ...Object.fromEntries(entity),
    etag: 'W/"1"',
    timestamp: '2026-11-24T02:00:00Z',
  });
  return fromEntity(JSON.parse(wire));
}

test('each job that the contract takes can be read again from its record', () => {
  let taken = 0;
  fc.assert(
    fc.property(message, (value) => {
      const body = JSON.stringify(value);
      const decoded = decodeJob(new TextEncoder().encode(body));
      if (!decoded.ok) return;
      taken += 1;
      const record = recordOf(decoded.job, body);
      expect(fromRecordRow(throughTheService(toRecordRow(record, 'w1')))).toEqual(record);
    }),
    { numRuns: 2_000 },
  );
  // What is hardly ever taken proves nothing.
  expect(taken).toBeGreaterThan(200);
});

test.each(['notBefore', 'notAfter'])('%s before 1970 is refused, and says what it may be', (field) => {
  for (const time of ['0001-01-01T00:00:00+00:00', '1970-01-01T00:00:00+01:00', '1969-12-31T23:59:59.999Z'])
    expect(checkJob({ ...ids, [field]: time })).toMatchObject({
      ok: false,
      problems: [{ path: field, reason: expect.stringMatching(/before 1970.*leave the field out.*\.NET/) }],
    });
  expect(checkJob({ ...ids, [field]: '1970-01-01T00:00:00Z' })).toMatchObject({
    ok: true,
    job: { [field]: 0 },
  });
});

const ids = {
  customerId: '7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10',
  cartId: '2f9a6c1e-1a77-4d0b-8f3c-90f5b1e4c7aa',
};
