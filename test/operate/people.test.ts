import { expect, test } from 'vitest';
import { attentionStore } from '../../src/adapters/azure-tables/attention-store.ts';
import { attentionRows } from '../../src/adapters/azure-tables/attention-table.ts';
import { ledgerScan } from '../../src/adapters/azure-tables/ledger-scan-store.ts';
import { ledgerStore } from '../../src/adapters/azure-tables/ledger-store.ts';
import { attentionRow } from '../../src/checkout/finalize.ts';
import type { CheckoutRecord } from '../../src/domain/checkout/record.ts';
import { findJob } from '../../src/operator/jobs/find-job.ts';
import { openCase, whyNotResolve } from '../../src/operator/jobs/resolve.ts';
import { openCarts, retryJobs } from '../../src/operator/jobs/retry.ts';
import { allLostJobs, lostJobsOf, revive } from '../../src/operator/jobs/revive.ts';
import type { Copy } from '../../src/ports/checkout-queue.ts';
import { memoryTable } from '../support/memory-table.ts';
import { anOrder, aRecord, customerId } from '../support/records.ts';
import { seededChance } from '../support/seeded-chance.ts';
import { virtualClock } from '../support/virtual-clock.ts';

const reason = { code: '800009', description: 'Items have errors.', remedy: 'Mend.', at: 0 };
const hour = 3_600_000;
const start = 100 * hour;

/** The tables of a night, in memory, and a queue that keeps what is sent. */
async function aNight(records: readonly Partial<CheckoutRecord>[]) {
  const table = memoryTable();
  const attention = memoryTable();
  const ledger = ledgerStore(table);
  const sent: Copy[] = [];
  const warnings: string[] = [];
  const clock = virtualClock(start);
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
    sent,
    ledger,
    ledgerScan: ledgerScan(table, (why) => warnings.push(why)),
    warnings,
    put: table.put,
    attentionRows: attentionRows(attention),
    queue: { send: async (copy: Copy) => void sent.push(copy) },
    clock,
    chance: seededChance(1),
    config: { times: { reviveAfter: hour } },
  };
}

const never = new AbortController().signal;
const options = { who: 'ann', signal: never, onProgress: () => {} };

test('retry sends for what is failed or partial, and says why it passes over the rest', async () => {
  const night = await aNight([
    { state: 'failed', ticket: 4, reason, batches: ['a'] },
    { state: 'partial', ticket: 2, reason, batches: ['a'] },
    { state: 'unresolved', reason, batches: ['a'] },
    { state: 'failed', reason, batches: ['a'], job: { customerId, cartId: 'x', notAfter: 1 } },
    { state: 'waiting', reason, batches: ['a'] },
    { state: 'failed', reason, batches: ['b'] },
  ]);
  const report = await retryJobs(night, night.records, { ...options, batchId: 'a' });
  expect(report).toMatchObject({
    jobs: 2,
    passed: { unresolved: 1, 'too-late': 1, 'under-way': 1, 'other-batch': 1 },
    stopped: false,
  });
  expect(night.sent.map(({ properties }) => properties)).toMatchObject([
    {
      'checkout-ticket': '5',
      'checkout-decision': 'retry',
      'checkout-seen': 'failed',
      'checkout-who': 'ann',
    },
    { 'checkout-ticket': '3', 'checkout-seen': 'partial' },
  ]);
  const open: string[] = [];
  for await (const { cartId } of openCarts(night.attentionRows, { code: '800009' })) open.push(cartId);
  expect(open).toHaveLength(5);
});

test('a dry run sends nothing; a second run sends the same tickets, so that each counts once', async () => {
  const night = await aNight([
    { state: 'failed', reason },
    { state: 'failed', reason },
  ]);
  const plan = await retryJobs(night, night.records, { ...options, who: undefined });
  expect(plan).toMatchObject({ jobs: 2, groups: [{ state: 'failed', code: '800009', count: 2 }] });
  expect(night.sent).toEqual([]);
  await retryJobs(night, night.records, options);
  await retryJobs(night, night.records, options);
  expect(night.sent.map(({ properties }) => properties['checkout-ticket'])).toEqual(['1', '1', '1', '1']);
  expect(new Set(night.sent.map(({ messageId }) => messageId)).size).toBe(4);
});

test('a rate is kept, and Ctrl-C ends it with what was sent', async () => {
  const night = await aNight(Array.from({ length: 6 }, () => ({ state: 'failed' as const, reason })));
  const started = night.clock.now();
  await night.clock.until(retryJobs(night, night.records, { ...options, perSecond: 2 }));
  expect(night.clock.now() - started).toBe(2_500);
  const stop = new AbortController();
  stop.abort();
  expect(await retryJobs(night, night.records, { ...options, signal: stop.signal })).toMatchObject({
    jobs: 0,
    stopped: true,
  });
});

