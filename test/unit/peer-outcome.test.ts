/** Promise: the comparison with other workers counts a job as bought twice or lost only when it was. */
import { describe, expect, it } from 'vitest';
import { outcomeOf, shareOfSecondMinute } from '../bench/outcome.ts';

const sale = (customerId: string, orderId: string) => ({ customerId, orderId });
const books = (entries: Readonly<Record<string, readonly string[]>>) => new Map(Object.entries(entries));

describe('what became of the jobs', () => {
  it('finds nothing where each job has its order, in Partner Center and in the books', () => {
    const outcome = outcomeOf(['a', 'b'], [sale('a', '1'), sale('b', '2')], books({ a: ['1'], b: ['2'] }));
    expect(outcome).toEqual({ boughtTwice: 0, lost: 0, lostThoughBought: 0 });
  });

  it('counts a job with two orders as bought twice, whichever of them the books hold', () => {
    const sales = [sale('a', '1'), sale('a', '2')];
    expect(outcomeOf(['a'], sales, books({ a: ['2'] }))).toEqual({
      boughtTwice: 1,
      lost: 0,
      lostThoughBought: 0,
    });
  });

  it('counts a job as lost that nobody bought, and one whose order no book holds', () => {
    const sales = [sale('b', '2'), sale('c', '3')];
    expect(outcomeOf(['a', 'b', 'c'], sales, books({ a: [], c: ['4'] }))).toEqual({
      boughtTwice: 0,
      lost: 3,
      lostThoughBought: 2,
    });
  });
});

describe('the share of the budget', () => {
  const call = (arrivedAt: number, throttled = false) => ({ arrivedAt, throttled });
  const options = { perMinute: 4, minuteMs: 100 };

  it('counts the calls that passed in the second minute alone', () => {
    const calls = [call(0), call(1), call(2), call(99), call(100), call(150, true), call(199), call(200)];
    expect(shareOfSecondMinute(calls, options)).toBe(0.5);
  });

  it('is 1 for a burst at the beginning of each minute', () => {
    const burst = (at: number) => Array.from({ length: 4 }, () => call(at));
    expect(shareOfSecondMinute([...burst(0), ...burst(100), ...burst(200)], options)).toBe(1);
  });
});
