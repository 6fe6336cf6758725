/** Promise: a batch that somebody looks at is read once, and each later look costs few requests and misses nothing. */

import { expect, test } from 'vitest';
import { batchStore } from '../../src/adapters/azure-tables/batch-store.ts';
import type { BatchJob } from '../../src/domain/batch/batch.ts';
import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import { watchBatch } from '../../src/operator/batches/watch-batch.ts';
import type { Batches } from '../../src/ports/batches.ts';
import { cart } from '../polling/jobs.ts';
import { memoryTable } from '../support/memory-table.ts';
import { customerId } from '../support/records.ts';

const minute = 60_000;
const start = 1_000 * minute;

function setUp() {
  const batches = batchStore(memoryTable());
  let lines = 0;
  const counting: Pick<Batches, 'entries'> = {
    async *entries(...asked) {
      for await (const entry of batches.entries(...asked)) {
        lines += 1;
        yield entry;
      }
    },
  };
  const write = (n: number, state: BatchJob['state'], at: number, revision = 1) =>
    batches.write(
      { batchId: 'night', jobKey: jobKeyOf({ customerId, cartId: cart(n) }), state, revision, at },
      'older',
    );
  const watched = watchBatch(counting, 'night');
  const look = async (): Promise<number> => {
    const before = lines;
    await watched.look();
    return lines - before;
  };
  const states = () =>
    watched.entries().map((entry) => (entry.kind === 'job' ? entry.state : entry.rejectedKey));
  return { batches, write, watched, look, states };
}

test('what was written since is found with the next look, which reads one page beside it', async () => {
  const { write, watched, look, states } = setUp();
  for (let n = 1; n <= 2_500; n += 1) await write(n, 'waiting', start - n * minute);
  expect(await look()).toBe(2_500);
  expect(watched.known()).toBe(2_500);
  await write(2_400, 'completed', start + 10 * minute, 2);
  expect(await look()).toBeLessThanOrEqual(1_010);
  expect(states().filter((state) => state === 'completed')).toHaveLength(1);
});

test('what was written with an old time is found within as many looks as the batch has pages', async () => {
  const { write, look, states } = setUp();
  for (let n = 1; n <= 2_500; n += 1) await write(n, 'waiting', start + 60 * minute);
  await look();
  await write(2_400, 'completed', start, 2);
  for (let n = 0; n < 3; n += 1) await look();
  expect(states().filter((state) => state === 'completed')).toHaveLength(1);
});

test('lines stand in the order of their keys, whenever they came', async () => {
  const { batches, write, look, states } = setUp();
  await batches.reject('night', 'b:2', start);
  await look();
  await batches.reject('night', 'a:1', start);
  await write(1, 'waiting', start);
  await look();
  expect(states()).toEqual(['waiting', 'a:1', 'b:2']);
});
