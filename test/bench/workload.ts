import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { TableClient } from '@azure/data-tables';
import { enqueue } from '../../local/night/run-night.ts';
import type { Sandbox } from '../../local/partner-center/sandbox.ts';
import { queueName, type Stack, startStack } from '../../local/stack.ts';

export type { Stack } from '../../local/stack.ts';

export const root = join(import.meta.dirname, '../..');

type Options = Parameters<typeof startStack>[0];

/** A stack for one bench, stopped whatever happens. */
export async function withStack<T>(
  options: Omit<Options, 'appRoot'>,
  work: (stack: Stack) => Promise<T>,
): Promise<T> {
  const stack = await startStack({ ...options, appRoot: root });
  try {
    return await work(stack);
  } finally {
    await stack.stop();
  }
}

/** No waiting at Partner Center: what is left is our own. */
export const instant = {
  latency: { checkoutBase: 0, perGroup: [0, 0], sigma: 0, read: [0, 0] },
  pending: { licence: [0, 0], reservation: [0, 0], software: [0, 0], saas: [0, 0] },
  listLag: [0, 0],
} satisfies Parameters<Sandbox['set']>[0];

export async function sendCarts(
  stack: Stack,
  request: Extract<Parameters<Sandbox['createCarts']>[0], { count: number }>,
  more: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const refs = stack.sandbox.createCarts(request);
  await enqueue(
    stack,
    refs.map((ref, index) => ({ number: index + 1, body: { ...ref, ...more }, ...ref })),
  );
}

/** Resolves when nothing is left to do: the queue holds no message, and no job waits in the schedule. */
export async function drained(stack: Stack, limitMs: number): Promise<void> {
  const end = Date.now() + limitMs;
  for (;;) {
    const { active, locked, scheduled } = stack.broker.entity(queueName).counts();
    const messages = active + locked + scheduled;
    // The queue is looked at once more after the schedule: a wake-up moves a job from one to the other.
    if (messages === 0 && (await waitingJobs(stack)) === 0 && queueIsEmpty(stack)) return;
    if (Date.now() > end)
      throw new Error(
        `not done after ${limitMs} ms: ${active} active, ${locked} locked, ${scheduled} scheduled messages, ${await waitingJobs(stack)} jobs in the schedule`,
      );
    await pause(20);
  }
}

function queueIsEmpty({ broker }: Stack): boolean {
  const { active, locked, scheduled } = broker.entity(queueName).counts();
  return active + locked + scheduled === 0;
}

/** Entries of jobs in the schedule. */
export async function waitingJobs({ tables }: Stack): Promise<number> {
  const schedule = TableClient.fromConnectionString(tables.connectionString, 'Schedule', {
    allowInsecureConnection: true,
  });
  const filter = "(RowKey ge 'job:' and RowKey lt 'job;') or (RowKey ge 'urgent:' and RowKey lt 'urgent;')";
  let waiting = 0;
  try {
    for await (const _ of schedule.listEntities({ queryOptions: { filter, select: ['RowKey'] } }))
      waiting += 1;
  } catch (error) {
    // The worker makes the tables when it first runs.
    if (!(error instanceof Error && 'statusCode' in error && error.statusCode === 404)) throw error;
  }
  return waiting;
}

export const round = (value: number, digits = 3): number => Number(value.toFixed(digits));

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

/** The value that this share of the others is not above. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
