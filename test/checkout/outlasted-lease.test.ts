/** Promise: a run whose lease may have ended leaves each entry: another run may have promised to come back by it. */

import { expect, test } from 'vitest';
import { scheduleStore } from '../../src/adapters/azure-tables/schedule-store.ts';
import type { Deps } from '../../src/checkout/deps.ts';
import { removeAll, removeReplaced } from '../../src/checkout/entries.ts';
import { type Run, startRun } from '../../src/checkout/run.ts';
import { decodeDelivery, wakeUpBody } from '../../src/domain/message/delivery.ts';
import { jobEntry } from '../../src/domain/schedule-entry.ts';
import { defaultTimes } from '../../src/domain/times.ts';
import { memoryTable } from '../support/memory-table.ts';
import { jobKey } from '../support/records.ts';

const start = Date.UTC(2026, 10, 24);
const { lease } = defaultTimes;
const entryFor = (at: number) =>
  jobEntry({ jobKey, urgent: false, since: start, state: 'unresolved' as const }, at);

const ends = {
  'a result': (run: Run) => removeAll(run),
  'a reschedule': (run: Run) => removeReplaced(run, start + 2 * lease),
};

/** What is left of the entry that woke a run, and of the one for the end of its lease, when the run ends after so many ms. */
async function left(end: keyof typeof ends, ms: number): Promise<readonly string[]> {
  let now = start;
  const table = memoryTable();
  const deps: Pick<Deps, 'clock' | 'schedule' | 'telemetry' | 'times'> = {
    clock: { now: () => now, sleep: async () => undefined },
    schedule: scheduleStore(table, () => {}),
    telemetry: { event: () => undefined, warn: () => undefined },
    times: defaultTimes,
  };
  const own = entryFor(start);
  const leaseEntry = entryFor(start + lease);
  for (const entry of [own, leaseEntry]) await deps.schedule.ensure(entry);
  const decoded = decodeDelivery({
    body: new TextEncoder().encode(wakeUpBody(own.key, 1)),
    messageId: 'm',
    sequenceNumber: '1',
    queue: 'standard',
    deliveryCount: 1,
    enqueuedAt: start,
    properties: {},
  });
  if (decoded.kind !== 'delivery') throw new Error(`The wake-up is ${decoded.kind}`);
  const run = { ...startRun(deps as Deps, decoded.delivery), leaseEntry };
  now += ms;
  await ends[end](run);
  return table.all().map(({ key }) => key);
}

test.each(['a result', 'a reschedule'] as const)('after %s', async (end) => {
  expect(await left(end, lease - 1)).toEqual([]);
  expect(await left(end, lease)).toEqual([entryFor(start).key, entryFor(start + lease).key]);
});
