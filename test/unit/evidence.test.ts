import { describe, expect, test } from 'vitest';
import {
  type Findings,
  maxTwinReads,
  type OpenTwin,
  repeatDeadline,
  twinsToRead,
  weigh,
} from '../../src/checkout/evidence.ts';
import type { KnownGroup } from '../../src/checkout/record.ts';
import { contentOf, mergeMarks } from '../../src/checkout/settle.ts';
import { defaultTimes as times } from '../../src/times.ts';
import { anOrder, aRecord, otherCartId } from '../support/records.ts';

const rules = { times, repeatOrderedCart: true, maxAttempts: 8 };
const groupA: KnownGroup = { group: '0', content: contentOf(anOrder('x', 'completed', 'offer-a')) };
const groupB: KnownGroup = { group: '1', content: contentOf(anOrder('x', 'completed', 'offer-b')) };
const reason = { code: '800065', description: 'submitted earlier', cure: 'none', at: 0 };

/** The last send is at 0; until then its call may have waited for a slot. */
const leftBy = times.lease - times.callTimeout;
const afterWindow = leftBy + times.window;
const beforeWindow = afterWindow - 1;
const afterQuiet = leftBy + times.quiet;

const findings = (change: Partial<Findings> = {}): Findings => ({
  now: afterWindow,
  record: aRecord({ state: 'unresolved' }),
  cart: 'active',
  groups: [groupA],
  unowned: [],
  twins: [],
  unreadable: [],
  stopped: false,
  ...change,
});

const twin = (
  change: Parameters<typeof aRecord>[0] = {},
  groups: OpenTwin['groups'] = [groupA],
): OpenTwin => ({
  record: aRecord({ cartId: otherCartId, state: 'unresolved', nextTry: afterWindow, ...change }),
  groups,
  stopped: false,
});

const weighed = (change: Partial<Findings>, over: Partial<typeof rules> = {}) =>
  weigh(findings(change), { ...rules, ...over });
const marks = (...orders: ReturnType<typeof anOrder>[]) =>
  mergeMarks([], orders, { now: 0, revision: 1, firstPoll: 0 });

describe('the cart is active and nothing is found', () => {
  test('of a stopped batch it fails, once the list is quiet', () => {
    expect(weighed({ stopped: true })).toMatchObject({ kind: 'park', until: afterQuiet });
    expect(weighed({ stopped: true, now: afterQuiet })).toEqual({ kind: 'nothing', why: 'too-late' });
  });
  test('of a stopped batch nothing is repeated: an ordered cart whose orders are hidden is asked about', () => {
    const ordered = { stopped: true, cart: 'ordered' } as const;
    expect(weighed(ordered)).toMatchObject({ kind: 'park', until: afterQuiet });
    expect(weighed({ ...ordered, now: afterQuiet }).kind).toBe('ask');
    const waitsFor = { ...ordered, now: afterQuiet, twins: [{ ...twin(), stopped: true }] };
    expect(weighed(waitsFor).kind).toBe('ask');
  });
  test('an earlier call may still run: not before the window', () => {
    expect(weighed({ now: beforeWindow })).toMatchObject({ kind: 'park', until: afterWindow });
    expect(weighed({ now: afterWindow })).toEqual({ kind: 'repeat' });
  });
  test('past notAfter it fails, once the list is quiet', () => {
    const record = aRecord({ state: 'unresolved' });
    const late = { ...record, job: { ...record.job, notAfter: 1 } };
    expect(weighed({ record: late })).toMatchObject({ kind: 'park', until: afterQuiet });
    expect(weighed({ record: late, now: afterQuiet })).toEqual({ kind: 'nothing', why: 'too-late' });
  });
  test('after its last attempt a person is asked', () => {
    const record = aRecord({ state: 'unresolved', attempts: 8 });
    expect(weighed({ record })).toMatchObject({ kind: 'park', until: afterQuiet });
    expect(weighed({ record, now: afterQuiet })).toMatchObject({ kind: 'ask' });
  });
});

