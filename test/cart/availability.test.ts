/** Promise: the list of what is sold is read in each of its forms, and a hostile one is not believed. */

import { expect, test } from 'vitest';
import { chooseAvailability, decodeAvailabilities } from '../../src/domain/cart/availability.ts';
import { orderContent } from '../../src/domain/message/order-lines.ts';
import { aLine, anOrderJob } from './lines.ts';

const wire = {
  id: 'CFQ7TTC0K971',
  productId: 'CFQ7TTC0LH18',
  skuId: '0001',
  catalogItemId: 'CFQ7TTC0LH18:0001:CFQ7TTC0K971',
  segment: 'Commercial',
  isPurchasable: true,
  terms: [
    { id: 'a', duration: 'P1Y', billingCycle: 'Annual' },
    { id: 'b', duration: 'P1Y', billingCycle: 'Monthly' },
  ],
  sku: { supportedBillingCycles: ['OneTime', 'Monthly'], minimumQuantity: 1, maximumQuantity: '300' },
};

test('a collection and a bare object are read alike', () => {
  const read = {
    id: 'CFQ7TTC0K971',
    catalogItemId: wire.catalogItemId,
    segment: 'commercial',
    isPurchasable: true,
    terms: ['P1Y'],
    billingCycles: ['one_time', 'monthly'],
    minimumQuantity: 1,
    maximumQuantity: 300,
    needsAttestation: false,
  };
  expect(decodeAvailabilities(JSON.stringify({ totalCount: 1, items: [wire] }))).toEqual({
    ok: true,
    value: [read],
  });
  expect(decodeAvailabilities(JSON.stringify(wire))).toEqual({ ok: true, value: [read] });
  expect(decodeAvailabilities('{"items":[]}')).toEqual({ ok: true, value: [] });
});

test.each([
  '',
  '[]',
  '{"items":3}',
  '{"items":[null]}',
  '{"items":[{"id":"x"}]}',
  '{"code":400018}',
  // Only a part: the one availability in it may not be the only one.
  JSON.stringify({ totalCount: 2, items: [wire] }),
  JSON.stringify({ items: [wire], links: { next: { uri: '/more' } } }),
])('a hostile list is not believed: %s', (body) => {
  expect(decodeAvailabilities(body)).toMatchObject({ ok: false });
});

test('of a list, only what is sold as the line wants it counts, and once', () => {
  const choose = (...items: readonly object[]) => {
    const decoded = decodeAvailabilities(JSON.stringify({ items }));
    if (!decoded.ok) throw new Error(decoded.why);
    const line = aLine({ quantity: 1 });
    return chooseAvailability(line, { kind: 'sold', availabilities: decoded.value });
  };
  expect(choose(wire, wire)).toEqual({ ok: true, catalogItemId: wire.catalogItemId });
  const foreign = { ...wire, catalogItemId: 'CFQ7TTC0LDPB:0001:CFQ7TTC0KP0N' };
  expect(choose(foreign)).toMatchObject({ ok: false, bad: { code: 'not-sold' } });
  expect(choose({ ...wire, isPurchasable: 'False' })).toMatchObject({ ok: false, bad: { code: 'not-sold' } });
});

test('the content of an order does not depend on how it was written', () => {
  const [one, two] = [aLine({ friendlyName: 'a', reseller: '4410001' }), aLine({ line: 2 })];
  const turned = Object.fromEntries(Object.entries(one).toReversed());
  const content = orderContent(anOrderJob({ lines: [one, two] }));
  expect(orderContent(anOrderJob({ lines: [two, { ...one, ...turned }] }))).toBe(content);
  expect(orderContent(anOrderJob({ lines: [one, two], onBadLine: 'fail', externalOrderId: 'po-7741' }))).toBe(
    content,
  );
  for (const other of [
    anOrderJob({ lines: [one] }),
    anOrderJob({ lines: [one, { ...two, quantity: 26 }] }),
    anOrderJob({ lines: [one, two], onBadLine: 'drop' }),
    anOrderJob({ lines: [one, two], maxTotal: '1.00', currency: 'EUR' }),
  ])
    expect(orderContent(other)).not.toBe(content);
});
