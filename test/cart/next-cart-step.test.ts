/** Promise: a cart is bought only if it is what the order lines wanted, to the cent. */

import { describe, expect, test } from 'vitest';
import { decodeMadeCart } from '../../src/domain/cart/decode-made-cart.ts';
import { type Making, nextCartStep } from '../../src/domain/cart/next-cart-step.ts';
import type { OrderJob } from '../../src/domain/message/job.ts';
import { aLine, aMaking, anAvailability, anOrderJob, cartId } from './lines.ts';

/** The cart that Partner Center answers to what the step asks for; `change` alters its one line. */
function answer(making: Making, change: object = {}): Making {
  const step = nextCartStep(making);
  if (step.kind !== 'create') throw new Error(`no cart is wanted: ${step.kind}`);
  const lineItems = step.content.lines.map((line, id) => ({
    id,
    catalogItemId: line.catalogItemId,
    quantity: line.quantity,
    currencyCode: 'EUR',
    billingCycle: line.billing,
    termDuration: line.term,
    orderGroup: '0',
    pricing: { extendedPrice: 364.8 },
    ...(id === 0 ? change : {}),
  }));
  const decoded = decodeMadeCart(JSON.stringify({ id: cartId, status: 'Active', lineItems }));
  if (!decoded.ok) throw new Error(decoded.why);
  return { ...making, answered: { content: step.content, cart: decoded.value } };
}

const answered = (job: OrderJob, change: object = {}) => nextCartStep(answer(aMaking(job), change));

test('a line is resolved before a cart is made', () => {
  expect(nextCartStep(aMaking(anOrderJob(), { offers: new Map() }))).toEqual({
    kind: 'resolve',
    product: 'CFQ7TTC0LH18',
    sku: '0001',
  });
  const pinned = anOrderJob({ lines: [aLine({ availability: 'CFQ7TTC0K971' })] });
  expect(nextCartStep(aMaking(pinned, { offers: new Map() }))).toMatchObject({ kind: 'create' });
});

test('a cart as it was wanted is ready, with its total to the cent', () => {
  const lines = [aLine(), aLine({ line: 2, quantity: 3 }), aLine({ line: 3, quantity: 1 })];
  const step = answered(anOrderJob({ lines, maxTotal: '1094.40', currency: 'EUR' }));
  expect(step).toMatchObject({ kind: 'ready', checked: { total: '1094.40', currency: 'EUR' } });
});

describe('a line that is not what was wanted fails the job', () => {
  test.each([
    ['10001 after another look', { error: { errorCode: 10001, errorDescription: 'gone' } }, '10001'],
    ['10015', { error: { errorCode: 10015, errorDescription: 'at most 50' } }, '10015'],
    ['an error inside addonItems', { addonItems: [{ error: { errorCode: '10010' } }] }, '10010'],
    ['errors in a list', { error: [{ errorCode: 10015 }] }, '10015'],
    ['an error that is a text', { error: 'not eligible' }, 'none'],
    ['an error that says nothing', { error: {} }, 'none'],
    ['an add-on that nobody asked for', { addonItems: [{ quantity: 500 }] }, 'other-addons'],
    ['another quantity', { quantity: 24 }, 'other-quantity'],
    ['another term', { termDuration: 'P1M' }, 'other-term'],
    ['no term', { termDuration: undefined }, 'other-term'],
    ['another billing', { billingCycle: 'annual' }, 'other-billing'],
    ['another item', { catalogItemId: 'CFQ7TTC0LH18:0001:CFQ7TTC0K972' }, 'other-item'],
  ])('%s', (_, change, code) => {
    const making = answer(aMaking(anOrderJob()), change);
    const refused = new Set(['CFQ7TTC0LH18:0001:CFQ7TTC0K971']);
    expect(nextCartStep({ ...making, offers: pinnedOffers, refused: new Set() })).toMatchObject(
      code === '10001' ? { kind: 'renew' } : { kind: 'fail', stop: { code } },
    );
    if (code === '10001')
      expect(nextCartStep({ ...making, refused })).toMatchObject({ kind: 'fail', bad: [{ line: 1 }] });
  });
});

test('a line without a term gets none, though its availability was named', () => {
  const job = anOrderJob({ lines: [aLine({ term: 'none', availability: 'CFQ7TTC0K971' })] });
  expect(answered(job, { termDuration: 'P1Y' })).toMatchObject({
    kind: 'fail',
    stop: { code: 'other-term' },
  });
  expect(answered(job, { termDuration: null })).toMatchObject({ kind: 'ready' });
});

const pinnedOffers = aMaking(anOrderJob()).offers;

describe('a line that is not sold as it is written fails the job before a cart is made', () => {
  const sold = (...availabilities: Partial<Parameters<typeof anAvailability>[0]>[]) =>
    new Map([
      [
        'CFQ7TTC0LH18:0001',
        { kind: 'sold' as const, availabilities: availabilities.map((one) => anAvailability(one)) },
      ],
    ]);
  test.each([
    ['several availabilities', sold({}, { id: 'CFQ7TTC0K972' }), 'several-availabilities'],
    ['none in the segment', sold({ segment: 'education' }), 'not-sold'],
    ['not purchasable', sold({ isPurchasable: false }), 'not-sold'],
    ['another term', sold({ terms: ['P1M', 'P3Y'] }), 'term-not-sold'],
    ['monthly, sold annually alone', sold({ billingCycles: ['annual'] }), 'billing-not-sold'],
    ['below the minimum', sold({ minimumQuantity: 100 }), 'quantity'],
    ['above the maximum', sold({ maximumQuantity: 10 }), 'quantity'],
    ['an attestation', sold({ needsAttestation: true }), 'attestation'],
    [
      'unknown to Partner Center',
      new Map([
        ['CFQ7TTC0LH18:0001', { kind: 'refused' as const, code: '400018', description: '', remedy: '' }],
      ]),
      '400018',
    ],
  ])('%s', (_, offers, code) => {
    expect(nextCartStep(aMaking(anOrderJob(), { offers }))).toMatchObject({
      kind: 'fail',
      stop: { code },
      bad: [{ line: 1, code }],
    });
  });
});

