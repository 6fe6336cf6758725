/** Promise: what is loaded late is loaded once, and a failed load is tried again. */

import { expect, test } from 'vitest';
import { loadOnce } from '../../src/adapters/load-once.ts';

test('what is loaded is kept, whoever asks', async () => {
  let loads = 0;
  const ask = loadOnce(async () => ++loads);
  expect(await Promise.all([ask(), ask()])).toEqual([1, 1]);
  expect(await ask()).toBe(1);
});

test('a load that failed is tried again by who asks next', async () => {
  let loads = 0;
  const ask = loadOnce(async () => {
    loads += 1;
    if (loads === 1) throw new Error('EMFILE: too many open files');
    return loads;
  });
  await expect(Promise.all([ask(), ask()])).rejects.toThrow('EMFILE');
  expect(await ask()).toBe(2);
});
