/** Promise: the sample lists of `npm run dev` can be sent as they are, and show what works and what is refused. */

import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createCarts } from '../../local/partner-center/bulk.ts';
import { makeSampleLists } from '../../local/sample-list.ts';
import { checkList } from '../../src/operator/list/check-list.ts';
import { readList } from '../../src/operator/list/read-list.ts';
import { linesBed } from '../cart/lines-bed.ts';

test('a third of the sample jobs carry order lines; one cart and one order are refused, the others are bought', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sample-lists-'));
  try {
    const bed = linesBed();
    const { world, worker } = bed;
    const sandbox = {
      createCarts: (request: Parameters<typeof createCarts>[1]) => createCarts(world, request),
      set: world.set,
    };
    const { refused } = await makeSampleLists(sandbox, folder);
    const lists = await Promise.all(
      ['sample.csv', 'orders.csv'].map((name) =>
        checkList(readList(createReadStream(join(folder, name))), {}),
      ),
    );
    expect(lists.map(({ jobs, invalid }) => [jobs.length, invalid])).toEqual([
      [20, 0],
      [10, 0],
    ]);
    for (const { job } of lists.flatMap(({ jobs }) => jobs)) await worker.enqueue(job);
    await bed.settle(300);
    const ends = worker.events.filter(({ type }) => /^checkout\.(completed|partial|failed)$/.test(type));
    const failed = ends.filter(({ type }) => type !== 'checkout.completed');
    expect(ends).toHaveLength(30);
    expect(failed.map(({ data }) => data)).toMatchObject([
      { cartId: refused?.cartId, reason: { code: '13605' } },
      { externalOrderId: 'SO-1004', reason: { code: 'quantity' } },
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
