/**
 * `npm run bench -- --only redrive`, or `node test/bench/redrive.ts [jobs] [--json file]`: retries so many failed jobs, and requeues so many dead letters, each killed with
 * SIGKILL in the middle and run again by two people at once; then the order book against the tables, order by order.
 * It measures what is lost and bought twice, not how fast it is: the sandbox answers at once.
 */
import { writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ServiceBusClient } from '@azure/service-bus';
import { buildDist } from '../../local/build.ts';
import type { CartRef } from '../../local/partner-center/sandbox.ts';
import { queueName, type Stack } from '../../local/stack.ts';
import { booksReader } from '../../local/verdict/books.ts';
import { compare } from '../../local/verdict/compare.ts';
import { azureTables } from '../../src/adapters/azure-tables/azure-tables.ts';
import { ledgerScan } from '../../src/adapters/azure-tables/ledger-scan-store.ts';
import { states } from '../../src/domain/checkout/record.ts';
import { cli, startCli } from '../support/cli.ts';
import { drained, instant, root, withStack } from './workload.ts';

export interface Drill {
  readonly jobs: number;
  /** How far the first run was when it was killed: decisions written, or dead letters removed. */
  readonly atKill: number;
  /** What the commands did in all; what is above `jobs` was done twice. */
  readonly sent: number;
  readonly completed: number;
  readonly lost: number;
  readonly boughtTwice: number;
  readonly different: number;
  readonly deadLetters: number;
  readonly openRows: number;
  readonly seconds: number;
}

const limitMs = 20 * 60_000;

/** Every job is refused for its lines; the lines are mended; all are retried. */
export async function drillRetry(stack: Stack, jobs: number): Promise<Drill> {
  const carts = stack.sandbox.createCarts({
    count: jobs,
    customers: Math.ceil(jobs / 20),
    baskets: ['legacy'],
  });
  const refused = carts.map(({ cartId }) => cartId);
  stack.sandbox.set({ faults: [{ kind: 'error', http: 400, code: 800009, carts: refused }] });
  await send(stack, carts);
  await drained(stack, limitMs);
  stack.sandbox.set({ faults: [] });
  const startedAt = Date.now();
  const args = ['retry', '--code', '800009', '--yes'];
  // Slowed, so that it can be met in the middle.
  const first = startCli(stack.settings, [...args, '--rate', `${Math.ceil(jobs / 6)}/s`]);
  const { connectionString } = stack.tables;
  const { checkouts } = azureTables({ kind: 'connection-string', connectionString });
  const decided = async (): Promise<number> => {
    let count = 0;
    const records = ledgerScan(checkouts, () => {});
    for await (const { decisions } of records.inState(states)) if (decisions.length > 0) count += 1;
    return count;
  };
  // It tells how far it is. To ask the tables for 5,000 records again and again would hold up everybody.
  let told = 0;
  first.child.stderr?.on('data', (text) => {
    told = Number(/(\d+) jobs? decided\s*$/.exec(String(text))?.[1] ?? told);
  });
  await killWhen(first, () => told >= jobs / 2);
  const atKill = await decided();
  const reports = await Promise.all(['ann', 'ben'].map(() => cli(stack.settings, ['--json', ...args])));
  await drained(stack, limitMs);
  const sent = atKill + reports.reduce((sum, { stdout }) => sum + sentIn(stdout), 0);
  return { jobs, atKill, sent, ...(await verdict(stack, carts)), seconds: since(startedAt) };
}

