/** Promise: bulk decisions of people write once, and say what they passed over. */

import { expect, test } from 'vitest';
import { attentionStore } from '../../src/adapters/azure-tables/attention-store.ts';
import { attentionRows } from '../../src/adapters/azure-tables/attention-table.ts';
import { ledgerStore } from '../../src/adapters/azure-tables/ledger-store.ts';
import { scheduleStore } from '../../src/adapters/azure-tables/schedule-store.ts';
import { attentionRow } from '../../src/checkout/finalize.ts';
import { jobKeyIn, jobKeysIn } from '../../src/cli/session/arguments.ts';
import type { CheckoutRecord } from '../../src/domain/checkout/record.ts';
import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import { defaultTimes } from '../../src/domain/times.ts';
import { decideJob } from '../../src/operator/jobs/decide-job.ts';
import { findJob } from '../../src/operator/jobs/find-job.ts';
import { openCase, whyNotResolve } from '../../src/operator/jobs/resolve.ts';
import { openJobs, retryJobs } from '../../src/operator/jobs/retry.ts';
import { whatChanged } from '../../src/operator/jobs/what-changed.ts';
import type { CheckoutQueue } from '../../src/ports/checkout-queue.ts';
import { asOperator } from '../support/as-operator.ts';
import { memoryTable } from '../support/memory-table.ts';
import { anOrder, aRecord, cartId, customerId, otherCartId } from '../support/records.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { virtualClock } from '../support/virtual-clock.ts';

const reason = { code: '800009', description: 'Items have errors.', remedy: 'Mend.', at: 0 };
const hour = 3_600_000;
const start = 100 * hour;

