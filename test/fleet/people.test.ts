/** Promise: people's commands may be killed in the middle or run twice at once. */

import { ServiceBusClient } from '@azure/service-bus';
import pMap from 'p-map';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { CartRef } from '../../local/partner-center/sandbox.ts';
import { queueName, type Stack, startStack } from '../../local/stack.ts';
import { azureTables } from '../../src/adapters/azure-tables/azure-tables.ts';
import { ledgerStore } from '../../src/adapters/azure-tables/ledger-store.ts';
import type { CheckoutRecord } from '../../src/domain/checkout/record.ts';
import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import type { Ledger } from '../../src/ports/ledger.ts';
import { drillRequeue, drillRetry } from '../bench/redrive.ts';
import { drained, instant } from '../bench/workload.ts';
import { cli } from '../support/cli.ts';

let stack: Stack;
let client: ServiceBusClient;
let ledger: Ledger;

beforeAll(async () => {
  stack = await startStack({ factor: 100, appRoot: inject('appRoot'), switches: instant });
  client = new ServiceBusClient(stack.broker.connectionString);
  const { connectionString } = stack.tables;
  ledger = ledgerStore(azureTables({ kind: 'connection-string', connectionString }).checkouts);
});
afterAll(async () => {
  await client?.close();
  await stack?.stop();
});

const run = (...args: string[]) => cli(stack.settings, args);
const send = (carts: readonly CartRef[], more: Record<string, unknown> = {}) =>
  client
    .createSender(queueName)
    .sendMessages(carts.map((cart) => ({ body: Buffer.from(JSON.stringify({ ...cart, ...more })) })));

/** The record once it is as wanted. */
async function recordOnce(cart: CartRef, is: (record: CheckoutRecord) => boolean): Promise<CheckoutRecord> {
  let record: CheckoutRecord | undefined;
  await expect
    .poll(
      async () => {
        record = (await ledger.read(jobKeyOf(cart)))?.value;
        return record !== undefined && is(record);
      },
      { timeout: 80_000 },
    )
    .toBe(true);
  if (record === undefined) throw new Error('no record');
  return record;
}

/** Bought, the answer lost; the repeat says "already submitted", and the order list hides the order for hours. */
async function anUnresolvedJob(customerId: string): Promise<CartRef> {
  const [cart] = stack.sandbox.createCarts({ count: 1, customers: [customerId], baskets: ['legacy'] });
  if (cart === undefined) throw new Error('no cart');
  stack.sandbox.set({
    contract: 'already-submitted',
    forgetRequestIds: true,
    listLag: [10 * 3_600_000, 10 * 3_600_000],
    faults: [{ kind: 'drop', when: 'after', carts: [cart.cartId], count: 1 }],
  });
  await send([cart], { reference: '<b>PO\u0007 7</b>' });
  await recordOnce(
    cart,
    ({ state, repeated, lease }) => state === 'unresolved' && repeated !== undefined && lease === undefined,
  );
  stack.sandbox.set({ faults: [], listLag: [0, 0] });
  return cart;
}

const allWell = { lost: 0, boughtTwice: 0, different: 0, deadLetters: 0, openRows: 0 };

test('dead letters are requeued: killed in the middle, then two people at once', async () => {
  const drill = await drillRequeue(stack, 24);
  expect(drill).toMatchObject({ ...allWell, completed: 24 });
  expect(drill.atKill).toBeGreaterThanOrEqual(12);
});

test('failed jobs are retried: killed in the middle, then two people at once', async () => {
  const drill = await drillRetry(stack, 24);
  expect(drill).toMatchObject({ ...allWell, completed: 24 });
  expect(drill.atKill).toBeGreaterThanOrEqual(12);
});