/** Every job is dead before a worker took it; all are requeued. */
export async function drillRequeue(stack: Stack, jobs: number): Promise<Drill> {
  const carts = stack.sandbox.createCarts({
    count: jobs,
    customers: Math.ceil(jobs / 20),
    baskets: ['legacy'],
  });
  await send(stack, carts);
  await buryAll(stack, jobs);
  const startedAt = Date.now();
  await stack.startWorker();
  const dead = () => stack.broker.entity(queueName).counts().deadLettered;
  const args = ['dead-letters', 'requeue', '--yes'];
  const first = startCli(stack.settings, args);
  await killWhen(first, () => dead() <= jobs / 2);
  const atKill = jobs - dead();
  const reports = await Promise.all(['ann', 'ben'].map(() => cli(stack.settings, ['--json', ...args])));
  await drained(stack, limitMs);
  const sent = atKill + reports.reduce((sum, { stdout }) => sum + sentIn(stdout), 0);
  return { jobs, atKill, sent, ...(await verdict(stack, carts)), seconds: since(startedAt) };
}

async function send(stack: Stack, carts: readonly CartRef[]): Promise<void> {
  const client = new ServiceBusClient(stack.broker.connectionString);
  const sender = client.createSender(queueName);
  for (let start = 0; start < carts.length; start += 100)
    await sender.sendMessages(
      carts.slice(start, start + 100).map((cart) => ({ body: Buffer.from(JSON.stringify(cart)) })),
    );
  await client.close();
}

async function buryAll(stack: Stack, jobs: number): Promise<void> {
  const client = new ServiceBusClient(stack.broker.connectionString);
  const receiver = client.createReceiver(queueName);
  for (let buried = 0; buried < jobs; ) {
    const messages = await receiver.receiveMessages(100, { maxWaitTimeInMs: 10_000 });
    if (messages.length === 0) throw new Error(`${buried} of ${jobs} messages came`);
    await Promise.all(
      messages.map((message) =>
        receiver.deadLetterMessage(message, {
          deadLetterReason: 'MaxDeliveryCountExceeded',
          deadLetterErrorDescription: 'a crash loop, played',
        }),
      ),
    );
    buried += messages.length;
  }
  await client.close();
}

async function killWhen({ child, ended }: ReturnType<typeof startCli>, isTime: () => boolean): Promise<void> {
  while (child.exitCode === null && child.signalCode === null) {
    if (isTime()) child.kill('SIGKILL');
    await setTimeout(1);
  }
  const { signal, stderr } = await ended;
  if (signal !== 'SIGKILL') throw new Error(`it ended before it was killed: ${stderr}`);
}

function sentIn(stdout: string): number {
  const report: unknown = JSON.parse(stdout);
  if (typeof report !== 'object' || report === null) return 0;
  const { decided, done }: { decided?: unknown; done?: unknown } = report;
  return Number(decided ?? done ?? 0);
}

/** The sandbox's book against the documented columns of the tables: nothing of the worker's own code is used. */
async function verdict(stack: Stack, carts: readonly CartRef[]) {
  const books = await booksReader(stack.tables.connectionString).read();
  const comparison = compare(stack.sandbox.orderBook(), books.orders);
  const states = new Map(books.carts.map(({ cartId, state }) => [cartId, state]));
  const open = await cli(stack.settings, ['--json', 'attention', '--each']);
  return {
    completed: carts.filter(({ cartId }) => states.get(cartId) === 'completed').length,
    lost: comparison.lost.length + carts.filter(({ cartId }) => !states.has(cartId)).length,
    boughtTwice: comparison.boughtTwice.length,
    different: comparison.invented.length + comparison.different.length,
    deadLetters: stack.broker.entity(queueName).counts().deadLettered,
    openRows: (JSON.parse(open.stdout) as readonly unknown[]).length,
  };
}

const since = (startedAt: number): number => Math.round((Date.now() - startedAt) / 100) / 10;

export const benchRedrive = async ({ jobs }: { readonly jobs: number }) => ({
  retry: await withStack({ factor: 100, switches: instant }, async (stack) => {
    await stack.startWorker();
    return drillRetry(stack, jobs);
  }),
  requeue: await withStack({ factor: 100, switches: instant }, (stack) => drillRequeue(stack, jobs)),
});

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    options: { json: { type: 'string' } },
    allowPositionals: true,
  });
  const jobs = Number(positionals[0] ?? 5_000);
  await buildDist(root);
  const report = await benchRedrive({ jobs });
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
}
