/** Promise: a batch is finished when its last line is final, once for each size. */

import { expect, test } from 'vitest';
import { attentionStore } from '../../src/adapters/azure-tables/attention-store.ts';
import { batchStore } from '../../src/adapters/azure-tables/batch-store.ts';
import { ledgerStore } from '../../src/adapters/azure-tables/ledger-store.ts';
import { noticeStore } from '../../src/adapters/azure-tables/notice-store.ts';
import { scheduleStore } from '../../src/adapters/azure-tables/schedule-store.ts';
import { batchJoiner } from '../../src/checkout/join-batch.ts';
import type { BatchJob } from '../../src/domain/batch/batch.ts';
import type { CheckoutEvent } from '../../src/domain/events/event.ts';
import { eventShape } from '../../src/domain/events/event-schema.ts';
import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import { batchCountEntry } from '../../src/domain/schedule-entry.ts';
import { defaultTimes as times } from '../../src/domain/times.ts';
import { countAgainAfter, pollBatch } from '../../src/polling/poll-batch.ts';
import { counted } from '../storage/backends.ts';
import { collect } from '../support/collect.ts';
import { memoryTable } from '../support/memory-table.ts';
import { aRecord, customerId } from '../support/records.ts';
import { virtualClock } from '../support/virtual-clock.ts';

