/** Promise: a cart that may have been bought is repeated only when the evidence allows it. */

import { describe, expect, test } from 'vitest';
import { contentOf, mergeMarks } from '../../src/domain/checkout/apply-result.ts';
import {
  decideReconciliation,
  type Evidence,
  equalCartsToRead,
  maxEqualCartReads,
  type OpenEqualCart,
  repeatDeadline,
} from '../../src/domain/checkout/reconcile-rules.ts';
import type { KnownGroup } from '../../src/domain/checkout/record.ts';
import { defaultTimes as times } from '../../src/domain/times.ts';
import { anOrder, aRecord, otherCartId } from '../support/records.ts';

const rules = { times, repeatOrderedCart: true, maxAttempts: 8 };
const groupA: KnownGroup = { group: '0', content: contentOf(anOrder('x', 'completed', 'offer-a')) };
const groupB: KnownGroup = { group: '1', content: contentOf(anOrder('x', 'completed', 'offer-b')) };
const reason = { code: '800065', description: 'submitted earlier', remedy: 'none', at: 0 };

/** The last send is at 0; until then its call may have waited for a permit. */
const leftBy = times.lease - times.callTimeout;
const afterInFlight = leftBy + times.inFlightWindow;
const beforeInFlight = afterInFlight - 1;
const afterListLag = leftBy + times.listLag;

const evidence = (change: Partial<Evidence> = {}): Evidence => ({
  now: afterInFlight,
  record: aRecord({ state: 'unresolved' }),
  cart: 'active',
  groups: [groupA],
  unowned: [],
  equalCarts: [],
  unreadable: [],
  stopped: false,
  ...change,
});

const equalCart = (
  change: Parameters<typeof aRecord>[0] = {},
  groups: OpenEqualCart['groups'] = [groupA],
): OpenEqualCart => ({
  record: aRecord({ cartId: otherCartId, state: 'unresolved', nextTry: afterInFlight, ...change }),
  groups,
  stopped: false,
});

const reconciled = (change: Partial<Evidence>, over: Partial<typeof rules> = {}) =>
  decideReconciliation(evidence(change), { ...rules, ...over });
const marks = (...orders: ReturnType<typeof anOrder>[]) =>
  mergeMarks({ orders: [] }, orders, { now: 0, revision: 1, firstPoll: 0 });

describe('the cart is active and nothing is found', () => {
  test('of a stopped batch it fails, after the list lag', () => {
    expect(reconciled({ stopped: true })).toMatchObject({ kind: 'reschedule', until: afterListLag });
    expect(reconciled({ stopped: true, now: afterListLag })).toEqual({ kind: 'nothing', why: 'too-late' });
  });
  test('of a stopped batch nothing is repeated: an ordered cart whose orders are hidden is asked about', () => {
    const ordered = { stopped: true, cart: 'ordered' } as const;
    expect(reconciled(ordered)).toMatchObject({ kind: 'reschedule', until: afterListLag });
    expect(reconciled({ ...ordered, now: afterListLag }).kind).toBe('ask');
    const waitsFor = { ...ordered, now: afterListLag, equalCarts: [{ ...equalCart(), stopped: true }] };
    expect(reconciled(waitsFor).kind).toBe('ask');
  });
  test('an earlier call may still run: not before the window', () => {
    expect(reconciled({ now: beforeInFlight })).toMatchObject({ kind: 'reschedule', until: afterInFlight });
    expect(reconciled({ now: afterInFlight })).toEqual({ kind: 'repeat' });
  });
  test('past notAfter it fails, after the list lag', () => {
    const record = aRecord({ state: 'unresolved' });
    const late = { ...record, job: { ...record.job, notAfter: 1 } };
    expect(reconciled({ record: late })).toMatchObject({ kind: 'reschedule', until: afterListLag });
    expect(reconciled({ record: late, now: afterListLag })).toEqual({ kind: 'nothing', why: 'too-late' });
  });
  test('after its last attempt a person is asked', () => {
    const record = aRecord({ state: 'unresolved', attempts: 8 });
    expect(reconciled({ record })).toMatchObject({ kind: 'reschedule', until: afterListLag });
    expect(reconciled({ record, now: afterListLag })).toMatchObject({ kind: 'ask' });
  });
});

