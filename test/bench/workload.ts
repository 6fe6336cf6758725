import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
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

/** Resolves when the queue holds nothing: every message was completed, and no copy waits. */
export async function drained(stack: Stack, limitMs: number): Promise<void> {
  const end = Date.now() + limitMs;
  for (;;) {
    const { active, locked, scheduled } = stack.broker.entity(queueName).counts();
    if (active + locked + scheduled === 0) return;
    if (Date.now() > end)
      throw new Error(`the queue is not empty after ${limitMs} ms: ${active} ${locked} ${scheduled}`);
    await pause(20);
  }
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