/** No clock differs by more than five minutes: an order of this time is later than the first send. */
const madeAt = (order: ReturnType<typeof anOrder>, at: number) => ({
  ...order,
  createdAt: at,
  created: { earliest: at, latest: at },
});
const later = (id: string, offerId = 'offer-a') => madeAt(anOrder(id, 'completed', offerId), times.lookBack);
/** Its repeat was answered with 800065, so the list has to tell. */
const submitted = aRecord({ state: 'unresolved', repeated: { as: 'already-done', reason } });

describe('orders are found', () => {
  test('a repeat comes first while it is allowed: its answer is conclusive, and a list is not', () => {
    const both = { cart: 'ordered' as const, unowned: [later('o1')] };
    expect(weighed(both)).toEqual({ kind: 'repeat' });
    expect(weighed(both, { repeatOrderedCart: false })).toMatchObject({ kind: 'found' });
    expect(weighed({ ...both, now: times.repeatWithin + 1 })).toMatchObject({ kind: 'found' });
  });
  test('for every group: done, without waiting for quiet', () => {
    const orders = [later('o1'), later('o2', 'offer-b')];
    const found = { record: submitted, groups: [groupA, groupB], unowned: orders };
    expect(weighed(found)).toEqual({ kind: 'found', orders, missing: [] });
  });
  test('one that may be older than the first send proves nothing before the list is quiet', () => {
    for (const order of [anOrder('o1'), madeAt(anOrder('o1'), times.lookBack - 1)]) {
      const found = { record: submitted, unowned: [order] };
      expect(weighed(found)).toMatchObject({ kind: 'park', until: afterQuiet });
      expect(weighed({ ...found, now: afterQuiet })).toMatchObject({ kind: 'found', orders: [order] });
    }
  });
  test('the bounds that were measured for the first send decide, and those of a later first send in doubt', () => {
    const measured = { ...submitted, firstSendSkew: { low: 900, high: 1_000 } };
    const found = { record: measured, unowned: [madeAt(anOrder('o1'), 1_000)] };
    expect(weighed(found)).toMatchObject({ kind: 'found' });
    expect(weighed({ ...found, unowned: [madeAt(anOrder('o1'), 999)] })).toMatchObject({ kind: 'park' });
    const sentLater = { ...measured, firstInDoubt: { at: 5_000, skew: { low: 0, high: 10 } } };
    expect(weighed({ ...found, record: sentLater })).toMatchObject({ kind: 'park' });
  });
  test('while the cart is active they are contested: repeated in time, else asked about', () => {
    expect(weighed({ unowned: [later('o1')] })).toEqual({ kind: 'repeat' });
    expect(weighed({ unowned: [later('o1')], now: afterQuiet })).toMatchObject({ kind: 'ask' });
    expect(weighed({ unowned: [later('o1')], now: afterQuiet }, { repeatOrderedCart: false })).toMatchObject({
      kind: 'ask',
    });
  });
  test('of a cart that is gone only those count that nobody can have bought before our first send', () => {
    const gone = { cart: 'gone' as const, now: afterQuiet };
    expect(weighed({ ...gone, unowned: [anOrder('o1')] })).toMatchObject({ kind: 'ask' });
    expect(weighed({ ...gone, unowned: [later('o1')] })).toMatchObject({ kind: 'found' });
  });
  test('an answer whose orders have other lines than the cart is contested, never failed', () => {
    const record = { ...submitted, orders: marks(anOrder('o1', 'completed', 'offer-c')) };
    expect(weighed({ record, now: afterQuiet })).toMatchObject({ kind: 'ask' });
  });
  test('a listed order of other lines may be the missing one, unless it is the one that a twin lacks', () => {
    const two = { groups: [groupA, groupB], record: submitted, now: afterQuiet };
    const unowned = [later('o1'), later('o2', 'offer-c')];
    expect(weighed({ ...two, unowned })).toMatchObject({ kind: 'ask' });
    const groupC = { group: '0', content: contentOf(anOrder('x', 'completed', 'offer-c')) };
    expect(weighed({ ...two, unowned, twins: [twin({}, [groupC])] })).toMatchObject({
      kind: 'found',
      missing: [groupB],
    });
  });
  test('its own orders count as found', () => {
    const record = aRecord({ state: 'unresolved', orders: marks(anOrder('o1')) });
    expect(weighed({ record })).toEqual({ kind: 'found', orders: [], missing: [] });
  });
  test('for some groups: only after quiet are the rest failed', () => {
    const some = { record: submitted, groups: [groupA, groupB], unowned: [anOrder('o1')] };
    expect(weighed(some)).toMatchObject({ kind: 'park', until: afterQuiet });
    expect(weighed({ ...some, now: afterQuiet })).toEqual({
      kind: 'found',
      orders: [anOrder('o1')],
      missing: [groupB],
    });
  });
  test('an order of other content is not ours', () => {
    expect(weighed({ cart: 'ordered', unowned: [anOrder('o1', 'completed', 'offer-b')] })).toEqual({
      kind: 'repeat',
    });
  });
  test('two candidates for one group: nobody can tell which', () => {
    expect(weighed({ cart: 'ordered', unowned: [anOrder('o1'), anOrder('o2')] })).toEqual({ kind: 'repeat' });
  });
});

