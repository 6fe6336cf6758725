/** Promise: a batch's status counts every line and says when it ends. */

import { expect, test } from 'vitest';
import { batchStore } from '../../src/adapters/azure-tables/batch-store.ts';
import { ledgerStore } from '../../src/adapters/azure-tables/ledger-store.ts';
import { batchView } from '../../src/api/batch-view.ts';
import { batchData } from '../../src/cli/commands/batch-command.ts';
import type { BatchJob } from '../../src/domain/batch/batch.ts';
import { defaultGateSettings } from '../../src/domain/gate/gate-settings.ts';
import { type Closure, initialState, opened } from '../../src/domain/gate/gate-state.ts';
import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import { defaultTimes } from '../../src/domain/times.ts';
import { batchStatuses } from '../../src/operator/batches/batch-status.ts';
import { findQueued } from '../../src/operator/batches/queued-batch.ts';
import { wakeOpenLines } from '../../src/operator/batches/wake-open-lines.ts';
import type { CheckoutQueue } from '../../src/ports/checkout-queue.ts';
import type { QueuedMessage } from '../../src/ports/queued-messages.ts';
import { memoryTable } from '../support/memory-table.ts';
import { aRecord, customerId } from '../support/records.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { virtualClock } from '../support/virtual-clock.ts';

