/** Promise: a batch is known by its size and its entry from the first message on. */

import { describe, expect, test } from 'vitest';
import { batchStore } from '../../src/adapters/azure-tables/batch-store.ts';
import { scheduleStore } from '../../src/adapters/azure-tables/schedule-store.ts';
import { batchJoiner } from '../../src/checkout/join-batch.ts';
import type { BatchCountEntry } from '../../src/domain/schedule-entry.ts';
import { defaultTimes } from '../../src/domain/times.ts';
import { counted } from '../storage/backends.ts';
import { collect } from '../support/collect.ts';
import { memoryTable } from '../support/memory-table.ts';
import { virtualClock } from '../support/virtual-clock.ts';

function bed() {
  const clock = virtualClock();
  let down: 'batches' | 'due' | undefined;
  const tables = {
    batches: memoryTable({ before: () => (down === 'batches' ? 'unreached' : undefined) }),
    due: memoryTable({ before: () => (down === 'due' ? 'unreached' : undefined) }),
  };
  const requests = { batches: counted(tables.batches), due: counted(tables.due) };
  const batches = batchStore(requests.batches);
  const schedule = scheduleStore(requests.due, (key, why) => {
    throw new Error(`${key}: ${why}`);
  });
  const instance = () => batchJoiner({ batches, schedule, clock, times: defaultTimes });
  return {
    clock,
    batches,
    instance,
    requests: () => [...requests.batches.requests, ...requests.due.requests],
    summary: async () => (await batches.summary('night'))?.value,
    rows: async (): Promise<readonly BatchCountEntry[]> =>
      collect(schedule.due('batches', clock.now() + 86_400_000)),
    fail(what: typeof down) {
      down = what;
    },
  };
}

describe('the size of a batch', () => {
  test('the first declaration makes the entry, then the summary that names it', async () => {
    const { instance, summary, rows, clock } = bed();
    await instance()('night', 10);
    const [row, ...others] = await rows();
    expect(others).toEqual([]);
    expect(row).toMatchObject({ batchId: 'night', dueAt: clock.now() + 60_000 });
    expect(await summary()).toMatchObject({ total: 10, entryKey: row?.key, since: clock.now() });
  });

  test('the largest stands, whoever says it, and one entry is enough', async () => {
    const { instance, summary, rows, clock } = bed();
    const joins = [instance(), instance(), instance()];
    await Promise.all(joins.map((join, index) => join('night', 10 + index)));
    await clock.run(1_000);
    await joins[0]?.('night', 7);
    expect((await summary())?.total).toBe(12);
    expect(await rows()).toHaveLength(1);
    expect((await rows())[0]?.key).toBe((await summary())?.entryKey);
  });

  test('a finished batch that grows is counted again', async () => {
    const { batches, instance, rows, summary } = bed();
    await batches.writeSummary({ batchId: 'night', total: 10, finished: { total: 10, at: 1 } }, undefined);
    await instance()('night', 10);
    expect(await rows()).toEqual([]);
    await instance()('night', 11);
    expect(await rows()).toHaveLength(1);
    expect(await summary()).toMatchObject({ total: 11, entryKey: (await rows())[0]?.key });
  });

  test('no summary without an entry: what fails in between is made anew', async () => {
    const { instance, summary, rows, fail } = bed();
    const join = instance();
    fail('due');
    await expect(join('night', 10)).rejects.toMatchObject({ what: 'storage' });
    expect(await summary()).toBeUndefined();
    fail(undefined);
    await join('night', 10);
    expect(await rows()).toHaveLength(1);
  });
});

describe('whether it is stopped', () => {
  test('is known within 30 s, at a request every 30 s', async () => {
    const { batches, clock, instance, requests } = bed();
    const join = instance();
    await Promise.all(Array.from({ length: 1_000 }, () => join('night', 1_000)));
    // The summary with its line in the index of batches, and the entry.
    expect(requests()).toEqual(['get', 'replace', 'insert', 'replace']);
    const found = await batches.summary('night');
    const stopped = { who: 'ana', at: clock.now() };
    await batches.writeSummary({ batchId: 'night', ...found?.value, stopped }, found?.etag);
    const before = requests().length;
    await clock.run(29_000);
    expect(await join('night', 1_000)).toBeUndefined();
    expect(requests()).toHaveLength(before);
    await clock.run(1_000);
    expect(await join('night', 1_000)).toEqual(stopped);
    expect(requests()).toHaveLength(before + 1);
  });

  test('of a batch without a size', async () => {
    const { batches, instance, rows } = bed();
    expect(await instance()('night', undefined)).toBeUndefined();
    await batches.writeSummary({ batchId: 'night', stopped: { who: 'ana', at: 1 } }, undefined);
    expect(await instance()('night', undefined)).toEqual({ who: 'ana', at: 1 });
    expect(await rows()).toEqual([]);
  });
});
