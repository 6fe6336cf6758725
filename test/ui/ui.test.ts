/**
 * Promise: the page for operators serves the person at the terminal alone, and does what the command line
 * does.
 */

/**
 * The operator's page keeps its promises: only the person at this terminal can use it, every page is accessible on small and large
 * screens, and each action has its effect in the tables.
 */
import { readFileSync } from 'node:fs';
import { ServiceBusClient } from '@azure/service-bus';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { CartRef } from '../../local/partner-center/sandbox.ts';
import { queueName } from '../../local/stack.ts';
import { attentionRows } from '../../src/adapters/azure-tables/attention-table.ts';
import { azureTables } from '../../src/adapters/azure-tables/azure-tables.ts';
import { openStores } from '../../src/adapters/azure-tables/stores.ts';
import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import { recordFigure } from './figures.ts';
import { axeViolations, layoutShift, type OperatorPage, openOperatorPage } from './operator-page.ts';

const hostile = '<img src=x onerror=alert(1)>"\'';
let desk: OperatorPage;
let bus: ServiceBusClient;
let tables: ReturnType<typeof azureTables>;
let page: Page;
const pageErrors: string[] = [];

const stores = () => openStores(tables, () => {});
const recordOf = async (cart: CartRef) => (await stores().ledger.read(jobKeyOf(cart)))?.value;
const send = (carts: readonly CartRef[], more: Record<string, unknown>) =>
  bus
    .createSender(queueName)
    .sendMessages(carts.map((cart) => ({ body: Buffer.from(JSON.stringify({ ...cart, ...more })) })));
const stateOf = (cart: CartRef) =>
  expect.poll(async () => (await recordOf(cart))?.state, { timeout: 90_000 });

function newCarts(count: number): readonly CartRef[] {
  return desk.stack.sandbox.createCarts({ count, customers: 2, baskets: ['legacy'] });
}

/** Three jobs of the batch `night` fail because an agreement is missing; one message is no job. */
let refused: readonly CartRef[];

beforeAll(async () => {
  desk = await openOperatorPage(inject('appRoot'));
  bus = new ServiceBusClient(desk.stack.broker.connectionString);
  tables = azureTables({ kind: 'connection-string', connectionString: desk.stack.tables.connectionString });
  refused = newCarts(3);
  desk.stack.sandbox.set({
    faults: [{ kind: 'error', http: 403, code: 13605, carts: refused.map(({ cartId }) => cartId) }],
  });
  await send(refused, { batchId: 'night', batchSize: 5, reference: hostile });
  await send(newCarts(2), { batchId: 'night', batchSize: 5 });
  await bus.createSender(queueName).sendMessages({ body: Buffer.from('no job'), messageId: hostile });
});
afterAll(async () => {
  await bus?.close();
  await desk?.close();
});

const counts = { attacks: 0, refused: 0, actions: 0, violations: 0 };
/** A request that nobody may make. */
function refuses(status: number): void {
  counts.attacks += 1;
  if (status === 403) counts.refused += 1;
  expect(status).toBe(403);
}
/** What a person did has its effect in the tables. */
const hasEffect = (): void => {
  counts.actions += 1;
};
afterAll(() => {
  recordFigure('attacks', counts.attacks);
  recordFigure('attacksRefused', counts.refused);
  recordFigure('actionsWithEffect', counts.actions);
  recordFigure('axeViolations', counts.violations);
});

