/** Promise: a repeat that bought again raises an alarm, and nothing else does. */

import { expect, test } from 'vitest';
import { contentOf } from '../../src/domain/checkout/apply-result.ts';
import { madeByRepeat } from '../../src/domain/checkout/repeat-alarm.ts';
import { anOrder } from '../support/records.ts';

const sentAt = 1_000_000;
const content = contentOf(anOrder('any'));
const made = (id: string, at: number) => ({ ...anOrder(id), created: { earliest: at, latest: at } });
const ids = (
  orders: Parameters<typeof madeByRepeat>[0],
  skew?: { low: number; high: number },
  known: string[] = [],
  { groups = 1, recorded = [] as readonly { id: string; content: string }[] } = {},
) =>
  madeByRepeat(orders, {
    sentAt,
    known: new Set(known),
    skew,
    groups: Array.from({ length: groups }, (_, index) => ({ group: String(index), content })),
    recorded,
  }).map(({ id }) => id);

test('orders created after the repeat was sent, and nothing else, were made by it', () => {
  const orders = [made('old', sentAt - 300_000), made('new', sentAt + 500), anOrder('undated')];
  expect(ids(orders)).toEqual(['new']);
  expect(ids(orders, undefined, ['new'])).toEqual([]);
});

test('by the clock of Partner Center, as far as it was compared with ours', () => {
  const orders = [made('new', sentAt - 240_000 + 500)];
  expect(ids(orders, { low: -240_000, high: -239_000 })).toEqual(['new']);
  expect(ids(orders, { low: 0, high: 1_000 })).toEqual([]);
});

test('beside an older order, one for a group that was left without was wanted; a second one was not', () => {
  const older = made('older', sentAt - 300_000);
  const orders = [made('wanted', sentAt + 500), made('another', sentAt + 600)];
  expect(ids([older, ...orders], undefined, [], { groups: 2 })).toEqual(['another']);
  const recorded = [{ id: 'older', content }];
  expect(ids(orders, undefined, ['older'], { groups: 2, recorded })).toEqual(['another']);
  expect(ids([older, ...orders], undefined, ['older'], { groups: 2, recorded })).toEqual(['another']);
});

test('an ordered cart has an older order: where no answer names one, all that is new is bought again', () => {
  expect(ids([made('new', sentAt + 500)], undefined, [], { groups: 2 })).toEqual(['new']);
});