/** No clock differs by more than five minutes: an order of this time is later than the first send. */
const madeAt = (order: ReturnType<typeof anOrder>, at: number) => ({
  ...order,
  createdAt: at,
  created: { earliest: at, latest: at },
});
const later = (id: string, offerId = 'offer-a') =>
  madeAt(anOrder(id, 'completed', offerId), times.searchOverlap);
/** Its repeat was answered with 800065, so the list has to tell. */
const submitted = aRecord({ state: 'unresolved', repeated: { as: 'already-done', reason } });

describe('orders are found', () => {
  test('a repeat comes first while it is allowed: its answer is conclusive, and a list is not', () => {
    const both = { cart: 'ordered' as const, unowned: [later('o1')] };
    expect(reconciled(both)).toEqual({ kind: 'repeat' });
    expect(reconciled(both, { repeatOrderedCart: false })).toMatchObject({ kind: 'found' });
    expect(reconciled({ ...both, now: times.repeatWithin + 1 })).toMatchObject({ kind: 'found' });
  });
  test('for every group: done, without waiting for the list lag', () => {
    const orders = [later('o1'), later('o2', 'offer-b')];
    const found = { record: submitted, groups: [groupA, groupB], unowned: orders };
    expect(reconciled(found)).toEqual({ kind: 'found', orders, missing: [] });
  });
  test('one that may be older than the first send proves nothing before the end of the list lag', () => {
    for (const order of [anOrder('o1'), madeAt(anOrder('o1'), times.searchOverlap - 1)]) {
      const found = { record: submitted, unowned: [order] };
      expect(reconciled(found)).toMatchObject({ kind: 'reschedule', until: afterListLag });
      expect(reconciled({ ...found, now: afterListLag })).toMatchObject({ kind: 'found', orders: [order] });
    }
  });
  test('the bounds that were measured for the first send decide, and those of a later first send in doubt', () => {
    const measured = { ...submitted, firstSendSkew: { low: 900, high: 1_000 } };
    const found = { record: measured, unowned: [madeAt(anOrder('o1'), 1_000)] };
    expect(reconciled(found)).toMatchObject({ kind: 'found' });
    expect(reconciled({ ...found, unowned: [madeAt(anOrder('o1'), 999)] })).toMatchObject({
      kind: 'reschedule',
    });
    const sentLater = { ...measured, firstInDoubt: { at: 5_000, skew: { low: 0, high: 10 } } };
    expect(reconciled({ ...found, record: sentLater })).toMatchObject({ kind: 'reschedule' });
  });
  test('while the cart is active they are contested: repeated in time, else asked about', () => {
    expect(reconciled({ unowned: [later('o1')] })).toEqual({ kind: 'repeat' });
    expect(reconciled({ unowned: [later('o1')], now: afterListLag })).toMatchObject({ kind: 'ask' });
    expect(
      reconciled({ unowned: [later('o1')], now: afterListLag }, { repeatOrderedCart: false }),
    ).toMatchObject({
      kind: 'ask',
    });
  });
  test('while the cart is active a refusal does not make them its own: somebody may have bought the same by hand', () => {
    for (const as of ['refused-once', 'refused'] as const) {
      const record = aRecord({ state: 'unresolved', repeated: { as, reason } });
      expect(reconciled({ record, unowned: [later('o1')], now: afterListLag })).toMatchObject({
        kind: 'ask',
      });
    }
    const once = aRecord({ state: 'unresolved', repeated: { as: 'refused-once', reason } });
    expect(reconciled({ record: once, unowned: [later('o1')] })).toEqual({ kind: 'repeat' });
  });
  test('of a cart that is gone only those count that nobody can have bought before our first send', () => {
    const gone = { cart: 'gone' as const, now: afterListLag };
    expect(reconciled({ ...gone, unowned: [anOrder('o1')] })).toMatchObject({ kind: 'ask' });
    expect(reconciled({ ...gone, unowned: [later('o1')] })).toMatchObject({ kind: 'found' });
  });
  test('an answer whose orders have other lines than the cart is contested, never failed', () => {
    const record = { ...submitted, orders: marks(anOrder('o1', 'completed', 'offer-c')) };
    expect(reconciled({ record, now: afterListLag })).toMatchObject({ kind: 'ask' });
  });
  test('who may still repeat does so before it waits for an equal cart, which may wait for it as well', () => {
    const orders = marks(anOrder('o1', 'completed', 'offer-a'));
    const half = { groups: [groupA, groupB], record: aRecord({ state: 'unresolved', orders }) };
    const equal = equalCart({ orders }, [groupA, groupB]);
    const unowned = [later('o2', 'offer-c')];
    const noLag = { times: { ...times, listLag: times.inFlightWindow } };
    expect(reconciled({ ...half, unowned, equalCarts: [equal] }, noLag)).toEqual({ kind: 'repeat' });
  });
  test('a listed order of other lines may be the missing one, unless it is the one that an equal cart lacks', () => {
    const two = { groups: [groupA, groupB], record: submitted, now: afterListLag };
    const unowned = [later('o1'), later('o2', 'offer-c')];
    expect(reconciled({ ...two, unowned })).toMatchObject({ kind: 'ask' });
    const groupC = { group: '0', content: contentOf(anOrder('x', 'completed', 'offer-c')) };
    expect(reconciled({ ...two, unowned, equalCarts: [equalCart({}, [groupC])] })).toMatchObject({
      kind: 'found',
      missing: [groupB],
    });
  });
  test('its own orders count as found', () => {
    const record = aRecord({ state: 'unresolved', orders: marks(anOrder('o1')) });
    expect(reconciled({ record })).toEqual({ kind: 'found', orders: [], missing: [] });
  });
  test('for some groups: only after the list lag are the rest failed', () => {
    const some = { record: submitted, groups: [groupA, groupB], unowned: [anOrder('o1')] };
    expect(reconciled(some)).toMatchObject({ kind: 'reschedule', until: afterListLag });
    expect(reconciled({ ...some, now: afterListLag })).toEqual({
      kind: 'found',
      orders: [anOrder('o1')],
      missing: [groupB],
    });
  });
  test('an order of other content is not ours', () => {
    expect(reconciled({ cart: 'ordered', unowned: [anOrder('o1', 'completed', 'offer-b')] })).toEqual({
      kind: 'repeat',
    });
  });
  test('two candidates for one group: nobody can tell which', () => {
    expect(reconciled({ cart: 'ordered', unowned: [anOrder('o1'), anOrder('o2')] })).toEqual({
      kind: 'repeat',
    });
  });
});

