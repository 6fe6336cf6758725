/** Promise: a batch of 10,000 jobs is on the page within seconds, and its refresh is cheap for the person and for the storage. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { azureTables } from '../../src/adapters/azure-tables/azure-tables.ts';
import { batchStore } from '../../src/adapters/azure-tables/batch-store.ts';
import { toTransactions } from '../../src/adapters/azure-tables/transactions.ts';
import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import { type CountingProxy, countingProxy } from '../bench/counting-proxy.ts';
import { memoryTable } from '../support/memory-table.ts';
import { recordFigure } from './figures.ts';
import { layoutShift, type OperatorPage, openOperatorPage } from './operator-page.ts';

const jobs = 10_000;
const batchId = 'big';
const customerId = '7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10';
const keyOf = (n: number) =>
  jobKeyOf({ customerId, cartId: `ca000000-0000-4000-8000-${String(n).padStart(12, '0')}` });
const start = Date.now() - 3_600_000;

let desk: OperatorPage;
let proxy: CountingProxy;
let store: ReturnType<typeof batchStore>;

const write = (
  target: ReturnType<typeof batchStore>,
  n: number,
  state: 'waiting' | 'completed',
  revision: number,
) => {
  const at = state === 'waiting' ? start + n * 100 : Date.now();
  const called = state === 'waiting' ? {} : { calledAt: at };
  return target.write({ batchId, jobKey: keyOf(n), state, revision, at, ...called }, 'older');
};

beforeAll(async () => {
  desk = await openOperatorPage(inject('appRoot'), {
    worker: false,
    async through(connectionString) {
      const [, endpoint = ''] = /TableEndpoint=([^;]+)/.exec(connectionString) ?? [];
      proxy = await countingProxy(new URL(endpoint));
      return connectionString.replace(new URL(endpoint).host, proxy.host);
    },
  });
  const { connectionString } = desk.stack.tables;
  const tables = azureTables({ kind: 'connection-string', connectionString });
  await tables.ensure();
  store = batchStore(tables.batches);
  const memory = memoryTable();
  const rows = batchStore(memory);
  for (let n = 0; n < jobs; n += 1) await write(rows, n, 'waiting', 1);
  const inserts = memory.all().map((row) => ({ kind: 'insert' as const, row }));
  for (const transaction of toTransactions(inserts)) await tables.batches.transact(transaction);
  await store.writeSummary({ batchId, total: jobs, since: start }, undefined);
});
afterAll(async () => {
  await desk?.close();
  await proxy?.stop();
});

test('its first page comes with what is known, and ends with all of it', async () => {
  const page = await desk.context.newPage();
  await page.goto(desk.address);
  const began = performance.now();
  await page.goto(`${desk.origin}/batches/one?id=${batchId}`);
  await page.locator('#progress, #counting').first().waitFor();
  recordFigure('firstPageMs', Math.round(performance.now() - began));
  await page.locator('#jobs').waitFor();
  expect(await page.locator('#jobs').innerText()).toContain('10,000 jobs, page 1 of 100');
  recordFigure('jobs', jobs);
  await page.waitForResponse((answer) => answer.url().includes('/batches/progress'));
  expect(await layoutShift(page)).toBeLessThan(0.001);
  await page.close();
});

test('a refresh while jobs complete costs at most 5 requests of the storage', async () => {
  const [cookie] = await desk.context.cookies();
  const headers = { cookie: `${cookie?.name}=${cookie?.value}` };
  const took: number[] = [];
  const refresh = async (path: string): Promise<string> => {
    const began = performance.now();
    const answer = await (await fetch(`${desk.origin}${path}`, { headers })).text();
    took.push(performance.now() - began);
    return answer;
  };
  /** The most that one refresh cost, as often as the page refreshes. */
  const mostRequests = async (path: string): Promise<number> => {
    let most = 0;
    let sum = 0;
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(Array.from({ length: 25 }, (_, n) => write(store, round * 25 + n, 'completed', 2)));
      await wait(5_000);
      proxy.reset();
      await refresh(path);
      // A look goes on behind the answer.
      await wait(1_500);
      const requests = [...proxy.counts().values()].reduce((sum, count) => sum + count, 0);
      most = Math.max(most, requests);
      sum += requests;
    }
    // It did read.
    expect(sum).toBeGreaterThan(0);
    return most;
  };
  const path = `/batches/progress?id=${batchId}`;
  const ofBatch = await mostRequests(path);
  const ofOverview = await mostRequests('/overview');
  recordFigure('requestsOfARefresh', ofBatch);
  recordFigure('requestsOfAnOverviewRefresh', ofOverview);
  for (let n = 0; n < 100; n += 1) await refresh(path);
  took.sort((one, other) => one - other);
  recordFigure('refreshes', took.length);
  recordFigure('refreshP95Ms', Math.round(took[Math.floor(0.95 * took.length)] ?? 0));
  expect(ofBatch).toBeLessThanOrEqual(5);
  expect(ofOverview).toBeLessThanOrEqual(5);
  // What was completed meanwhile is shown.
  await expect.poll(() => refresh(path), { timeout: 30_000, interval: 1_000 }).toContain('75 completed');
});