describe('an open twin may own what is found', () => {
  const contested = { cart: 'ordered' as const, unowned: [anOrder('o1')] };
  test('an equal cart that lacks an order: repeat, no quiet', () => {
    expect(weighed({ ...contested, twins: [twin()], now: beforeWindow })).toMatchObject({
      until: afterWindow,
    });
    expect(weighed({ ...contested, twins: [twin()] })).toEqual({ kind: 'repeat' });
  });
  test('a twin that has its order does not want ours', () => {
    const settled = twin({ orders: marks(anOrder('o9')) });
    const found = { record: submitted, unowned: [later('o1')] };
    expect(weighed({ ...found, twins: [settled] })).toMatchObject({ kind: 'found' });
    expect(weighed({ ...found, twins: [twin()] })).toMatchObject({ kind: 'park' });
  });
  test('a twin of other content does not either; an unreadable one might', () => {
    const found = { record: submitted, unowned: [later('o1')] };
    expect(weighed({ ...found, twins: [twin({}, [groupB])] })).toMatchObject({ kind: 'found' });
    expect(weighed({ ...found, twins: [{ ...twin(), groups: undefined }] })).toMatchObject({ kind: 'park' });
  });
  test('a record that cannot be read may hold anything: the question names it', () => {
    const found = { record: submitted, unowned: [later('o1')], unreadable: ['cart-x'] };
    expect(weighed(found)).toMatchObject({ kind: 'park' });
    const asked = weighed({ ...found, now: afterQuiet });
    expect(asked).toMatchObject({ kind: 'ask' });
    expect(asked).toHaveProperty('why', expect.stringContaining('cart-x'));
  });
  test('while carts are still to be read nobody is asked', () => {
    const unread = { ...twin({ lastSend: -times.quiet }), groups: undefined, unread: true };
    const found = { record: submitted, unowned: [later('o1')], now: afterQuiet };
    expect(weighed({ ...found, twins: [unread] })).toMatchObject({
      kind: 'park',
      until: afterQuiet + times.inProgressLater,
    });
    expect(weighed({ ...found, twins: [{ ...unread, unread: false }] })).toMatchObject({ kind: 'ask' });
  });
  const repeated = aRecord({ state: 'unresolved', repeated: { as: 'already-done', reason } });
  test('after its own repeat it waits for a twin that can still repeat', () => {
    const wait = { kind: 'park', why: 'an equal cart is being found out' };
    expect(weighed({ ...contested, record: repeated, twins: [twin()] })).toMatchObject(wait);
    const unequal = twin({}, [groupB]);
    expect(weighed({ ...contested, record: repeated, twins: [unequal] })).not.toMatchObject(wait);
  });
  test('not past the time in which the twin may repeat', () => {
    const late = { ...contested, record: repeated, twins: [twin()], now: times.repeatWithin + 1 };
    expect(weighed(late)).toMatchObject({ kind: 'park', until: afterQuiet });
  });
  test('until that twin tries again, but for an hour at most: a person may decide on it sooner', () => {
    const until = (nextTry: number) =>
      weighed({ ...contested, record: repeated, twins: [twin({ nextTry })] });
    const inTenMinutes = afterWindow + 10 * 60_000;
    expect(until(inTenMinutes)).toMatchObject({ until: inTenMinutes + times.inProgressLater });
    expect(until(afterWindow + times.slowRetry)).toMatchObject({ until: afterWindow + times.askedRetry });
  });
  test('then for quiet of them all, then a person is asked', () => {
    const asked = twin({ repeated: { as: 'already-done', reason }, lastSend: 5_000 });
    const both = { ...contested, record: repeated, twins: [asked] };
    expect(weighed({ ...both, now: afterQuiet })).toMatchObject({ kind: 'park', until: afterQuiet + 5_000 });
    expect(weighed({ ...both, now: afterQuiet + 5_000 })).toMatchObject({ kind: 'ask' });
  });
  test('a person who says "not bought" replaces the question by one repeat', () => {
    const allowed = { ...repeated, repeatAllowed: true };
    expect(weighed({ ...contested, record: allowed, twins: [], unowned: [], now: afterQuiet })).toEqual({
      kind: 'repeat',
    });
  });
  test('a person who says "not bought" ends a job that is not sent again: it is not asked about for ever', () => {
    const late = { ...repeated, job: { ...repeated.job, notAfter: 1 }, repeatAllowed: true };
    const quiet = { ...contested, twins: [], now: afterQuiet };
    const tooLate = { kind: 'denied', why: 'too-late', missing: [groupA] };
    expect(weighed({ ...quiet, unowned: [], record: late })).toEqual(tooLate);
    const stopped = { ...repeated, repeatAllowed: true };
    expect(weighed({ ...quiet, unowned: [], record: stopped, stopped: true })).toEqual(tooLate);
    const refused = aRecord({
      state: 'unresolved',
      repeated: { as: 'refused', reason },
      repeatAllowed: true,
    });
    expect(weighed({ ...quiet, record: refused })).toEqual({ ...tooLate, why: 'refused' });
  });
});

