import { describe, expect, test } from 'vitest';
import { type Findings, type OpenTwin, weigh } from '../../src/checkout/evidence.ts';
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

describe('orders are found', () => {
  test('for every group: done, without waiting for quiet', () => {
    const orders = [anOrder('o1'), anOrder('o2', 'pending', 'offer-b')];
    expect(weighed({ cart: 'ordered', groups: [groupA, groupB], unowned: orders })).toEqual({
      kind: 'found',
      orders,
      missing: [],
    });
  });
  test('its own orders count as found', () => {
    const record = aRecord({ state: 'unresolved', orders: marks(anOrder('o1')) });
    expect(weighed({ record })).toEqual({ kind: 'found', orders: [], missing: [] });
  });
  test('for some groups: only after quiet are the rest failed', () => {
    const some = { cart: 'ordered' as const, groups: [groupA, groupB], unowned: [anOrder('o1')] };
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
    expect(weighed({ ...contested, twins: [settled] })).toMatchObject({ kind: 'found' });
  });
  test('a twin of other content does not either; an unreadable one might', () => {
    expect(weighed({ ...contested, twins: [twin({}, [groupB])] })).toMatchObject({ kind: 'found' });
    expect(weighed({ ...contested, twins: [{ ...twin(), groups: undefined }] })).toEqual({ kind: 'repeat' });
  });
  const repeated = aRecord({ state: 'unresolved', repeated: { as: 'already-done', reason } });
  test('after its own repeat it waits for a twin that can still repeat', () => {
    expect(weighed({ ...contested, record: repeated, twins: [twin()], now: afterQuiet })).toMatchObject({
      kind: 'park',
    });
  });
  test('until that twin tries again, but for an hour at most: a person may decide on it sooner', () => {
    const until = (nextTry: number) =>
      weighed({ ...contested, record: repeated, twins: [twin({ nextTry })], now: afterQuiet });
    const inTenMinutes = afterQuiet + 10 * 60_000;
    expect(until(inTenMinutes)).toMatchObject({ until: inTenMinutes + times.inProgressLater });
    expect(until(afterQuiet + times.slowRetry)).toMatchObject({ until: afterQuiet + times.askedRetry });
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
  test('nothing found: failed, but only after quiet', () => {
    expect(weighed({ cart: 'gone' })).toMatchObject({ kind: 'park', until: afterQuiet });
    expect(weighed({ cart: 'gone', now: afterQuiet })).toEqual({ kind: 'nothing', why: 'gone' });
  });
  test('never read before: any order could be its own', () => {
    const unread = { cart: 'gone' as const, groups: undefined, unowned: [anOrder('o1')], now: afterQuiet };
    expect(weighed(unread)).toMatchObject({ kind: 'ask' });
    expect(weighed({ ...unread, unowned: [] })).toEqual({ kind: 'nothing', why: 'gone' });
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
