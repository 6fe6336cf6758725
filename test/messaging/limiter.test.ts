import { expect, test } from 'vitest';
import { limiter } from '../../src/adapters/service-bus/limiter.ts';

test('never more than so many at a time, in the order in which they came, failures included', async () => {
  const inTurn = limiter(3);
  const begun: number[] = [];
  let running = 0;
  let most = 0;
  const tasks = Array.from({ length: 50 }, (_, n) =>
    inTurn(async () => {
      begun.push(n);
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      if (n % 7 === 0) throw new Error('no');
      return n;
    }),
  );
  const ended = await Promise.allSettled(tasks);
  expect(most).toBe(3);
  expect(begun).toEqual(Array.from({ length: 50 }, (_, n) => n));
  expect(ended.filter(({ status }) => status === 'rejected')).toHaveLength(8);
  expect(await inTurn(async () => 'still works')).toBe('still works');
});
