import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { queueName, type Stack } from '../../local/stack.ts';
import { booksReader } from '../../local/verdict/books.ts';
import { maxLines } from '../../src/operator/list/read-list.ts';
import { startCli } from '../support/cli.ts';
import { drained, instant, round, withStack } from './workload.ts';

const lines = 10_000;

/**
 * A list of 10,000 sent beside the client's own batches; the same killed in the middle and run again; the memory of
 * the longest list. Not measured: a real namespace, whose throttling sets the pace there.
 */
export async function benchEnqueue(): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'checkout-bench-enqueue-'));
  try {
    return {
      rate: await withStack({ factor: 100 }, (stack) => rate(stack, folder)),
      killed: await withStack({ factor: 100, switches: instant }, (stack) => killed(stack, folder)),
      longest: await withStack({ factor: 100 }, (stack) => memory(stack, folder)),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Ref {
  readonly customerId: string;
  readonly cartId: string;
}

function writeList(path: string, count: number, refAt: (index: number) => Ref): void {
  const file = openSync(path, 'w');
  let text = 'customerId,cartId,reference\n';
  for (let index = 0; index < count; index += 1) {
    const { customerId, cartId } = refAt(index);
    text += `${customerId},${cartId},PO-${index}\n`;
    if (text.length < 1_000_000 && index < count - 1) continue;
    writeSync(file, text);
    text = '';
  }
  closeSync(file);
}

const someCart = (): Ref => ({ customerId: randomUUID(), cartId: randomUUID() });

async function rate(stack: Stack, folder: string) {
  const list = join(folder, 'rate.csv');
  writeList(list, lines, someCart);
  const child = join(import.meta.dirname, './enqueue-child.ts');
  const args = [child, stack.broker.connectionString, queueName, list, '5'];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const rounds: { bare: number; sendOnly: number; whole: number }[] = JSON.parse(stdout);
  const median = (pick: (of: (typeof rounds)[number]) => number): number =>
    rounds.map(pick).sort((a, b) => a - b)[Math.floor(rounds.length / 2)] ?? Number.NaN;
  return {
    barePerSecond: median(({ bare }) => bare),
    sentPerSecond: median(({ sendOnly }) => sendOnly),
    withCheckPerSecond: median(({ whole }) => whole),
    ratio: round(median(({ bare, sendOnly }) => sendOnly / bare)),
    ratioWithCheck: round(median(({ bare, whole }) => whole / bare)),
  };
}

async function killed(stack: Stack, folder: string) {
  const refs = stack.sandbox.createCarts({ count: lines, customers: 500, baskets: ['legacy'] });
  const list = join(folder, 'killed.csv');
  writeList(list, lines, (index) => refs[index] ?? someCart());
  const first = startCli(stack.settings, ['enqueue', list]);
  const active = () => stack.broker.entity(queueName).counts().active;
  while (active() < lines / 4 && first.child.exitCode === null) await pause(2);
  first.child.kill('SIGKILL');
  await first.ended;
  const atKill = active();
  const second = await startCli(stack.settings, ['--json', 'enqueue', list]).ended;
  const { sent }: { sent: number } = JSON.parse(second.stdout);
  const messages = active();
  await stack.startWorker();
  await drained(stack, 15 * 60_000);
  const { carts } = await booksReader(stack.tables.connectionString).read();
  const completed = new Set(carts.filter(({ state }) => state === 'completed').map(({ cartId }) => cartId));
  const orders = Map.groupBy(stack.sandbox.orderBook(), ({ cartId }) => cartId);
  return {
    lines,
    atKill,
    sent,
    messages,
    inTheLedger: carts.length,
    lost: refs.filter(({ cartId }) => !completed.has(cartId)).length,
    boughtTwice: [...orders.values()].filter((list) => list.length > 1).length,
  };
}

async function memory(stack: Stack, folder: string) {
  const list = join(folder, 'longest.csv');
  writeList(list, maxLines, someCart);
  const main = join(import.meta.dirname, '../../src/cli/main.js');
  const child = spawn(process.execPath, [main, '--json', 'enqueue', list], {
    env: { PATH: process.env['PATH'], ...stack.settings },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let stdout = '';
  child.stdout.on('data', (text) => {
    stdout += text;
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let peakKiB = 0;
  while (child.exitCode === null && child.signalCode === null) {
    peakKiB = Math.max(peakKiB, peakOf(child.pid));
    await Promise.race([ended, pause(100)]);
  }
  await ended;
  const { sent, seconds }: { sent: number; seconds: number } = JSON.parse(stdout);
  return { sent, secondsOfSending: round(seconds, 1), peakMiB: Math.round(peakKiB / 1_024) };
}

/** The most that a process ever had in memory, as Linux keeps it. */
function peakOf(pid: number | undefined): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
