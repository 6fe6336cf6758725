/** Promise: an answer of the API is read in each of its forms. */

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeCart } from '../../src/domain/answer/decode-cart.ts';
import { decodeError } from '../../src/domain/answer/decode-error.ts';
import { decodeCheckout, decodeOrder, decodeOrders } from '../../src/domain/answer/decode-order.ts';

const fixture = (name: string) => readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8');
// biome-ignore lint/suspicious/noExplicitAny: a fixture is edited into nonsense on purpose
type Editable = any;
const change = (name: string, edit: (value: Record<string, Editable>) => unknown) => {
  const value = JSON.parse(fixture(name));
  return JSON.stringify(edit(value) ?? value);
};

describe('the answer to a checkout', () => {
  test('three orders: one completed, two pending, four lines in those', () => {
    const body = decodeCheckout(fixture('checkout-201'));
    if (body.kind !== 'result') throw new Error(body.kind);
    expect(body.orders.map((order) => order.status)).toEqual(['completed', 'pending', 'pending']);
    expect(body.orders.flatMap((order) => (order.status === 'pending' ? order.lines : []))).toHaveLength(4);
    expect(body.orders[1]).toMatchObject({
      id: 'kQ2vWm7R-xT0aLd9_ZpUe4Hs8NcYb6J31',
      billingCycle: 'one_time',
    });
    expect(body.errors).toEqual([]);
  });
  test('orders and errors together', () => {
    expect(decodeCheckout(fixture('checkout-partial'))).toMatchObject({
      kind: 'result',
      errors: [{ group: '0', code: '800010' }],
    });
  });
  test('a BOM in front, keys in another case, null for absent', () => {
    const body = `\uFEFF${fixture('checkout-201')
      .replaceAll('"orders"', '"Orders"')
      .replace(/\}\s*$/, ',"orderErrors":null}')}`;
    expect(decodeCheckout(body)).toMatchObject({ kind: 'result', errors: [] });
  });
  test('a code without orders is an error, though the status is 200', () => {
    expect(decodeCheckout('{"code":400072,"description":"not available"}')).toEqual({
      kind: 'error',
      error: { code: '400072', description: 'not available' },
    });
  });
  for (const [name, body] of [
    ['HTML', '<html>hello</html>'],
    ['cut JSON', fixture('checkout-201').slice(0, 400)],
    ['nothing', ''],
    ['an empty object', '{}'],
    ['no order and no error', '{"orders":[],"orderErrors":[]}'],
    ['orders that are no list', '{"orders":{}}'],
    ['an error that says nothing', '{"orders":null,"orderErrors":[{}]}'],
    [
      'an order without id',
      change('checkout-201', (value: Record<string, Editable>) => {
        delete value['orders'][0].id;
      }),
    ],
    [
      'an id that no address could name',
      change('checkout-201', (value: Record<string, Editable>) => {
        value['orders'][0].id = 'a'.repeat(1_001);
      }),
    ],
  ] as const)
    test(`${name}: done, details unknown`, () => {
      expect(decodeCheckout(body).kind).toBe('unreadable');
    });
  test('ten thousand lines', () => {
    const body = change('checkout-201', (value: Record<string, Editable>) => {
      const order = value['orders'][1];
      order.lineItems = Array.from({ length: 10_000 }, () => order.lineItems[0]);
    });
    expect(decodeCheckout(body)).toMatchObject({ kind: 'result' });
  });
});