describe('ordered, and nothing found', () => {
  test('a repeat is answered without buying', () => {
    expect(weighed({ cart: 'ordered' })).toEqual({ kind: 'repeat' });
  });
  test('unless it is switched off: then a person is asked, after quiet', () => {
    expect(weighed({ cart: 'ordered', now: afterQuiet }, { repeatOrderedCart: false })).toMatchObject({
      kind: 'ask',
    });
  });
  test('800065 stands in place of the cart that still says active', () => {
    const record = aRecord({ state: 'unresolved', repeated: { as: 'already-done', reason } });
    expect(weighed({ record })).toMatchObject({ kind: 'park', until: afterQuiet });
    expect(weighed({ record, now: afterQuiet })).toMatchObject({ kind: 'ask' });
  });
});

describe('gone', () => {
  /** Not found before, and now again. */
  const missed = (since: number) => aRecord({ state: 'unresolved', goneSince: since });
  test('nothing found: failed, but only when it was not found twice, 20 minutes apart, and after quiet', () => {
    const atFirst = { cart: 'gone' as const, now: afterQuiet };
    expect(weighed(atFirst)).toMatchObject({ kind: 'park', until: afterQuiet + times.goneConfirm });
    const again = { cart: 'gone' as const, record: missed(afterWindow) };
    const until = afterWindow + times.goneConfirm;
    expect(weighed({ ...again, now: until - 1 })).toMatchObject({ kind: 'park', until });
    expect(weighed({ ...again, now: until })).toEqual({ kind: 'nothing', why: 'gone' });
    const early = { cart: 'gone' as const, record: missed(-times.goneConfirm) };
    expect(weighed(early)).toMatchObject({ kind: 'park', until: afterQuiet });
    expect(weighed({ ...early, now: afterQuiet })).toEqual({ kind: 'nothing', why: 'gone' });
  });
  test('read again it is not gone', () => {
    expect(weighed({ cart: 'active', record: missed(-times.goneConfirm), now: afterQuiet })).toEqual({
      kind: 'repeat',
    });
  });
  test('never read before: any order could be its own', () => {
    const unread = { cart: 'gone' as const, groups: undefined, unowned: [anOrder('o1')], now: afterQuiet };
    expect(weighed(unread)).toMatchObject({ kind: 'ask' });
    const record = missed(afterQuiet - times.goneConfirm);
    expect(weighed({ ...unread, unowned: [] })).toMatchObject({ kind: 'park' });
    expect(weighed({ ...unread, record, unowned: [] })).toEqual({ kind: 'nothing', why: 'gone' });
  });
  test('a refusal for good counts as gone', () => {
    const record = aRecord({ state: 'unresolved', repeated: { as: 'refused', reason } });
    expect(weighed({ record })).toMatchObject({ kind: 'park', until: afterQuiet });
    expect(weighed({ record, now: afterQuiet })).toEqual({ kind: 'nothing', why: 'gone' });
  });
  test('a first call that was refused with a code that tells nothing: the cart is believed, a repeat tells', () => {
    const record = aRecord({ state: 'unresolved', repeated: { as: 'refused-once', reason } });
    expect(weighed({ record, cart: 'ordered' })).toEqual({ kind: 'repeat' });
    expect(weighed({ record })).toMatchObject({ kind: 'park', until: afterQuiet });
    expect(weighed({ record, now: afterQuiet })).toEqual({ kind: 'nothing', why: 'gone' });
    const contested = { record, unowned: [anOrder('o1')], twins: [twin()] };
    expect(weighed(contested)).toEqual({ kind: 'repeat' });
    expect(weighed({ ...contested, cart: 'gone' })).toMatchObject({ kind: 'park' });
  });
});