test('a catalogue that lists what a cart has just refused is asked again later, and then believed', () => {
  const refused = new Set([anAvailability().catalogItemId]);
  for (const change of [{}, { onBadLine: 'drop' as const }]) {
    const making = aMaking(anOrderJob({ lines: [aLine(), aLine({ line: 2, sku: '0002' })], ...change }), {
      offers: new Map([
        ['CFQ7TTC0LH18:0001', { kind: 'sold', availabilities: [anAvailability()] }],
        [
          'CFQ7TTC0LH18:0002',
          {
            kind: 'sold',
            availabilities: [anAvailability({ catalogItemId: 'CFQ7TTC0LH18:0002:CFQ7TTC0K971' })],
          },
        ],
      ]),
      refused,
      mayWait: true,
    });
    expect(nextCartStep(making)).toEqual({ kind: 'wait', items: ['CFQ7TTC0LH18:0001'] });
    expect(nextCartStep({ ...making, mayWait: false })).toMatchObject({
      kind: 'onBadLine' in change ? 'create' : 'fail',
      bad: [{ line: 1, code: '10001' }],
    });
  }
});

test('with onBadLine drop the good lines go on, and the result says which were left out', () => {
  const lines = [aLine(), aLine({ line: 2, quantity: 3 })];
  const making = answer(aMaking(anOrderJob({ lines, onBadLine: 'drop' })), {
    error: { errorCode: 10015, errorDescription: 'at most 50' },
  });
  const step = nextCartStep(making);
  expect(step).toMatchObject({ kind: 'create', content: { lines: [{ line: 2 }] }, bad: [{ line: 1 }] });
  const bad = step.kind === 'create' ? step.bad : [];
  const { answered: _, ...rest } = making;
  const again = nextCartStep(answer({ ...rest, bad }));
  expect(again).toMatchObject({ kind: 'ready', checked: { lines: [{ line: 2 }] }, bad: [{ line: 1 }] });
  const alone = anOrderJob({ onBadLine: 'drop' });
  expect(answered(alone, { error: { errorCode: 10015 } })).toMatchObject({ kind: 'fail' });
});

describe('the ceiling', () => {
  const ceiling = (maxTotal: string, change: object = {}) =>
    answered(anOrderJob({ maxTotal, currency: 'EUR' }), change);
  test('is compared in decimals', () => {
    expect(ceiling('364.80')).toMatchObject({ kind: 'ready' });
    expect(ceiling('364.79')).toMatchObject({ kind: 'fail', stop: { code: 'above-max-total' } });
    const three = [1, 2, 3].map((line) => aLine({ line }));
    const job = anOrderJob({ lines: three, maxTotal: '0.30', currency: 'EUR' });
    const making = answer(aMaking(job));
    const cart = making.answered?.cart;
    if (cart === undefined || making.answered === undefined) throw new Error('no cart');
    const cheap = { ...cart, lines: cart.lines.map((line) => ({ ...line, price: '0.1' })) };
    // In doubles 0.1 + 0.1 + 0.1 is more than 0.3.
    expect(nextCartStep({ ...making, answered: { ...making.answered, cart: cheap } })).toMatchObject({
      kind: 'ready',
      checked: { total: '0.30' },
    });
  });
  test('holds what has no price, or a price in another currency', () => {
    expect(ceiling('364.80', { pricing: undefined })).toMatchObject({
      kind: 'hold',
      stop: { code: 'price-unknown' },
    });
    expect(ceiling('364.80', { currencyCode: 'USD' })).toMatchObject({
      kind: 'hold',
      stop: { code: 'other-currency' },
    });
    expect(ceiling('364.80', { pricing: { extendedPrice: 'free' } })).toMatchObject({ kind: 'hold' });
    // Below zero, it would hide what another line costs.
    expect(ceiling('364.80', { pricing: { extendedPrice: -5 } })).toMatchObject({ kind: 'hold' });
  });
  test('is not asked for without one', () => {
    expect(answered(anOrderJob(), { pricing: undefined })).toMatchObject({ kind: 'ready' });
  });
});

test('a cart with more or fewer lines than were asked for is held', () => {
  const making = answer(aMaking(anOrderJob({ lines: [aLine(), aLine({ line: 2 })] })));
  const cart = making.answered?.cart;
  if (cart === undefined || making.answered === undefined) throw new Error('no cart');
  const less = { ...making.answered, cart: { ...cart, lines: cart.lines.slice(1) } };
  expect(nextCartStep({ ...making, answered: less })).toMatchObject({
    kind: 'hold',
    stop: { code: 'other-lines' },
  });
});

test.each([
  ['no object', '[]'],
  ['no id', '{"status":"Active","lineItems":[]}'],
  ['an id that is no key', '{"id":"a/b","status":"Active","lineItems":[]}'],
  ['another status', '{"id":"7d0f3a52-6a0c-4b1e-9d57-0c2f9be41a10","status":"Closed","lineItems":[]}'],
  ['lines that are no list', '{"id":"7d0f3a52-6a0c-4b1e-9d57-0c2f9be41a10","status":"Active","lineItems":3}'],
])('a hostile cart is not believed: %s', (_, body) => {
  expect(decodeMadeCart(body)).toMatchObject({ ok: false });
});