describe('who may use it', () => {
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${desk.origin}${path}`, { headers });

  test('nobody without the token: no cookie, a wrong token, a wrong cookie', async () => {
    for (const [path, headers] of [
      ['/', {}],
      ['/?token=wrong', {}],
      ['/batches/results.csv?id=night', {}],
      ['/assets/style.css', {}],
      ['/', { cookie: `partner-checkout-${new URL(desk.origin).port}=wrong` }],
    ] as const)
      refuses((await get(path, headers)).status);
  });

  test('the token works once, for a cookie that scripts and other sites cannot use', async () => {
    page = await desk.context.newPage();
    page.on('pageerror', (error) => pageErrors.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') pageErrors.push(message.text());
    });
    await page.goto(desk.address);
    expect(page.url()).toBe(`${desk.origin}/`);
    const [cookie] = await desk.context.cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/' });
    refuses((await fetch(desk.address, { redirect: 'manual' })).status);
  });

  test('the token stands in no process list, and in no page', async () => {
    const token = new URL(desk.address).searchParams.get('token') ?? '';
    expect(token.length).toBeGreaterThan(40);
    const { pid } = desk.ui.child;
    for (const file of ['cmdline', 'environ'])
      expect(readFileSync(`/proc/${pid}/${file}`, 'utf8')).not.toContain(token);
    expect(await page.content()).not.toContain(token);
  });

  test('with the cookie: another host, another origin and a plain form are refused, and change nothing', async () => {
    const [cookie] = await desk.context.cookies();
    const signedIn = { cookie: `${cookie?.name}=${cookie?.value}` };
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const post = (headers: Record<string, string>) =>
      fetch(`${desk.origin}/pause`, {
        method: 'POST',
        headers: { ...signedIn, ...form, ...headers },
        body: 'reason=x&sure=yes',
      });
    const own = { origin: desk.origin, 'x-partner-checkout': 'page' };
    refuses((await post({})).status);
    refuses((await post({ ...own, origin: 'https://evil.example' })).status);
    refuses((await post({ origin: desk.origin })).status);
    refuses((await rawGet(signedIn.cookie, 'evil.example')).includes(' 403 ') ? 403 : 0);
    expect((await rawGet(signedIn.cookie, new URL(desk.origin).host)).includes(' 200 ')).toBe(true);
    const answer = await get('/', signedIn);
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await answer.text()).toContain('Open');
  });
});

/** One request with any `Host`, which fetch does not allow. Resolves to the first line of the answer. */
async function rawGet(cookie: string, host: string): Promise<string> {
  const { connect } = await import('node:net');
  const { port } = new URL(desk.origin);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1', () =>
      socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nCookie: ${cookie}\r\nConnection: close\r\n\r\n`),
    );
    socket.once('data', (data) => {
      resolve(data.toString('utf8').split('\r\n')[0] ?? '');
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

test('the three jobs fail', async () => {
  for (const cart of refused) await stateOf(cart).toBe('failed');
  desk.stack.sandbox.set({ faults: [] });
});

describe('every page', () => {
  const paths = () => [
    '/',
    '/batches',
    '/batches/one?id=night',
    '/batches/one?id=unknown',
    '/attention',
    '/attention/rows?kind=failed&code=13605',
    '/attention/rows?kind=rejected',
    '/jobs',
    `/jobs?customer=${refused[0]?.customerId}`,
    `/jobs/one?key=${refused[0] === undefined ? '' : jobKeyOf(refused[0])}`,
    '/nowhere',
  ];

  test.each(['light', 'dark'] as const)(
    'is accessible in %s, and fits 390 and 1280 pixels',
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme });
      for (const path of paths())
        for (const width of [390, 1_280]) {
          await page.setViewportSize({ width, height: 900 });
          await page.goto(`${desk.origin}${path}`);
          const violations = await axeViolations(page);
          counts.violations += violations.length;
          expect(violations, `${path} at ${width}`).toEqual([]);
          expect(
            await page.evaluate<number>('document.documentElement.scrollWidth'),
            path,
          ).toBeLessThanOrEqual(width);
        }
      await page.setViewportSize({ width: 1_280, height: 900 });
      recordFigure('pages', paths().length);
      recordFigure('widths', [390, 1_280]);
    },
  );

  test('a hostile reference and a hostile message id are text', async () => {
    for (const path of [
      '/attention/rows?kind=failed',
      '/attention/rows?kind=rejected',
      `/jobs?customer=${refused[0]?.customerId}`,
    ]) {
      await page.goto(`${desk.origin}${path}`);
      expect(await page.locator('main img').count()).toBe(0);
    }
    await page.goto(`${desk.origin}/attention/rows?kind=failed`);
    expect(await page.locator('main').innerText()).toContain(hostile);
  });

  test('nothing moves when the overview refreshes itself', async () => {
    await page.goto(`${desk.origin}/`);
    await page.locator('#overview').waitFor();
    await page.waitForResponse((answer) => answer.url().endsWith('/overview'));
    const shift = await layoutShift(page);
    recordFigure('layoutShift', shift);
    expect(shift).toBeLessThan(0.001);
  });
});