test('from the first question to the last answer: attention, job, retry, and a decision that is refused', async () => {
  const carts = stack.sandbox.createCarts({ count: 2, customers: 1, baskets: ['legacy'] });
  const [cart] = carts;
  if (cart === undefined) throw new Error('no cart');
  const refused = carts.map(({ cartId }) => cartId);
  stack.sandbox.set({ faults: [{ kind: 'error', http: 400, code: 800009, carts: refused }] });
  await send(carts, { batchId: 'night 7' });
  await drained(stack, 80_000);
  stack.sandbox.set({ faults: [] });
  await recordOnce(cart, ({ state }) => state === 'failed');
  const key = jobKeyOf(cart);

  const groups = await run('attention', '--batch', 'night 7');
  expect(groups).toMatchObject({ code: 1, stderr: '' });
  expect(groups.stdout).toMatch(/^2 {2}failed {2}800009\n.*\n {4}remedy: Read the cart in Partner Center/);
  const before = await run('job', cart.customerId, cart.cartId);
  expect(before.stdout).toContain('The worker does nothing more.');
  expect(before.stdout).toContain(`npx partner-checkout retry ${key}`);

  const dry = await run('retry', '--batch', 'night 7', '--dry-run');
  expect(dry.stdout).toMatch(/^2 {2}failed {2}800009 /);
  expect(dry.stdout).toContain('2 would be retried. Nothing was written');
  expect(await ledger.read(jobKeyOf(cart))).toMatchObject({ value: { state: 'failed' } });
  const sent = await run('retry', '--batch', 'night 7', '--yes');
  expect(sent).toMatchObject({ code: 0 });
  expect(sent.stdout).toMatch(
    /2 retries decided by \S+\. The ticks wake them while the gate is open\. Watch: npx partner-checkout batch "night 7" --watch/,
  );
  await recordOnce(cart, ({ state }) => state === 'completed');
  expect(await run('attention', '--batch', 'night 7')).toMatchObject({
    code: 0,
    stdout: /Nothing open matches/,
  });

  const late = await run('retry', key, '--yes');
  expect(late).toMatchObject({ code: 1 });
  expect(late.stdout).toContain('1 passed over: has its orders: nothing to retry');
  const after = await run('job', key);
  expect(after.stdout).toMatch(/person {4}\S+ decided: retry/);
  expect(after.stdout).toContain('Next: Nothing more: every order is completed.');
  const support = await run('job', cart.customerId, cart.cartId, '--support-text');
  for (const needed of ['MS-CorrelationId: ', 'MS-RequestId: ', 'Status: 400, code 800009', cart.cartId])
    expect(support.stdout).toContain(needed);
  expect(support.stdout).not.toContain(stack.settings['PARTNER_CLIENT_SECRET']);
});

test('rows about which nothing more will be done are closed together, with a name; two people at once do no harm', async () => {
  const carts = stack.sandbox.createCarts({ count: 3, customers: 1, baskets: ['legacy'] });
  const refused = carts.map(({ cartId }) => cartId);
  stack.sandbox.set({ faults: [{ kind: 'error', http: 400, code: 800009, carts: refused }] });
  await send(carts, { batchId: 'to close' });
  await send([{ customerId: 'contoso', cartId: 'x' }], { batchId: 'to close' });
  await drained(stack, 80_000);
  stack.sandbox.set({ faults: [] });

  const unasked = await run('attention', 'close', '--batch', 'to close');
  expect(unasked.code).toBe(2);
  expect(unasked.stderr).toContain('Close 4 rows? Nobody can be asked here: add --yes. Nothing was changed.');
  expect((await run('attention', '--batch', 'to close')).stdout).toMatch(/^3 {2}failed {2}800009$/m);

  const close = ['--json', 'attention', 'close', '--batch', 'to close', '--kind', 'failed', '--yes'];
  const both = await Promise.all([run(...close), run(...close)]);
  const results = both.map(({ stdout }) => JSON.parse(stdout));
  // Whoever comes second finds them closed, or sees each row change under their hands.
  for (const result of results) expect(result.refused).toEqual([]);
  expect(Math.max(...results.map(({ closed, changed }) => closed + changed))).toBe(3);
  const left = await run('attention', '--batch', 'to close');
  expect(left.stdout).toMatch(/^1 {2}rejected /m);
  expect(left.stdout).not.toContain('failed');
  const all = await run('attention', '--batch', 'to close', '--all', '--each');
  expect(all.stdout.match(/ failed .*\[closed by \S+\]$/gm)).toHaveLength(3);

  expect((await run('attention', 'close', '--batch', 'to close', '--yes')).stdout).toContain('1 closed.');
  expect(await run('attention', 'close', '--batch', 'to close', '--yes')).toMatchObject({ code: 1 });
});

describe('a job that may have been bought', () => {
  const customerId = 'aaaaaaaa-0000-4000-8000-000000000001';
  const orderOf = (cart: CartRef) =>
    stack.sandbox.orderBook().find(({ cartId }) => cartId === cart.cartId)?.orderId ?? '';

  test('retry is refused; somebody else’s order is not taken; its own order settles it', async () => {
    const cart = await anUnresolvedJob(customerId);
    const refused = await run('retry', cart.customerId, cart.cartId, '--yes');
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain('may have been bought: a retry is refused');

    const shown = await run('resolve', cart.customerId, cart.cartId);
    expect(shown.code).toBe(1);
    expect(shown.stdout).toMatch(/Checkout calls:\n(.*\n)*.*400 800065/);
    const job = await run('job', cart.customerId, cart.cartId);
    expect(job.stdout).toContain('<b>PO  7</b>');

    const foreign = stack.sandbox.orderBook().find((order) => order.customerId !== customerId);
    await run('resolve', cart.customerId, cart.cartId, '--orders', foreign?.orderId ?? '', '--yes');
    await recordOnce(cart, ({ reason, lease }) => reason?.code === 'wrong-order' && lease === undefined);
    const again = await run(
      '--json',
      'resolve',
      cart.customerId,
      cart.cartId,
      '--orders',
      orderOf(cart),
      '--yes',
    );
    expect(JSON.parse(again.stdout)).toMatchObject({
      decided: true,
      jobKey: jobKeyOf(cart),
      decision: 'orders',
    });
    const { orders, decisions } = await recordOnce(cart, ({ state }) => state === 'completed');
    expect(orders.map(({ id }) => id)).toEqual([orderOf(cart)]);
    expect(decisions.map(({ decision }) => decision)).toEqual(['orders', 'orders']);
    const found = await run('job', '--customer', customerId, '--order', orderOf(cart));
    expect(found.stdout).toContain(cart.cartId);
    expect(stack.sandbox.orderBook().filter(({ cartId }) => cartId === cart.cartId)).toHaveLength(1);
  });
});