describe('an open equal cart may own what is found', () => {
  const contested = { cart: 'ordered' as const, unowned: [anOrder('o1')] };
  test('an equal cart that lacks an order: repeat, without the list lag', () => {
    expect(reconciled({ ...contested, equalCarts: [equalCart()], now: beforeInFlight })).toMatchObject({
      until: afterInFlight,
    });
    expect(reconciled({ ...contested, equalCarts: [equalCart()] })).toEqual({ kind: 'repeat' });
  });
  test('an equal cart that has its order does not want ours', () => {
    const settled = equalCart({ orders: marks(anOrder('o9')) });
    const found = { record: submitted, unowned: [later('o1')] };
    expect(reconciled({ ...found, equalCarts: [settled] })).toMatchObject({ kind: 'found' });
    expect(reconciled({ ...found, equalCarts: [equalCart()] })).toMatchObject({ kind: 'reschedule' });
  });
  test('an equal cart of other content does not either; an unreadable one might', () => {
    const found = { record: submitted, unowned: [later('o1')] };
    expect(reconciled({ ...found, equalCarts: [equalCart({}, [groupB])] })).toMatchObject({ kind: 'found' });
    expect(reconciled({ ...found, equalCarts: [{ ...equalCart(), groups: undefined }] })).toMatchObject({
      kind: 'reschedule',
    });
  });
  test('a record that cannot be read may hold anything: the question names it', () => {
    const found = { record: submitted, unowned: [later('o1')], unreadable: ['cart-x'] };
    expect(reconciled(found)).toMatchObject({ kind: 'reschedule' });
    const asked = reconciled({ ...found, now: afterListLag });
    expect(asked).toMatchObject({ kind: 'ask' });
    expect(asked).toHaveProperty('why', expect.stringContaining('cart-x'));
  });
  test('while carts are still to be read nobody is asked', () => {
    const unread = { ...equalCart({ lastSend: -times.listLag }), groups: undefined, unread: true };
    const found = { record: submitted, unowned: [later('o1')], now: afterListLag };
    expect(reconciled({ ...found, equalCarts: [unread] })).toMatchObject({
      kind: 'reschedule',
      until: afterListLag + times.inProgressLater,
    });
    expect(reconciled({ ...found, equalCarts: [{ ...unread, unread: false }] })).toMatchObject({
      kind: 'ask',
    });
  });
  const repeated = aRecord({ state: 'unresolved', repeated: { as: 'already-done', reason } });
  test('after its own repeat it waits for an equal cart that can still repeat', () => {
    const wait = { kind: 'reschedule', why: 'an equal cart is being found out' };
    expect(reconciled({ ...contested, record: repeated, equalCarts: [equalCart()] })).toMatchObject(wait);
    const unequal = equalCart({}, [groupB]);
    expect(reconciled({ ...contested, record: repeated, equalCarts: [unequal] })).not.toMatchObject(wait);
  });
  test('not past the time in which the equal cart may repeat', () => {
    const late = { ...contested, record: repeated, equalCarts: [equalCart()], now: times.repeatWithin + 1 };
    expect(reconciled(late)).toMatchObject({ kind: 'reschedule', until: afterListLag });
  });
  test('not past its list lag for an equal cart that is gone or was refused: it would wait for us as well', () => {
    const remembered = { times: { ...times, repeatWithin: 30 * 24 * 3_600_000 } };
    const look = (change: Parameters<typeof aRecord>[0], now: number) =>
      reconciled({ ...contested, record: repeated, equalCarts: [equalCart(change)], now }, remembered);
    for (const change of [{ goneSince: 1 }, { repeated: { as: 'refused-once' as const, reason } }]) {
      expect(look(change, afterInFlight)).toMatchObject({ why: 'an equal cart is being found out' });
      expect(look(change, afterListLag)).toMatchObject({ kind: 'ask' });
    }
    expect(look({}, afterListLag)).toMatchObject({ why: 'an equal cart is being found out' });
  });
  test('not for an equal cart that a person gave up on: nothing sends it again', () => {
    const look = (change: Parameters<typeof aRecord>[0]) =>
      reconciled({ ...contested, record: repeated, equalCarts: [equalCart(change)] });
    expect(look({ state: 'failed' })).toMatchObject({ why: 'an equal cart is being found out' });
    expect(look({ state: 'failed', gaveUp: true })).toMatchObject({
      kind: 'reschedule',
      until: afterListLag,
    });
  });
  test('until that equal cart tries again, but for an hour at most: a person may decide on it sooner', () => {
    const until = (nextTry: number) =>
      reconciled({ ...contested, record: repeated, equalCarts: [equalCart({ nextTry })] });
    const inTenMinutes = afterInFlight + 10 * 60_000;
    expect(until(inTenMinutes)).toMatchObject({ until: inTenMinutes + times.inProgressLater });
    expect(until(afterInFlight + times.slowRetry)).toMatchObject({ until: afterInFlight + times.askedRetry });
  });
  test('then for the list lag of them all, then a person is asked', () => {
    const asked = equalCart({ repeated: { as: 'already-done', reason }, lastSend: 5_000 });
    const both = { ...contested, record: repeated, equalCarts: [asked] };
    expect(reconciled({ ...both, now: afterListLag })).toMatchObject({
      kind: 'reschedule',
      until: afterListLag + 5_000,
    });
    expect(reconciled({ ...both, now: afterListLag + 5_000 })).toMatchObject({ kind: 'ask' });
  });
  test('a person who says "not bought" replaces the question by one repeat', () => {
    const allowed = { ...repeated, repeatAllowed: true };
    expect(
      reconciled({ ...contested, record: allowed, equalCarts: [], unowned: [], now: afterListLag }),
    ).toEqual({
      kind: 'repeat',
    });
  });
  test('a person who says "not bought" ends a job that is not sent again: it is not asked about for ever', () => {
    const late = { ...repeated, job: { ...repeated.job, notAfter: 1 }, repeatAllowed: true };
    const listLag = { ...contested, equalCarts: [], now: afterListLag };
    const tooLate = { kind: 'denied', why: 'too-late', missing: [groupA] };
    expect(reconciled({ ...listLag, unowned: [], record: late })).toEqual(tooLate);
    const stopped = { ...repeated, repeatAllowed: true };
    expect(reconciled({ ...listLag, unowned: [], record: stopped, stopped: true })).toEqual(tooLate);
    const refused = aRecord({
      state: 'unresolved',
      repeated: { as: 'refused', reason },
      repeatAllowed: true,
    });
    expect(reconciled({ ...listLag, record: refused })).toEqual({ ...tooLate, why: 'refused' });
  });
});

