/** Promise: the message with order lines is read, or refused with the path of the field. */

import { describe, expect, test } from 'vitest';
import { checkJob, decodeJob } from '../../src/domain/message/job.ts';
import { maxLines } from '../../src/domain/message/order-lines.ts';
import { cartId, customerId, writtenLine } from './lines.ts';

const order = (change: object = {}) => ({
  customerId,
  externalOrderId: 'PO-7741',
  lines: [writtenLine],
  ...change,
});
const line = (change: object) => order({ lines: [{ ...writtenLine, ...change }] });

test('a job with lines is read, with what the worker adds', () => {
  expect(
    checkJob(
      order({
        customerId: customerId.toUpperCase(),
        lines: [
          { ...writtenLine, product: 'cfq7ttc0lh18', endDate: '2027-06-30', reseller: null },
          { ...writtenLine, line: 7, segment: 'education', provisioningContext: { scope: 'shared' } },
        ],
        maxTotal: '1234.5',
        currency: 'EUR',
        onBadLine: 'drop',
        notAfter: '2026-12-01T00:00:00Z',
        batchId: 'tonight',
      }),
    ),
  ).toEqual({
    ok: true,
    job: {
      customerId,
      externalOrderId: 'PO-7741',
      lines: [
        { ...writtenLine, line: 1, segment: 'commercial', endDate: '2027-06-30T00:00:00Z' },
        { ...writtenLine, line: 7, segment: 'education', provisioningContext: { scope: 'shared' } },
      ],
      maxTotal: '1234.50',
      currency: 'EUR',
      onBadLine: 'drop',
      notAfter: Date.parse('2026-12-01T00:00:00Z'),
      batchId: 'tonight',
    },
  });
});

describe('bad input is refused with the path of the field', () => {
  const lines = (count: number) => Array.from({ length: count }, () => writtenLine);
  test.each([
    ['cartId', order({ cartId: customerId }), /cart .* or lines .* not both/],
    ['externalOrderId', order({ externalOrderId: 'PO 7741/2' }), /1 to 64 of/],
    ['externalOrderId', order({ externalOrderId: 'x'.repeat(65) }), /1 to 64 of/],
    ['externalOrderId', order({ externalOrderId: undefined }), /missing/],
    ['externalOrderId', order({ externalOrderId: 7741 }), /must be text/],
    ['lines', order({ lines: undefined }), /missing/],
    ['lines', order({ lines: [] }), /at least one/],
    ['lines', order({ lines: lines(maxLines + 1) }), /more than 100 lines/],
    ['lines.1.line', order({ lines: [{ ...writtenLine, line: 2 }, writtenLine] }), /there twice/],
    ['lines.0.sku', line({ sku: '1' }), /4 letters and digits.*zeros/],
    ['lines.0.sku', line({ sku: 1 }), /must be text/],
    ['lines.0.product', line({ product: 'C0BD2E08-11AC-4836-BDC7-3712E744922F' }), /12 letters/],
    ['lines.0.quantity', line({ quantity: 0 }), /whole number from 1/],
    ['lines.0.quantity', line({ quantity: '25' }), /whole number/],
    ['lines.0.term', line({ term: '1 Year' }), /one of P1M, P1Y/],
    ['lines.0.billing', line({ billing: 'Monthly' }), /one of monthly/],
    ['lines.0.endDate', line({ endDate: '30.06.2027' }), /date in UTC/],
    ['lines.0.endDate', line({ endDate: '2027-02-29' }), /no day or time of the calendar/],
    ['lines.0.endDate', line({ endDate: '2027-06-30T24:00:00Z' }), /no day or time of the calendar/],
    ['lines.0.endDate', line({ endDate: '0001-01-01T00:00:00Z' }), /unset DateTime/],
    ['lines.0', order({ lines: [null] }), /must be an object/],
    ['lines.0.provisioningContext', line({ provisioningContext: ['a'] }), /object of texts/],
    [
      'lines.0.provisioningContext.\ufffd',
      line({ provisioningContext: { '\ud800': 'a' } }),
      /object of texts/,
    ],
    [
      `lines.0.provisioningContext.${'k'.repeat(228)}`,
      line({ provisioningContext: { ['k'.repeat(500)]: 'a' } }),
      /1 to 64/,
    ],
    [
      'lines.0.provisioningContext.__proto__',
      line({ provisioningContext: JSON.parse('{"__proto__":"a"}') }),
      /no name/,
    ],
    ['lines.0.reseller', line({ reseller: 'Contoso' }), /PartnerID/],
    ['lines.0.qty', line({ qty: 3 }), /unknown field "qty": known are line, product/],
    ['maxtotal', order({ maxtotal: 3 }), /unknown field "maxtotal"/],
    ['maxTotal', order({ maxTotal: '1,50', currency: 'EUR' }), /amount/],
    ['maxTotal', order({ maxTotal: '-1', currency: 'EUR' }), /amount of 0 or more/],
    ['maxTotal', order({ currency: 'EUR' }), /missing/],
    ['maxTotal', order({ maxTotal: 1.5, currency: 'EUR' }), /must be text/],
    ['currency', order({ maxTotal: '1' }), /missing/],
    ['currency', order({ maxTotal: '1', currency: 'euro' }), /ISO 4217/],
    ['onBadLine', order({ onBadLine: 'skip' }), /fail, drop/],
  ])('%s', (path, value, reason) => {
    const checked = checkJob(value);
    if (checked.ok) throw new Error('it was taken');
    expect(checked.problems[0]).toMatchObject({ path, reason: expect.stringMatching(reason) });
  });
});

test('a producer with one class for both shapes writes null into the fields of the other one', () => {
  expect(checkJob(order({ cartId: null }))).toMatchObject({ ok: true, job: { externalOrderId: 'PO-7741' } });
  const cart = { customerId, cartId, externalOrderId: null, lines: null, maxTotal: null, onBadLine: null };
  expect(checkJob(cart)).toEqual({ ok: true, job: { customerId, cartId } });
  expect(checkJob({ ...cart, notafter: null })).toMatchObject({ problems: [{ path: 'notafter' }] });
  expect(checkJob({ ...cart, maxTotal: '1' })).toMatchObject({ problems: [{ path: 'maxTotal' }] });
});

test('a job with lines has at most 64 KB, as any', () => {
  const long = {
    ...writtenLine,
    provisioningContext: { text: 'x'.repeat(256), more: 'x'.repeat(256) },
    friendlyName: 'y'.repeat(256),
  };
  const body = JSON.stringify(order({ lines: Array.from({ length: maxLines }, () => long) }));
  expect(body.length).toBeGreaterThan(64 * 1024);
  expect(decodeJob(Buffer.from(body))).toMatchObject({ ok: false, rejection: { kind: 'too-large' } });
});