describe('orders', () => {
  test('the three forms of a date', () => {
    const at = (date: string) => {
      const order = decodeOrder(
        change('order-pending', (value: Record<string, Editable>) => {
          value['creationDate'] = date;
        }),
      );
      return order.ok ? order.value.createdAt : undefined;
    };
    expect(at('2026-11-03T09:14:29.3127705Z')).toBe(Date.UTC(2026, 10, 3, 9, 14, 29, 312));
    expect(at('2026-11-03T09:14:22.41+00:00')).toBe(Date.UTC(2026, 10, 3, 9, 14, 22, 410));
    expect(at('2026-10-06T17:37:05.253-07:00')).toBe(Date.UTC(2026, 9, 7, 0, 37, 5, 253));
    expect(at('soon')).toBeUndefined();
  });
  test('a status that nobody knows is kept, and is not terminal', () => {
    const body = change('order-pending', (value: Record<string, Editable>) => {
      value['status'] = 'inReview';
    });
    expect(decodeOrder(body)).toMatchObject({ value: { status: 'unknown', rawStatus: 'inReview' } });
  });
  test('the list from a time on; an order whose date cannot be read stays', () => {
    const ids = (body: string, since: string) => {
      const orders = decodeOrders(body, { since: Date.parse(since) });
      return orders.ok ? orders.value.length : orders.why;
    };
    expect(ids(fixture('orders-collection'), '2026-01-01')).toBe(4);
    expect(ids(fixture('orders-collection'), '2026-11-01')).toBe(3);
    const undated = change('orders-collection', (value: Record<string, Editable>) => {
      value['items'][3].creationDate = 'once';
    });
    expect(ids(undated, '2026-11-01')).toBe(4);
    expect(ids('{}', '2026-11-01')).toBe('the body has no items');
  });
});

describe('a cart', () => {
  test('its groups: what its orders will hold', () => {
    const cart = decodeCart(fixture('cart-active'));
    if (!cart.ok) throw new Error(cart.why);
    expect(cart.value.status).toBe('active');
    expect(cart.value.groups.map(({ group, lines }) => [group, lines.length])).toEqual([
      ['OMS-0', 1],
      ['0', 3],
      ['1', 1],
    ]);
  });
  test.each([undefined, null, []])(
    'without lines (%j) it is unreadable: nothing would be missing',
    (lines) => {
      const body = change('cart-ordered', (value: Record<string, Editable>) => {
        value['lineItems'] = lines;
      });
      expect(decodeCart(body)).toMatchObject({ ok: false, why: 'the cart has no lines' });
    },
  );
  test('a status that nobody knows makes it unreadable', () => {
    expect(
      decodeCart(
        change('cart-active', (value: Record<string, Editable>) => {
          value['status'] = 'Draft';
        }),
      ).ok,
    ).toBe(false);
  });
});

test('the published samples of a cart that is ordered, an order that is completed, a cart that was submitted earlier', () => {
  expect(decodeCart(fixture('cart-ordered'))).toMatchObject({ ok: true, value: { status: 'ordered' } });
  expect(decodeOrder(fixture('order-completed'))).toMatchObject({ ok: true, value: { status: 'completed' } });
  expect(decodeError(fixture('error-800065')).code).toBe('800065');
});

test('an error code as a number, as a string, or not at all', () => {
  expect(decodeError('{"code":800065,"description":"x"}')).toEqual({ code: '800065', description: 'x' });
  expect(decodeError('{"code":"800065","description":"x"}').code).toBe('800065');
  expect(decodeError(fixture('error-429'))).toEqual({
    code: undefined,
    description: 'Rate limit is exceeded. Try again in 57 seconds.',
  });
});

test.each([
  ['{"error":{"code":"800004","message":"Offer id is not valid"}}', '800004', 'Offer id is not valid'],
  ['{"errorCode":800004,"errorMessage":"Offer id is not valid"}', '800004', 'Offer id is not valid'],
  ['{"error":"invalid_request","error_description":"AADSTS90002: no"}', undefined, 'AADSTS90002: no'],
  ['{"error":"no such route"}', undefined, 'no such route'],
  [
    '{"type":"about:blank","title":"Bad Request","detail":"quantity","status":400}',
    undefined,
    'Bad Request: quantity',
  ],
  ['{"title":"One or more validation errors"}', undefined, 'One or more validation errors'],
  ['{"code":"1","error":{"message":"inner"}}', '1', 'inner'],
  ['{"something":"else"}', undefined, '{"something":"else"}'],
  ['["a","list"]', undefined, '["a","list"]'],
  [' <html>\r\n<b>403\u0000 Forbidden</b>', undefined, '<html> <b>403 Forbidden</b>'],
  [`${'a'.repeat(199)}\u{1f600}b`, undefined, 'a'.repeat(199)],
  ['', undefined, ''],
])('what an error says is kept, whatever its shape: %j', (body, code, description) => {
  expect(decodeError(body)).toEqual({ code, description });
});