test('entries that somebody removed are found, and written again; then the job goes on', async () => {
  const [cart] = stack.sandbox.createCarts({ count: 1, customers: 1, baskets: ['legacy'] });
  if (cart === undefined) throw new Error('no cart');
  await send([cart], { notBefore: new Date(Date.now() + 3_600_000).toISOString() });
  const key = jobKeyOf(cart);
  await recordOnce(cart, ({ state }) => state === 'waiting');
  const { connectionString } = stack.tables;
  const { schedule } = azureTables({ kind: 'connection-string', connectionString });
  const entriesOf = async () => {
    const keys: string[] = [];
    for await (const row of schedule.rows({ partition: 'due', from: '', to: '~' }))
      if (row.key.endsWith(key)) keys.push(row.key);
    return keys;
  };
  await expect.poll(async () => (await entriesOf()).length).toBe(1);
  for (const entry of await entriesOf())
    await schedule.change({ kind: 'remove', partition: 'due', key: entry });
  const dry = await run('repair', '--dry-run');
  // A tick may have been faster: then nothing is missing any more.
  if ((await entriesOf()).length === 0) {
    expect(dry.code, dry.stderr).toBe(1);
    expect(dry.stdout).toContain(`${key}: no entry wakes it (it is waiting)`);
  }
  expect(await run('repair', '--yes')).toMatchObject({ code: 0 });
  expect(await entriesOf()).toHaveLength(1);
});

test('what cannot be understood, or is not there, is said in one sentence, with its exit code', async () => {
  const [customer, cart] = ['7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10', '2f9a6c1e-1a77-4d0b-8f3c-90f5b1e4c7aa'];
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [
      ['job', 'x; rm', cart],
      2,
      /CUSTOMER must be a GUID, like .*; it is a text of 5 characters that looks like several words/,
    ],
    [['job', customer, cart], 1, /Nothing is known of job/],
    [['job', `${customer}:cart:x`], 2, /A job is named by its key/],
    [['job', '--customer', customer, '--order', 'ABC'], 1, /No job of customer .* has this order: ABC/],
    [['retry'], 2, /Which jobs\?/],
    [['retry', '--code', '999', '--yes'], 1, /Nothing open matches/],
    [['retry', customer, cart, '--yes'], 1, /1 passed over: has no record in the ledger/],
    [['retry', '--code', '1', '--rate', 'fast'], 2, /--rate must be a number a second above 0/],
    [['attention', '--since', 'noon'], 2, /--since must be a length of time/],
    [['attention', 'close', '--yes'], 2, /Which rows\?/],
    [['resolve', `${customer}:cart:${cart}`, '--not-bought', '--yes'], 1, /Nothing is known of job/],
    [['resolve', customer, cart, '--not-bought', '--give-up'], 2, /One decision/],
    [['repair', '--dry-run'], 0, /every open job and every pending order has its entry/],
    [['batches'], 0, /Next: npx partner-checkout (batch|status)/],
    [['jobs'], 2, /Name a batch or a customer/],
    [['jobs', '--batch', 'nihgt'], 1, /Batch nihgt is not known/],
    [['limit'], 0, /calls a minute\. The worker adapts it between/],
    [['limit', '99999'], 2, /must be a whole number from/],
    [['pause', 'x', '--until', 'yesterday'], 2, /--until must be a time to come/],
    [['attention', 'take'], 2, /Which rows\?/],
    [['--version'], 0, /^\d+\.\d+\.\d+/],
    [['statos'], 2, /All commands: npx partner-checkout --help/],
    [['attention', '--batch', 'nihgt'], 1, /Batch nihgt is not known.* nothing was checked/],
    [['attention', '--code', 'nope'], 1, /No row, open or closed, has the code nope/],
    [['dead-letters', 'list'], 0, /No dead letters\./],
    [['dead-letters', 'list', '--sequence', '12345678'], 1, /No dead letters match/],
    [['dead-letters', 'requeue', '--sequence', 'x', '--yes'], 2, /--sequence takes numbers/],
    [['dead-letters', 'list', '--queue', 'nope'], 2, /has no queue of that name .*; it has checkout-jobs/],
  ];
  // A few at a time: each is a process, and the machine is small.
  const check = async ([args, code, words]: (typeof cases)[number]) => {
    const { stdout, stderr, code: ended } = await run(...args);
    expect(stdout + stderr, args.join(' ')).toMatch(words);
    expect(ended, `${args.join(' ')}: ${stderr}`).toBe(code);
    expect(stderr, args.join(' ')).not.toMatch(/\n {4}at /);
  };
  await pMap(cases, check, { concurrency: 4 });
});