describe('the time of a repeat', () => {
  test('an active cart without an order is not repeated between its end and quiet; then it is a new call', () => {
    expect(weighed({ now: times.repeatWithin })).toEqual({ kind: 'repeat' });
    expect(weighed({ now: times.repeatWithin + 1 })).toMatchObject({ kind: 'park', until: afterQuiet });
    expect(weighed({ now: afterQuiet })).toEqual({ kind: 'repeat' });
  });
  test('an ordered cart is not repeated any more, unless the setting says that the API remembers longer', () => {
    const late = { cart: 'ordered' as const, now: times.repeatWithin + 1 };
    expect(weighed(late)).toMatchObject({ kind: 'park', until: afterQuiet });
    expect(weighed({ ...late, now: afterQuiet })).toMatchObject({ kind: 'ask' });
    expect(weighed(late, { times: { ...times, repeatWithin: 3_600_000 } })).toEqual({ kind: 'repeat' });
  });
  test('it ends so long after the last send; a call of which nothing was executed has no such end', () => {
    const record = aRecord({ lastSend: 7 });
    expect(repeatDeadline({ record, now: afterWindow }, rules)).toBe(7 + times.repeatWithin);
    expect(repeatDeadline({ record, now: afterQuiet + 7 }, rules)).toBeUndefined();
  });
});

test('a look reads 20 other carts at most: those after its own, none that is known or was not found', () => {
  const carts = Array.from({ length: 50 }, (_, n) => aRecord({ cartId: String(n).padStart(2, '0') }));
  const known = [aRecord({ cartId: '41', groups: [] }), aRecord({ cartId: '42', goneSince: 1 })];
  const twins = [...known, ...carts.filter(({ cartId: id }) => !['40', '41', '42'].includes(id))];
  const ids = twinsToRead('40', twins).map(({ cartId: id }) => id);
  expect(ids).toHaveLength(maxTwinReads);
  expect(ids.slice(0, 9)).toEqual(['43', '44', '45', '46', '47', '48', '49', '00', '01']);
});