describe('ordered, and nothing found', () => {
  test('a repeat is answered without buying', () => {
    expect(reconciled({ cart: 'ordered' })).toEqual({ kind: 'repeat' });
  });
  test('unless it is switched off: then a person is asked, after the list lag', () => {
    expect(reconciled({ cart: 'ordered', now: afterListLag }, { repeatOrderedCart: false })).toMatchObject({
      kind: 'ask',
    });
  });
  test('800065 stands in place of the cart that still says active', () => {
    const record = aRecord({ state: 'unresolved', repeated: { as: 'already-done', reason } });
    expect(reconciled({ record })).toMatchObject({ kind: 'reschedule', until: afterListLag });
    expect(reconciled({ record, now: afterListLag })).toMatchObject({ kind: 'ask' });
  });
});

describe('gone', () => {
  /** Not found before, and now again. */
  const missed = (since: number) => aRecord({ state: 'unresolved', goneSince: since });
  test('nothing found: failed, but only when it was not found twice, 20 minutes apart, and after the list lag', () => {
    const atFirst = { cart: 'gone' as const, now: afterListLag };
    expect(reconciled(atFirst)).toMatchObject({
      kind: 'reschedule',
      until: afterListLag + times.goneConfirm,
    });
    const again = { cart: 'gone' as const, record: missed(afterInFlight) };
    const until = afterInFlight + times.goneConfirm;
    expect(reconciled({ ...again, now: until - 1 })).toMatchObject({ kind: 'reschedule', until });
    expect(reconciled({ ...again, now: until })).toEqual({ kind: 'nothing', why: 'gone' });
    const early = { cart: 'gone' as const, record: missed(-times.goneConfirm) };
    expect(reconciled(early)).toMatchObject({ kind: 'reschedule', until: afterListLag });
    expect(reconciled({ ...early, now: afterListLag })).toEqual({ kind: 'nothing', why: 'gone' });
  });
  test('read again it is not gone', () => {
    expect(reconciled({ cart: 'active', record: missed(-times.goneConfirm), now: afterListLag })).toEqual({
      kind: 'repeat',
    });
  });
  test('never read before: any order could be its own', () => {
    const unread = { cart: 'gone' as const, groups: undefined, unowned: [anOrder('o1')], now: afterListLag };
    expect(reconciled(unread)).toMatchObject({ kind: 'ask' });
    const record = missed(afterListLag - times.goneConfirm);
    expect(reconciled({ ...unread, unowned: [] })).toMatchObject({ kind: 'reschedule' });
    expect(reconciled({ ...unread, record, unowned: [] })).toEqual({ kind: 'nothing', why: 'gone' });
  });
  test('a refusal for good counts as gone', () => {
    const record = aRecord({ state: 'unresolved', repeated: { as: 'refused', reason } });
    expect(reconciled({ record })).toMatchObject({ kind: 'reschedule', until: afterListLag });
    expect(reconciled({ record, now: afterListLag })).toEqual({ kind: 'nothing', why: 'gone' });
  });
  test('a first call that was refused with a code that tells nothing: the cart is believed, a repeat tells', () => {
    const record = aRecord({ state: 'unresolved', repeated: { as: 'refused-once', reason } });
    expect(reconciled({ record, cart: 'ordered' })).toEqual({ kind: 'repeat' });
    expect(reconciled({ record })).toMatchObject({ kind: 'reschedule', until: afterListLag });
    expect(reconciled({ record, now: afterListLag })).toEqual({ kind: 'nothing', why: 'gone' });
    const contested = { record, unowned: [anOrder('o1')], equalCarts: [equalCart()] };
    expect(reconciled(contested)).toEqual({ kind: 'repeat' });
    expect(reconciled({ ...contested, cart: 'gone' })).toMatchObject({ kind: 'reschedule' });
  });
});

