/** Draws a batch on the operator's page, as an operator sees it after a run: some carts failed, and some orders are pending. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ServiceBusClient } from '@azure/service-bus';
import { buildDist } from '../../local/build.ts';
import { queueName } from '../../local/stack.ts';
import { booksReader } from '../../local/verdict/books.ts';
import { openOperatorPage } from '../ui/operator-page.ts';

const root = new URL('../..', import.meta.url).pathname;
const batchId = 'night-2026-11-24';
const count = 240;
const limitMs = 180_000;
const ended: readonly string[] = ['ordered', 'completed', 'partial', 'failed'];

/** Writes the picture to `path`. Throws if the jobs have no result within three minutes. */
export async function drawOperatorPage(path: string): Promise<void> {
  const appRoot = await mkdtemp(join(tmpdir(), 'operator-picture-'));
  await buildDist(root, appRoot);
  const desk = await openOperatorPage(appRoot);
  const bus = new ServiceBusClient(desk.stack.broker.connectionString);
  try {
    const { sandbox, tables } = desk.stack;
    const carts = sandbox.createCarts({ count, customers: 16 });
    const refused = (from: number, to: number) => carts.slice(from, to).map(({ cartId }) => cartId);
    sandbox.set({
      faults: [
        {
          kind: 'error',
          http: 403,
          code: 13605,
          description: 'The customer has not accepted the Microsoft Customer Agreement.',
          carts: refused(3, 9),
        },
        {
          kind: 'error',
          http: 400,
          code: 800010,
          description: 'No inventory for the catalog item.',
          carts: refused(20, 23),
        },
      ],
    });
    const sender = bus.createSender(queueName);
    for (const [index, cart] of carts.entries()) {
      const job = { ...cart, batchId, batchSize: count, reference: `PO-2026-${index + 101}` };
      await sender.sendMessages({ body: Buffer.from(JSON.stringify(job)) });
    }
    const books = booksReader(tables.connectionString);
    const end = Date.now() + limitMs;
    while ((await books.read()).carts.filter(({ state }) => ended.includes(state)).length < count - 10) {
      if (Date.now() > end) throw new Error(`The jobs have no result after ${limitMs / 1_000} s.`);
      await pause(500);
    }
    const page = await desk.context.newPage();
    await page.setViewportSize({ width: 1_280, height: 1_000 });
    await page.goto(desk.address);
    await page.goto(`${desk.origin}/batches/one?id=${batchId}`);
    await page.screenshot({ path });
  } finally {
    await bus.close();
    await desk.close();
    await rm(appRoot, { recursive: true, force: true });
  }
}