const minute = 60_000;
const cart = (n: number) => `ca000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const job = (n: number) => jobKeyOf({ customerId, cartId: cart(n) });

function bed() {
  const clock = virtualClock();
  const start = clock.now();
  const tables = { batches: memoryTable(), checkouts: memoryTable() };
  const batches = batchStore(tables.batches);
  const ledger = ledgerStore(tables.checkouts);
  const gate = { ...defaultGateSettings };
  let state = opened(initialState(start, gate), start);
  const gateStore = {
    read: async () => state,
    now: () => ({ earliest: clock.now(), latest: clock.now() }),
  };
  const deps = { batches, ledger, gateStore, clock, config: { times: defaultTimes, gate } };
  let carts = 0;
  const write = (change: Partial<BatchJob>): Promise<void> => {
    carts += 1;
    return batches.write(
      {
        batchId: 'night',
        jobKey: job(carts),
        state: 'completed',
        revision: 1,
        at: start,
        ...change,
      },
      'older',
    );
  };
  return {
    clock,
    start,
    tables,
    batches,
    ledger,
    deps,
    write,
    close: (closure: Closure) => {
      state = { ...state, closure };
    },
    pause: () => {
      state = { ...state, paused: { who: 'ana', reason: 'portal', since: start } };
    },
  };
}

test('a batch that nobody knows is undefined', async () => {
  expect(await batchStatuses(bed().deps)('night')).toBeUndefined();
});

test('every state is counted, and what was declared and not seen', async () => {
  const { deps, batches, write, start } = bed();
  await batches.writeSummary({ batchId: 'night', total: 12 }, undefined);
  for (const state of [
    'waiting',
    'unresolved',
    'ordered',
    'completed',
    'completed',
    'partial',
    'failed',
  ] as const)
    await write({ state });
  await batches.reject('night', 'sha:1-1', start);
  expect(await batchStatuses(deps)('night')).toMatchObject({
    total: 12,
    counts: {
      notStarted: 4,
      submitting: 0,
      waiting: 1,
      unresolved: 1,
      ordered: 1,
      completed: 2,
      partial: 1,
      failed: 1,
      rejected: 1,
    },
  });
});

test('the rate is of checkouts answered in the last five minutes', async () => {
  const { deps, write, start } = bed();
  for (const calledAt of [start - 6 * minute, start - 4 * minute, start]) await write({ calledAt });
  expect((await batchStatuses(deps)('night'))?.perMinute).toBe(0.4);
});

test('the end comes from the budget: what is left, in the worker’s lane', async () => {
  const { deps, batches, start, write } = bed();
  await batches.writeSummary({ batchId: 'night', total: 2_401 }, undefined);
  await write({ state: 'completed' });
  const status = batchStatuses(deps);
  expect((await status('night'))?.eta).toEqual({ kind: 'at', at: start + 10 * minute, perMinute: 240 });
  // Others have messages in the queue too.
  expect((await status('night', 4_800))?.eta).toMatchObject({ at: start + 20 * minute });
});

test('jobs that are held until a time begin then, and take their time from there', async () => {
  const { deps, batches, start, write } = bed();
  await batches.writeSummary({ batchId: 'night', total: 481 }, undefined);
  const five = start + 60 * minute;
  for (let n = 0; n < 240; n += 1) await write({ state: 'waiting', nextTry: five });
  await write({ state: 'waiting', nextTry: start + minute });
  const status = batchStatuses(deps);
  // 240 calls a minute for the worker: the others are through long before.
  expect((await status('night'))?.eta).toMatchObject({ kind: 'at', at: five + minute });
  const queued = batchStatuses({ ...deps, findQueued: async () => ({ size: 3_000, at: five }) });
  expect((await queued('unseen'))?.eta).toMatchObject({ kind: 'at', at: five + 12.5 * minute });
});

test('of a stopped batch and of a blocked one no end is known', async () => {
  const { deps, batches, start, close } = bed();
  const stopped = { who: 'ana', at: start };
  await batches.writeSummary({ batchId: 'night', total: 5, stopped }, undefined);
  await batches.writeSummary({ batchId: 'other', total: 5 }, undefined);
  expect((await batchStatuses(deps)('night'))?.eta).toEqual({ kind: 'unknown', why: 'the batch is stopped' });
  close({ cause: 'auth', since: start, until: start + minute, reason: 'AADSTS7000222', pauses: 1 });
  const blocked = await batchStatuses(deps)('other');
  expect(blocked?.eta).toEqual({ kind: 'unknown', why: 'the gate is closed: AADSTS7000222' });
  expect(blocked?.gate).toMatchObject({ open: false, cause: 'auth' });
  close({ cause: 'throttled', since: start, until: start + minute, reason: '429', pauses: 1 });
  expect((await batchStatuses(deps)('other'))?.eta).toMatchObject({ kind: 'at' });
});

test('decisions, holds and stopped jobs are counted apart', async () => {
  const { deps, write } = bed();
  await write({ state: 'unresolved', asked: 'needs-decision' });
  await write({ state: 'ordered', asked: 'pending-too-long' });
  await write({ state: 'waiting', code: '800073' });
  await write({ state: 'waiting', code: '800009' });
  await write({ state: 'failed', code: 'stopped' });
  await write({ state: 'failed', code: '800002' });
  const status = await batchStatuses(deps)('night');
  expect(status).toMatchObject({ decisions: 1, held: 1, stoppedJobs: 1 });
  expect(status && batchView(status)).toMatchObject({ decisions: 1, held: 1, gate: { open: true } });
});

test('batch --json has every field of GET /api/batches with the same value, and what only operators see', async () => {
  const { deps, write, close, start } = bed();
  await write({ state: 'failed', code: 'stopped' });
  close({ cause: 'auth', since: start, until: start + minute, reason: 'AADSTS7000222', pauses: 1 });
  const status = await batchStatuses(deps)('night');
  if (status === undefined) throw new Error('the batch is known');
  expect(batchData(status)).toMatchObject(batchView(status));
  expect(batchData(status)).toMatchObject({
    gate: { reason: 'AADSTS7000222' },
    stoppedJobs: 1,
    eta: { kind: 'done' },
    questions: [],
  });
});

test('while a person has paused the gate, nobody knows the end', async () => {
  const { deps, batches, pause } = bed();
  await batches.writeSummary({ batchId: 'night', total: 5 }, undefined);
  pause();
  expect((await batchStatuses(deps)('night'))?.eta).toEqual({
    kind: 'unknown',
    why: 'paused by ana: portal',
  });
});

test('pending orders, then nothing at all', async () => {
  const { deps, write } = bed();
  await write({ state: 'ordered' });
  expect((await batchStatuses(deps)('night'))?.eta).toEqual({ kind: 'pending-orders' });
  await write({ batchId: 'other' });
  expect((await batchStatuses(deps)('other'))?.eta).toEqual({ kind: 'done' });
});

test('jobs about which a person is asked are named by their keys', async () => {
  const { deps, write } = bed();
  await write({ state: 'waiting' });
  await write({ state: 'unresolved', asked: 'needs-decision' });
  const status = await batchStatuses(deps)('night');
  expect(status?.questions).toMatchObject([{ jobKey: job(2), asked: 'needs-decision' }]);
});

test('a stop wakes each open line through its own queue, not before every worker knows of the stop', async () => {
  const { deps, ledger, write, start } = bed();
  const kinds = [
    { state: 'waiting', entryOrigin: 7 },
    { state: 'unresolved', urgent: true, nextTry: 9 },
    { state: 'completed' },
  ] as const;
  for (const [index, change] of kinds.entries()) {
    await write({ state: change.state });
    await ledger.insert(aRecord({ cartId: cart(index + 1), ...change }), 'w');
  }
  const sent: string[] = [];
  const queue = (name: string): CheckoutQueue => ({
    send: async (messages, at) => {
      for (const { body } of messages) sent.push(`${name} ${at - start} ${new TextDecoder().decode(body)}`);
    },
  });
  const wakeUps = { urgent: queue('urgent'), standard: queue('standard') };
  const random = seededRandom(1);
  const at = start + 30_000;
  const signal = new AbortController().signal;
  expect(await wakeOpenLines({ ...deps, wakeUps, random }, 'night', at, signal)).toBe(2);
  expect(sent).toEqual([
    `urgent 30000 {"wake":{"entry":"urgent:000000000000009:${job(2)}","wakes":1}}`,
    `standard 30000 {"wake":{"entry":"job:000000000000007:${job(1)}","wakes":1}}`,
  ]);
});

test('who asks often is answered from the last scan, for ten times as long as it took', async () => {
  const clock = virtualClock();
  let pages = 0;
  const slow = memoryTable({
    before: async ({ kind }) => {
      if (kind === 'page') pages += 1;
      await clock.sleep(kind === 'page' ? 500 : 0);
      return undefined;
    },
  });
  const { deps } = bed();
  const batches = batchStore(slow);
  await batches.writeSummary({ batchId: 'night', total: 3 }, undefined);
  const status = batchStatuses({ ...deps, clock, batches });
  await clock.until(status('night'));
  await clock.until(Promise.all([status('night'), status('night')]));
  expect(pages).toBe(1);
  await clock.run(5_000);
  await clock.until(status('night'));
  expect(pages).toBe(2);
});

test('a batch that no worker knows is looked for among the messages, past those of others and what is no job', async () => {
  const body = (value: unknown) => ({ body: Buffer.from(JSON.stringify(value)) });
  const first = { customerId, cartId: cart(1), batchSize: 7 };
  const messages: QueuedMessage[] = [
    body({ ...first, batchId: 'night 1', reference: 'not night' }),
    body({ cartID: 'x', batchId: 'night' }),
    { ...body({ ...first, batchId: 'night' }), at: 60_000 },
  ];
  const queue = {
    peek: async function* () {
      yield* messages;
    },
  };
  const empty = { peek: async function* () {} };
  expect(await findQueued([empty, queue], 'night')).toEqual({ size: 7, at: 60_000 });
  expect(await findQueued([empty, queue], 'other')).toBeUndefined();

  const { deps } = bed();
  const status = batchStatuses({ ...deps, findQueued: (batchId) => findQueued([queue], batchId) });
  expect(await status('night')).toMatchObject({
    total: 7,
    queued: { at: 60_000 },
    counts: { notStarted: 7 },
    eta: { kind: 'at', at: expect.any(Number) },
  });
  expect(await status('other')).toBeUndefined();
});