describe('the time of a repeat', () => {
  test('an active cart without an order is not repeated between its end and the end of the list lag; then it is a new call', () => {
    expect(reconciled({ now: times.repeatWithin })).toEqual({ kind: 'repeat' });
    expect(reconciled({ now: times.repeatWithin + 1 })).toMatchObject({
      kind: 'reschedule',
      until: afterListLag,
    });
    expect(reconciled({ now: afterListLag })).toEqual({ kind: 'repeat' });
  });
  test('an ordered cart is not repeated any more, unless the setting says that the API remembers longer', () => {
    const late = { cart: 'ordered' as const, now: times.repeatWithin + 1 };
    expect(reconciled(late)).toMatchObject({ kind: 'reschedule', until: afterListLag });
    expect(reconciled({ ...late, now: afterListLag })).toMatchObject({ kind: 'ask' });
    expect(reconciled(late, { times: { ...times, repeatWithin: 3_600_000 } })).toEqual({ kind: 'repeat' });
  });
  test('it ends so long after the last send; a call of which nothing was executed has no such end', () => {
    const record = aRecord({ lastSend: 7 });
    expect(repeatDeadline({ record, now: afterInFlight }, rules)).toBe(7 + times.repeatWithin);
    expect(repeatDeadline({ record, now: afterListLag + 7 }, rules)).toBeUndefined();
  });
});

test('a look reads 20 other carts at most: those after its own, none that is known or was not found', () => {
  const carts = Array.from({ length: 50 }, (_, n) => aRecord({ cartId: String(n).padStart(2, '0') }));
  const known = [aRecord({ cartId: '41', groups: [] }), aRecord({ cartId: '42', goneSince: 1 })];
  const equalCarts = [...known, ...carts.filter(({ cartId: id }) => !['40', '41', '42'].includes(id ?? ''))];
  const ids = equalCartsToRead('40', equalCarts).map(({ cartId: id }) => id);
  expect(ids).toHaveLength(maxEqualCartReads);
  expect(ids.slice(0, 9)).toEqual(['43', '44', '45', '46', '47', '48', '49', '00', '01']);
});