describe('what a person does', () => {
  test('finds last night’s failures by missing agreement, retries them and sees them complete, in six clicks', async () => {
    let clicks = 0;
    const click = async (name: RegExp) => {
      clicks += 1;
      await page.getByRole('link', { name }).or(page.getByRole('button', { name })).first().click();
    };
    await page.goto(`${desk.origin}/`);
    await click(/^Attention$/);
    await click(/failed rows: 13605/);
    await click(/^Retry: check first/);
    await page
      .getByText('3 rows of 3 can be done')
      .or(page.getByText(/3 rows\s+of 3/))
      .first()
      .waitFor();
    expect((await recordOf(refused[0] as CartRef))?.decision).toBeUndefined();
    await click(/^Retry: 3 rows, as /);
    await page.getByRole('status').waitFor();
    expect(await page.locator('#result').innerText()).toMatch(/3 rows of 3 done by .*@/);
    for (const cart of refused) await stateOf(cart).toBe('completed');
    await click(new RegExp(refused[0] === undefined ? '' : jobKeyOf(refused[0])));
    await page.getByText('completed', { exact: true }).first().waitFor();
    expect(clicks).toBeLessThanOrEqual(6);
    recordFigure('clicksToRetry', clicks);
    hasEffect();
  });

  test('does the same by keys alone', async () => {
    const [cart] = newCarts(1);
    if (cart === undefined) throw new Error('no cart');
    desk.stack.sandbox.set({ faults: [{ kind: 'error', http: 400, code: 800009, carts: [cart.cartId] }] });
    await send([cart], { batchId: 'keys' });
    await stateOf(cart).toBe('failed');
    desk.stack.sandbox.set({ faults: [] });
    await page.goto(`${desk.origin}/attention`);
    await press(/failed row: 800009/);
    await page.waitForURL(/attention\/rows/);
    await press(/^Retry: check first/);
    await page.getByText('Nothing was written yet').waitFor();
    await press(/^Retry: 1 row, as /);
    await page.getByRole('status').waitFor();
    await stateOf(cart).toBe('completed');
    hasEffect();
  });

  /** Walks with the tab key until the named link or button has the focus, then presses Enter. */
  async function press(name: RegExp): Promise<void> {
    for (let steps = 0; steps < 60; steps += 1) {
      await page.keyboard.press('Tab');
      const text = await page.evaluate<string>('document.activeElement.textContent.trim()');
      if (name.test(text)) {
        await page.keyboard.press('Enter');
        return;
      }
    }
    throw new Error(`The tab key reaches no ${name}`);
  }

  test('closes a rejected message, with a name', async () => {
    await page.goto(`${desk.origin}/attention/rows?kind=rejected`);
    await page.getByRole('button', { name: /^Close the rows: check first/ }).click();
    await page.getByRole('button', { name: /^Close the rows: 1 row, as / }).click();
    await page.getByRole('status').waitFor();
    const open = [];
    for await (const row of attentionRows(tables.attention).list({ kind: 'rejected', all: true }))
      open.push(row);
    expect(open).toMatchObject([{ open: false, closedBy: expect.stringContaining('@') }]);
    hasEffect();
  });

  test('pauses with a reason, and resumes', async () => {
    const gate = async () => (await tables.gate.get('gate', 'gate'))?.properties;
    await page.goto(`${desk.origin}/`);
    await page.getByLabel('Reason for the others').fill('the portal is down');
    await page.getByLabel('Yes, pause all calls').check();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    expect(JSON.stringify(await gate())).toContain('the portal is down');
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    expect((await gate())?.['pausedBy']).toBe('');
    hasEffect();
    hasEffect();
  });

  test('gives up a job that may have been bought, for the revision that the page showed', async () => {
    const cart = await anUnresolvedJob();
    const decision = (): Promise<string> => page.locator('#decision').innerText();
    const giveUp = async () => {
      const form = page.locator('form', { hasText: 'Give up' });
      await form.getByLabel('I am sure').check();
      await form.getByRole('button').click();
      await page.locator('#decision p').first().waitFor();
    };
    await page.goto(`${desk.origin}/jobs/one?key=${jobKeyOf(cart)}`);
    await page
      .locator('form', { hasText: 'Give up' })
      .locator('input[name=revision]')
      .evaluate((field) => field.setAttribute('value', '999'));
    await giveUp();
    expect(await decision()).toContain('changed since this page was shown');
    await page.goto(`${desk.origin}/jobs/one?key=${jobKeyOf(cart)}`);
    await giveUp();
    expect(await decision()).toContain('give-up decided by');
    await stateOf(cart).toBe('failed');
    hasEffect();
  });

  test('downloads the results of a batch and reads its report', async () => {
    const [cookie] = await desk.context.cookies();
    const headers = { cookie: `${cookie?.name}=${cookie?.value}` };
    const csv = await (await fetch(`${desk.origin}/batches/results.csv?id=night`, { headers })).text();
    expect(csv.split('\r\n').filter((line) => line !== '')).toHaveLength(6);
    await page.goto(`${desk.origin}/batches/report?id=night`);
    expect(await page.locator('h1').innerText()).toContain('5 carts');
  });

  test('no page logged an error', () => {
    // Answers that are meant to be refused are not errors of the page.
    expect(pageErrors.filter((text) => !/403|404/.test(text))).toEqual([]);
  });
});

/** Bought, the answer lost; the repeat says "already submitted", and the order list hides the order for hours. */
async function anUnresolvedJob(): Promise<CartRef> {
  const [cart] = newCarts(1);
  if (cart === undefined) throw new Error('no cart');
  desk.stack.sandbox.set({
    contract: 'already-submitted',
    forgetRequestIds: true,
    listLag: [10 * 3_600_000, 10 * 3_600_000],
    faults: [{ kind: 'drop', when: 'after', carts: [cart.cartId], count: 1 }],
  });
  await send([cart], {});
  await expect
    .poll(
      async () => {
        const record = await recordOf(cart);
        return record?.state === 'unresolved' && record.repeated !== undefined && record.lease === undefined;
      },
      { timeout: 90_000 },
    )
    .toBe(true);
  desk.stack.sandbox.set({ faults: [], listLag: [0, 0] });
  return cart;
}
