import * as z from 'zod/mini';
import type { ResourceManager } from '../../src/adapters/resource-manager/resource-manager.ts';

export interface Surroundings {
  readonly manager: ResourceManager;
  /** Path of the function app. */
  readonly site: string;
  /** The answer of `/api/health`, with 200 or 503. Throws when there is none. Undefined: this machine may not call the app. */
  readonly health: () => Promise<unknown>;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

export interface Finding {
  /** `unknown`: it could not be looked at from here, and that is no fault of the deployment. */
  readonly status: 'ok' | 'wrong' | 'unknown';
  readonly found: string;
}

const indexed = z.array(z.object({ name: z.string() }));

/** Azure does not always look at the triggers after a deployment (azure-functions-host 10169); then timer and queues stand still. */
export async function synchroniseTriggers({ manager, site }: Surroundings): Promise<Finding> {
  await manager.post(`${site}/host/default/sync`, '2022-03-01');
  return { status: 'ok', found: 'the triggers are synchronised' };
}

/** Compares the functions that the host has indexed with those of the code. Waits for them: a host takes some seconds to start. */
export async function functionsIndexed(
  { manager, site, now, sleep }: Surroundings,
  expected: readonly string[],
  withinMs: number,
): Promise<Finding> {
  const end = now() + withinMs;
  for (;;) {
    const listed = indexed.parse(await manager.list(`${site}/functions`, '2024-04-01'));
    const found = new Set(listed.map(({ name }) => name.split('/').at(-1) ?? name));
    const missing = expected.filter((name) => !found.has(name));
    if (missing.length === 0) return { status: 'ok', found: `${expected.length} functions are indexed` };
    if (now() >= end)
      return {
        status: 'wrong',
        found: `${found.size} of ${expected.length} functions are indexed; missing: ${missing.join(', ')}. Look at the log stream, and at the reason in /api/health.`,
      };
    await sleep(5_000);
  }
}

const healthShape = z.object({
  reason: z.optional(z.string()),
  lastTick: z.optional(z.object({ at: z.string(), ageSeconds: z.number() })),
});

/** A health request starts a tick itself when the last one is older than this (3 min), so only a younger one proves the timer. */
const startedByRequestSeconds = 180;

/** Waits for a tick that the timer made. */
export async function tickSeen({ health, now, sleep }: Surroundings, withinMs: number): Promise<Finding> {
  const end = now() + withinMs;
  let before: { readonly at: string; readonly ageSeconds: number } | undefined;
  let why = 'no answer';
  for (;;) {
    try {
      const answer = await health();
      if (answer === undefined)
        return {
          status: 'unknown',
          found:
            'whether the timer ticks cannot be seen from here: ALLOWED_ADDRESSES or PRIVATE keeps this machine out. Look at "Last tick" in the workbook.',
        };
      const { lastTick, reason } = healthShape.parse(answer);
      const proves = before !== undefined && before.ageSeconds < startedByRequestSeconds;
      if (proves && lastTick !== undefined && lastTick.at !== before?.at)
        return { status: 'ok', found: `the timer ticks: last at ${lastTick.at}` };
      before = lastTick;
      why =
        reason ?? (lastTick === undefined ? 'there was no tick yet' : `the last tick was at ${lastTick.at}`);
    } catch (error) {
      why = error instanceof Error ? error.message : String(error);
    }
    if (now() >= end)
      return { status: 'wrong', found: `the timer made no tick within ${withinMs / 1_000} s: ${why}` };
    await sleep(5_000);
  }
}

/** All of it, in order. What fails does not keep the rest from being looked at. */
export async function lookAfterDeployment(
  around: Surroundings,
  expected: readonly string[],
): Promise<readonly Finding[]> {
  const looks = [
    () => synchroniseTriggers(around),
    () => functionsIndexed(around, expected, 120_000),
    // A tick that the request itself started may come first: two minutes for the timer's own, after it.
    () => tickSeen(around, 125_000),
  ];
  const findings: Finding[] = [];
  for (const look of looks)
    findings.push(
      await look().catch((error: unknown) => ({
        status: 'wrong',
        found: error instanceof Error ? error.message : String(error),
      })),
    );
  return findings;
}