test('revive sends the record’s own ticket, and only where the message is missing', async () => {
  const night = await aNight([
    { state: 'waiting', ticket: 3, nextTry: start - hour - 1 },
    { state: 'waiting', ticket: 3, nextTry: start - hour + 1 },
    { state: 'completed' },
    { state: 'unresolved', nextTry: start - 2 * hour, lease: { id: 'x', until: start + hour } },
  ]);
  const said = [];
  for (const record of night.records) said.push(await revive(night, record));
  expect(said).toEqual([
    undefined,
    expect.stringContaining('its message is not missing'),
    'it is completed: no message is needed',
    expect.stringContaining('its message is not missing'),
  ]);
  expect(night.sent.map(({ properties }) => properties['checkout-ticket'])).toEqual(['3']);
  expect((await lostJobsOf(night, customerId)).map(({ cartId }) => cartId)).toEqual([
    night.records[0]?.cartId,
  ]);
});

test('without a choice revive looks at the jobs of every customer, and passes over what it cannot read', async () => {
  const other = '0a1b2c3d-0000-4000-8000-000000000001';
  const long = start - 2 * hour;
  const night = await aNight([
    { state: 'waiting', nextTry: long },
    { state: 'waiting', nextTry: start },
    { state: 'unresolved', nextTry: long, customerId: other },
    { state: 'submitting', lastSend: long, customerId: other },
    { state: 'ordered' },
  ]);
  night.put({ partition: other, key: 'cart:x', properties: { state: 'waiting', record: '{' } });
  const lost = await allLostJobs(night);
  expect(lost.map(({ cartId }) => Number(cartId.slice(-1))).sort()).toEqual([0, 2, 3]);
  expect(night.warnings).toEqual([expect.stringContaining('cannot be read')]);
});

test('a case file has the groups, the candidates and the equal carts side by side; wrong decisions are refused', async () => {
  const night = await aNight([
    { state: 'unresolved', groups: [{ group: '0', content: 'x' }] },
    { state: 'submitting' },
    { state: 'completed' },
  ]);
  const [mine, , settled] = night.records;
  if (mine === undefined || settled === undefined) throw new Error('no record');
  const read = await night.ledger.read(settled);
  const order = anOrder('OwnedByAnother');
  await night.ledger.commit({ record: settled, etag: read?.etag ?? '', orders: [order], writeId: 'c' });
  const file = await openCase(night, mine);
  if (file === undefined) throw new Error('no case');
  expect(file).toMatchObject({
    cart: 'ordered',
    groups: [{ group: '0', orderId: undefined }],
    candidates: [{ id: 'O9' }],
  });
  expect(file.twins.map(({ cartId }) => cartId)).toEqual([night.records[1]?.cartId]);
  const why = (decision: 'orders' | 'give-up', orderIds: readonly string[] = []) =>
    whyNotResolve(file, { decision, orderIds }, 0);
  expect(why('orders', ['O9'])).toBeUndefined();
  expect(why('give-up')).toBeUndefined();
  expect(why('orders', ['OwnedByAnother'])).toContain(`in the books of cart ${settled.cartId}`);
  expect(why('orders', [])).toContain('1 to 99');
  expect(why('orders', ['x'.repeat(1_001)])).toContain('no order id');
  const leased = { ...file, record: { ...mine, lease: { id: 'x', until: 5 } } };
  expect(whyNotResolve(leased, { decision: 'give-up', orderIds: [] }, 0)).toContain('would come too late');
  const failed = { ...file, record: { ...mine, state: 'failed' as const } };
  expect(whyNotResolve(failed, { decision: 'give-up', orderIds: [] }, 0)).toContain(
    'npx partner-checkout retry',
  );
  expect(await openCase(night, { customerId, cartId: 'none' })).toBeUndefined();
});

test('a job is found by its order, and by the id of a call', async () => {
  const call = { what: 'checkout' as const, at: 0, correlationId: 'c1', requestId: 'r1' };
  const night = await aNight([{ state: 'completed', history: { total: 1, first: [call], last: [] } }]);
  const [record] = night.records;
  for (const id of ['c1', 'r1'])
    expect(await findJob(night.ledger, customerId, { kind: 'correlation', id })).toMatchObject({
      cartId: record?.cartId,
    });
  expect(await findJob(night.ledger, customerId, { kind: 'correlation', id: 'c2' })).toBeUndefined();
  expect(await findJob(night.ledger, customerId, { kind: 'order', id: 'O1' })).toBeUndefined();
});