test('a description is never cut within a character, and is well-formed though the answer was not', () => {
  const long = decodeError(JSON.stringify({ code: 1, description: `${'a'.repeat(1_023)}\u{1f600}` }));
  expect(long.description).toBe('a'.repeat(1_023));
  expect(decodeError('{"code":1,"description":"x \\ud83d"}').description).toBe('x \ufffd');
});

describe('the status of an order', () => {
  const statusOf = (word: unknown) => {
    const order = decodeOrder(JSON.stringify({ id: 'O1', status: word, lineItems: [] }));
    return order.ok ? [order.value.status, order.value.rawStatus] : order.why;
  };
  test.each(['completed', 'Completed', 'COMPLETED', ' completed '])('%j is completed', (word) => {
    expect(statusOf(word)).toEqual(['completed', undefined]);
  });
  test.each(['cancelled', 'Canceled', 'CANCELED', 'canceled'])('%j is cancelled', (word) => {
    expect(statusOf(word)).toEqual(['cancelled', undefined]);
  });
  test.each(['Failed', 'rejected', 'complete', 'unknown', 'constructor'])(
    '%j is followed on, with its word',
    (word) => {
      expect(statusOf(word)).toEqual(['unknown', word]);
    },
  );
  test('none at all', () => {
    expect(statusOf(null)).toEqual(['unknown', '(none)']);
  });
});

test.each(['2f%9a', 'a/b', '..', 'a,b', "it's", ' ', 'a\u0007b', 'x'.repeat(1_000)])(
  'an order that was bought is taken whatever its id is: %j',
  (id) => {
    const read = decodeCheckout(JSON.stringify({ orders: [{ id, status: 'pending', lineItems: [] }] }));
    expect(read).toMatchObject({ kind: 'result', orders: [{ id }] });
  },
);

test('an id that is a number, or ill-formed text, is an id', () => {
  const idOf = (id: string) => {
    const read = decodeOrder(`{"id":${id},"lineItems":[]}`);
    return read.ok ? read.value.id : read.why;
  };
  expect(idOf('12345')).toBe('12345');
  expect(idOf('"\\ud800-order"')).toBe('\ufffd-order');
});

describe('an answer that is made to hurt', () => {
  const deep = (open: string, close: string) => open.repeat(100_000) + close.repeat(100_000);
  test('errors within errors: the first of them are read', () => {
    const body = `{"code":1,"error":${deep('{"error":', '}').replace('}', '1}')}}`;
    expect(decodeError(body)).toMatchObject({ code: '1' });
  });
  test('add-ons within add-ons: no cart has so many levels', () => {
    const lines = `[${deep('{"addonItems":[', ']}')}]`;
    expect(decodeCart(`{"id":"c","status":"active","lineItems":${lines}}`)).toMatchObject({
      ok: false,
      why: expect.stringMatching(/^lineItems\[0\]\.addonItems\[0\].* is nested too deeply$/),
    });
  });
  test('a million entries that are no orders: the first one is told, with its place', () => {
    const read = decodeCheckout(`{"orders":[${'0,'.repeat(1_000_000)}0]}`);
    expect(read).toEqual({ kind: 'unreadable', why: 'orders[0] is not an object' });
  });
  test('more spellings of keys than there are: the one that is a field is found', () => {
    const keys = Array.from({ length: 5_000 }, (_, index) => `"key${index}":1`);
    for (const id of ['id', 'ID', 'iD'])
      expect(decodeOrder(`{${keys.join()},"${id}":"O-1","__proto__":{"status":"completed"}}`)).toMatchObject({
        ok: true,
        value: { id: 'O-1', status: 'unknown' },
      });
  });
});

test('whatever it is given, it answers', () => {
  const anything = fc.oneof(
    fc.string(),
    fc.json(),
    fc.object().map((value) => JSON.stringify(value)),
  );
  fc.assert(
    fc.property(anything, (body) => {
      for (const decode of [decodeCheckout, decodeCart, decodeOrder, decodeError])
        expect(decode(body)).toBeDefined();
      expect(decodeOrders(body, { since: 0 })).toBeDefined();
    }),
  );
});