/** The tables of a night, in memory, as operators reach them, and queues that keep what is sent. */
async function aNight(records: readonly Partial<CheckoutRecord>[]) {
  const table = memoryTable();
  const attention = memoryTable();
  const entries = memoryTable();
  const ledger = ledgerStore(asOperator(table));
  const sent: string[] = [];
  const clock = virtualClock(start);
  const queue = (name: string): CheckoutQueue => ({
    send: async (messages) => {
      for (const { body } of messages) sent.push(`${name} ${new TextDecoder().decode(body)}`);
    },
  });
  const made = records.map((change, n) =>
    aRecord({ cartId: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`, ...change }),
  );
  for (const record of made) {
    await ledger.insert(record, 'w');
    if (record.state === 'failed' || record.state === 'partial')
      await attentionStore(attention).write(attentionRow(record, record.state, reason), 'older');
    if (record.state === 'unresolved')
      await attentionStore(attention).write(
        attentionRow(
          record,
          'needs-decision',
          reason,
          '{"cart":"ordered","ordersFound":[{"id":"O9","status":"pending"}]}',
        ),
        'not-newer',
      );
  }
  return {
    records: made,
    keys: made.map((record) => record.jobKey),
    table,
    sent,
    ledger,
    read: async (n: number) =>
      (await ledger.read(made[n]?.jobKey ?? jobKeyOf({ customerId, cartId })))?.value,
    entries: () => entries.all().map(({ key }) => key),
    schedule: scheduleStore(asOperator(entries), () => {}),
    attentionRows: attentionRows(asOperator(attention)),
    times: defaultTimes,
    wakeUps: { urgent: queue('urgent'), standard: queue('standard') },
    now: () => clock.now(),
    clock,
    random: seededRandom(1),
  };
}

const never = new AbortController().signal;
const options = { who: 'ann', signal: never, onProgress: () => {} };

test('a retry by filter passes over jobs that need a new cart; a job that is named is retried', async () => {
  const gone = {
    ...reason,
    code: '800008',
    remedy: 'It has expired: prepare a new one if it is still needed.',
  };
  const night = await aNight([
    { state: 'failed', reason: gone },
    { state: 'failed', reason },
  ]);
  const useful = { ...options, who: undefined, onlyUseful: true };
  expect(await retryJobs(night, night.keys, useful)).toMatchObject({ jobs: 1, passed: { 'new-cart': 1 } });
  expect(await retryJobs(night, night.keys.slice(0, 1), options)).toMatchObject({ jobs: 1, passed: {} });
});

test('retry decides what is failed or partial, and says why it passes over the rest', async () => {
  const night = await aNight([
    { state: 'failed', reason, batches: ['a'], unfinishedClaims: 4, nextTry: 7 },
    { state: 'partial', reason, batches: ['a'], urgent: true },
    { state: 'unresolved', reason, batches: ['a'] },
    { state: 'failed', reason, batches: ['a'], job: { customerId, cartId: 'x', notAfter: 1 } },
    { state: 'waiting', reason, batches: ['a'] },
    { state: 'failed', reason, batches: ['b'] },
    { state: 'failed', reason, batches: ['a'], lease: { id: 'x', until: start + 1 } },
    { state: 'completed', batches: ['a'] },
  ]);
  const report = await retryJobs(night, night.keys, { ...options, batchId: 'a' });
  expect(report).toMatchObject({
    jobs: 2,
    passed: { unresolved: 1, 'too-late': 1, 'under-way': 1, 'other-batch': 1, 'in-hand': 1, done: 1 },
    interrupted: false,
  });
  expect(report.refused[0]).toMatchObject({
    jobKey: night.keys[2],
    why: expect.stringContaining('may have been bought'),
  });
  const first = await night.read(0);
  expect(first).toMatchObject({
    state: 'failed',
    decision: { decision: 'retry', who: 'ann', at: start },
    decisions: [{ decision: 'retry', who: 'ann' }],
    unfinishedClaims: 0,
  });
  expect(first).not.toHaveProperty('nextTry');
  expect(await night.read(5)).not.toHaveProperty('decision');
  // The safety net of each decision, due in five minutes, and a wake-up that names it.
  for await (const entry of night.schedule.jobs('standard', 'due', start)) throw new Error(entry.key);
  for await (const { dueAt } of night.schedule.jobs('urgent', 'due', start + hour))
    expect(dueAt).toBe(start + 5 * 60_000);
  const at = String(start).padStart(15, '0');
  const nets = [`job:${at}:${night.keys[0]}`, `urgent:${at}:${night.keys[1]}`];
  expect(night.entries().sort()).toEqual(nets);
  expect(night.sent.sort()).toEqual([
    `standard {"wake":{"entry":"${nets[0]}","wakes":1}}`,
    `urgent {"wake":{"entry":"${nets[1]}","wakes":1}}`,
  ]);
  const open: string[] = [];
  for await (const key of openJobs(night.attentionRows, { code: '800009' })) open.push(key);
  expect(open).toHaveLength(6);
});

test('a dry run writes nothing; a second run decides nothing a second time; a bulk retry leaves waking to the ticks', async () => {
  const night = await aNight([
    { state: 'failed', reason },
    { state: 'failed', reason },
  ]);
  const bulk = { ...night, wakeUps: undefined };
  const plan = await retryJobs(bulk, night.keys, { ...options, who: undefined });
  expect(plan).toMatchObject({ jobs: 2, groups: [{ state: 'failed', code: '800009', count: 2 }] });
  expect(night.entries()).toEqual([]);
  expect(await night.read(0)).not.toHaveProperty('decision');
  expect(await retryJobs(bulk, night.keys, options)).toMatchObject({ jobs: 2, passed: {} });
  expect(await retryJobs(bulk, night.keys, options)).toMatchObject({ jobs: 0, passed: { decided: 2 } });
  // Due now, and as jobs that need a call: the tick wakes as many as the gate has room for.
  expect(night.entries()).toHaveLength(2);
  const due: unknown[] = [];
  for await (const { dueAt, state } of night.schedule.jobs('standard', 'due', start))
    due.push([dueAt, state]);
  expect(due).toEqual([
    [start, 'submitting'],
    [start, 'submitting'],
  ]);
  expect(night.sent).toEqual([]);
  expect((await night.read(1))?.decisions).toHaveLength(1);
});

test('a job that crashed its workers can be retried while it waits', async () => {
  const crashed = { kind: 'needs-decision', code: 'worker-crashed', since: 0 } as const;
  const night = await aNight([
    { state: 'waiting', asked: crashed },
    { state: 'waiting', asked: crashed, lease: { id: 'x', until: start + 1 } },
  ]);
  expect(await retryJobs(night, night.keys, options)).toMatchObject({ jobs: 1, passed: { 'in-hand': 1 } });
});

test('a record that cannot be read is passed over, and the others are decided', async () => {
  const night = await aNight([{ state: 'failed', reason }]);
  const broken = jobKeyOf({ customerId, cartId: otherCartId });
  night.table.put({ partition: customerId, key: `cart:${otherCartId}`, properties: { record: '{' } });
  expect(await retryJobs(night, [broken, ...night.keys], options)).toMatchObject({
    jobs: 1,
    passed: { unreadable: 1 },
    refused: [{ jobKey: broken, why: expect.stringContaining('cannot be read') }],
  });
});

test('a rate is kept, and Ctrl-C ends it with what was decided', async () => {
  const night = await aNight(Array.from({ length: 6 }, () => ({ state: 'failed' as const, reason })));
  const started = night.clock.now();
  await night.clock.until(retryJobs(night, night.keys, { ...options, perSecond: 2 }));
  expect(night.clock.now() - started).toBe(2_500);
  const stop = new AbortController();
  stop.abort();
  expect(await retryJobs(night, night.keys, { ...options, signal: stop.signal })).toMatchObject({
    jobs: 0,
    interrupted: true,
  });
});

test('a decision about what the person did not see is not written; what changed is said', async () => {
  const night = await aNight([{ state: 'unresolved' }]);
  const [seen] = night.records;
  if (seen === undefined) throw new Error('no record');
  const stored = await night.ledger.read(seen.jobKey);
  await night.ledger.replace({ ...seen, state: 'failed', revision: 1 }, stored?.etag ?? '', 'x');
  const decision = { decision: 'not-bought', who: 'ann', orderIds: [] } as const;
  const outcome = await decideJob(night, seen.jobKey, decision, seen);
  if (outcome.kind !== 'changed') throw new Error(outcome.kind);
  expect(whatChanged(seen, outcome.record)).toBe(
    `Job ${seen.jobKey} has changed: it is failed, and was unresolved; its record is at revision 1, and was at 0. Look at it again, then decide.`,
  );
  const lease = { id: 'x', until: 0 };
  const ben = { decision: 'give-up', who: 'ben', at: 5, orderIds: [] } as const;
  expect(whatChanged(seen, { ...seen, lease, decision: ben })).toContain(
    'ben decided "give-up"; a worker has claimed it until 1970-01-01T00:00:00.000Z',
  );
  expect(whatChanged({ ...seen, lease, decision: ben }, seen)).toContain(
    'the decision that was pending is carried out; the worker that had claimed it is done',
  );
  expect(night.sent).toEqual([]);
});

test('a case file has the groups, the candidates and the equal carts side by side; wrong decisions are refused', async () => {
  const night = await aNight([
    { state: 'unresolved', groups: [{ group: '0', content: 'x' }] },
    { state: 'submitting' },
    { state: 'completed' },
  ]);
  const [mine, , settled] = night.records;
  if (mine === undefined || settled === undefined) throw new Error('no record');
  const read = await night.ledger.read(settled.jobKey);
  const order = anOrder('OwnedByAnother');
  await night.ledger.commit({ record: settled, etag: read?.etag ?? '', orders: [order], writeId: 'c' });
  const file = await openCase(night, mine.jobKey);
  if (file === undefined) throw new Error('no case');
  expect(file).toMatchObject({
    cart: 'ordered',
    groups: [{ group: '0', orderId: undefined }],
    candidates: [{ id: 'O9' }],
  });
  expect(file.equalCarts.map(({ cartId }) => cartId)).toEqual([night.records[1]?.cartId]);
  const why = (decision: 'orders' | 'give-up', orderIds: readonly string[] = []) =>
    whyNotResolve(file, { decision, orderIds }, 0);
  expect(why('orders', ['O9'])).toBeUndefined();
  expect(why('give-up')).toBeUndefined();
  expect(why('orders', ['OwnedByAnother'])).toContain(`in the books of cart ${settled.cartId}`);
  expect(why('orders', [])).toContain('1 to 99');
  expect(why('orders', ['x'.repeat(1_001)])).toContain('not an order id');
  const leased = { ...file, record: { ...mine, lease: { id: 'x', until: 5 } } };
  expect(whyNotResolve(leased, { decision: 'give-up', orderIds: [] }, 0)).toContain(
    'a worker has claimed job',
  );
  const failed = { ...file, record: { ...mine, state: 'failed' as const } };
  expect(whyNotResolve(failed, { decision: 'give-up', orderIds: [] }, 0)).toContain(
    'npx partner-checkout retry',
  );
  expect(await openCase(night, jobKeyOf({ customerId, cartId: otherCartId }))).toBeUndefined();
  const decided = { decision: 'not-bought', who: 'ben', at: 0, orderIds: [] } as const;
  const pending = { ...file, record: { ...mine, decision: decided } };
  expect(whyNotResolve(pending, { decision: 'give-up', orderIds: [] }, 0)).toContain(
    'ben decided "not-bought"',
  );
});

test('a job is found by its order, and by the id of a call', async () => {
  const call = { what: 'checkout' as const, at: 0, correlationId: 'c1', requestId: 'r1' };
  const night = await aNight([{ state: 'completed', history: { total: 1, first: [call], last: [] } }]);
  const [record] = night.records;
  for (const id of ['c1', 'r1'])
    expect(await findJob(night.ledger, customerId, { kind: 'correlation', id })).toBe(record?.jobKey);
  expect(await findJob(night.ledger, customerId, { kind: 'correlation', id: 'c2' })).toBeUndefined();
  expect(await findJob(night.ledger, customerId, { kind: 'order', id: 'O1' })).toBeUndefined();
  if (record === undefined) throw new Error('no record');
  const read = await night.ledger.read(record.jobKey);
  await night.ledger.commit({ record, etag: read?.etag ?? '', orders: [anOrder('O1')], writeId: 'c' });
  expect(await findJob(night.ledger, customerId, { kind: 'order', id: 'O1' })).toBe(record.jobKey);
});

const key = jobKeyOf({ customerId, cartId });

test('a job is named by its key, or by its customer and its cart, in any case', () => {
  expect(jobKeyIn([key.toUpperCase()])).toBe(key);
  expect(jobKeyIn([customerId.toUpperCase(), ` ${cartId}`])).toBe(key);
  const other = jobKeyOf({ customerId, cartId: otherCartId });
  expect(jobKeysIn([key, other])).toEqual([key, other]);
  expect(jobKeysIn([key, other, key])).toHaveLength(3);
});

test.each([
  [[customerId, 'x; rm'], /^CART must be a GUID/],
  [['x', cartId], /^CUSTOMER must be a GUID/],
  [[customerId], /CUSTOMER CART takes two of them/],
  [['secret-123'], /named by its key, like .* this is a text of 10 characters/],
  [['PO-117'], /By its reference: npx partner-checkout jobs --batch ID --reference TEXT/],
  [[key, key], /^Which job\?/],
])('names that are no job are refused: %j', (names, words) => {
  expect(() => jobKeyIn(names)).toThrow(words);
});