const cart = (n: number) => `ca000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

function bed() {
  const clock = virtualClock();
  const table = memoryTable();
  const requests = counted(table);
  const batches = batchStore(requests);
  const schedule = scheduleStore(memoryTable(), (key, why) => {
    throw new Error(`${key}: ${why}`);
  });
  const ledger = ledgerStore(memoryTable());
  const told: CheckoutEvent[] = [];
  const notices = noticeStore(memoryTable(), memoryTable());
  let failing = false;
  const deps = {
    clock,
    times,
    batches,
    schedule,
    ledger,
    attention: attentionStore(memoryTable()),
    events: {
      publish: async (events: readonly CheckoutEvent[]) => {
        if (failing) throw new Error('the topic is full');
        told.push(...events);
      },
    },
    telemetry: { event: () => {}, warn: () => {} },
    notifier: { notices, webhook: { post: async () => ({ kind: 'accepted' as const }) }, runbook: '' },
  };
  const rows = () => collect(schedule.due('batches', clock.now()));
  return {
    clock,
    batches,
    schedule,
    ledger,
    told,
    notices,
    requests,
    join: batchJoiner(deps),
    write: (n: number, state: BatchJob['state'], revision = 1) =>
      batches.write(
        {
          batchId: 'night',
          jobKey: jobKeyOf({ customerId, cartId: cart(n) }),
          state,
          revision,
          at: clock.now(),
        },
        'older',
      ),
    fail: (on: boolean) => {
      failing = on;
    },
    /** Lets the time of the entry come, and counts. */
    async tick() {
      await clock.run(30 * 60_000);
      const polled = [];
      for (const row of await rows()) if ('batchId' in row) polled.push(await pollBatch(deps, row));
      return polled.map(({ kind }) => kind);
    },
  };
}

test('finished when the last declared line is final, and not before', async () => {
  const { join, write, batches, tick, told, clock } = bed();
  await join('night', 4);
  await write(1, 'completed');
  await write(2, 'ordered');
  expect(await tick()).toEqual(['pending']);
  await write(2, 'partial', 2);
  await write(3, 'failed');
  expect(await tick()).toEqual(['pending']);
  await batches.reject('night', 'sha:1-1', clock.now());
  expect(told).toEqual([]);
  expect(await tick()).toEqual(['finished']);
  expect(told).toHaveLength(1);
  expect(eventShape.parse(told[0])).toMatchObject({
    id: 'batch.finished:night:4',
    subject: 'batches/night',
    data: { batchId: 'night', total: 4, completed: 1, partial: 1, failed: 1, rejected: 1 },
  });
  expect(await tick()).toEqual([]);
  expect((await batches.summary('night'))?.value).toMatchObject({ finished: { total: 4 } });
});

test('its end is noted for people before it counts as finished', async () => {
  const { join, write, notices, batches, tick } = bed();
  await join('night', 2);
  await write(1, 'completed');
  await write(2, 'failed');
  expect(await notices.endedBatches(5)).toEqual([]);
  await tick();
  expect((await batches.summary('night'))?.value.finished?.total).toBe(2);
  const [noted, ...others] = await notices.endedBatches(5);
  expect(noted).toMatchObject({ batchId: 'night', total: 2, completed: 1, failed: 1, rejected: 0 });
  expect(others).toEqual([]);
  if (noted !== undefined) await notices.batchTold(noted);
  expect(await notices.endedBatches(5)).toEqual([]);
});

test('a line whose record is final is finalized by the count: whoever was to do it lost its entry', async () => {
  const { join, write, ledger, tick, told } = bed();
  await join('night', 2);
  await write(1, 'waiting', 0);
  await write(2, 'submitting', 0);
  const record = { cartId: cart(1), customerId, batches: ['night'], revision: 1, reached: { final: 1 } };
  await ledger.insert(aRecord({ ...record, state: 'failed' }), 'w1');
  await ledger.insert(aRecord({ ...record, cartId: cart(2), state: 'unresolved', revision: 0 }), 'w2');
  expect(await tick()).toEqual(['pending']);
  await write(2, 'completed');
  expect(await tick()).toEqual(['finished']);
  expect(told.map(({ type }) => type)).toEqual(['checkout.failed', 'batch.finished']);
  expect(told.at(-1)?.data).toMatchObject({ completed: 1, failed: 1 });
});

test('a line that is tried again is not final, whatever its row says', async () => {
  const { join, write, ledger, tick, told } = bed();
  await join('night', 2);
  await write(1, 'completed');
  await write(2, 'failed');
  const record = { cartId: cart(2), customerId, batches: ['night'], revision: 1, reached: { final: 1 } };
  await ledger.insert(aRecord({ ...record, state: 'submitting' }), 'w1');
  expect(await tick()).toEqual(['pending']);
  const found = await ledger.read(jobKeyOf({ customerId, cartId: cart(2) }));
  await ledger.replace(aRecord({ ...record, state: 'failed', revision: 2 }), found?.etag ?? '', 'w2');
  expect(await tick()).toEqual(['finished']);
  expect(told.map(({ data }) => data)).toMatchObject([{ completed: 1, failed: 1 }]);
});

test('a rejected line that was sent twice is one line', async () => {
  const { join, write, batches, tick } = bed();
  await join('night', 3);
  await write(1, 'completed');
  await batches.reject('night', 'sha:1-1', 1);
  await batches.reject('night', 'sha:2-2', 2);
  expect(await tick()).toEqual(['pending']);
  await write(2, 'completed');
  expect(await tick()).toEqual(['finished']);
});

test('an event that could not be sent is sent again under the same id', async () => {
  const { join, write, tick, told, fail } = bed();
  await join('night', 1);
  await write(1, 'completed');
  fail(true);
  await expect(tick()).rejects.toThrow('full');
  fail(false);
  expect(await tick()).toEqual(['finished']);
  expect(told.map(({ id }) => id)).toEqual(['batch.finished:night:1']);
});

test('a size that grows is finished once more, under an id of its own', async () => {
  const { join, write, tick, told } = bed();
  await join('night', 1);
  await write(1, 'completed');
  await tick();
  await join('night', 2);
  expect(await tick()).toEqual(['pending']);
  await write(2, 'failed');
  await tick();
  expect(told.map(({ id }) => id)).toEqual(['batch.finished:night:1', 'batch.finished:night:2']);
});

test('an entry that the summary does not name is dropped, while the named one is there', async () => {
  const { join, tick, batches, schedule, clock } = bed();
  await join('night', 5);
  await schedule.insert([batchCountEntry('night', clock.now())]);
  expect(await tick()).toEqual(['dropped', 'pending']);
  // The named one is missing: a worker died between naming it and moving to it.
  const found = await batches.summary('night');
  await batches.writeSummary({ batchId: 'night', ...found?.value, entryKey: 'missing' }, found?.etag);
  expect(await tick()).toEqual(['pending']);
  expect((await batches.summary('night'))?.value.entryKey).not.toBe('missing');
});

test('the first line that is not final ends the count', async () => {
  const { join, write, tick, requests } = bed();
  await join('night', 2_000);
  await write(0, 'waiting');
  for (let n = 1; n < 2_000; n += 1) await write(n, 'completed');
  requests.requests.length = 0;
  await tick();
  expect(requests.requests).toEqual(['get', 'rows', 'replace']);
});

test('steps grow with the age, from one minute to a day', () => {
  const minute = 60_000;
  expect(countAgainAfter(0, times)).toBe(minute);
  expect(countAgainAfter(60 * minute, times)).toBe(3 * minute);
  expect(countAgainAfter(365 * 24 * 60 * minute, times)).toBe(24 * 60 * minute);
});
