import * as z from 'zod/mini';
import type { Arm } from './arm.ts';
import { surplusPrincipals } from './roles-in-force.ts';

export interface Surroundings {
  readonly arm: Arm;
  /** Path of the resource group. */
  readonly group: string;
  /** Path of the function app. */
  readonly site: string;
  /** Object ids of those whom the templates give a role. */
  readonly principals: readonly string[];
  /** The answer of `/api/health`, with 200 or 503. Throws when there is none. */
  readonly health: () => Promise<unknown>;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

export interface Finding {
  readonly ok: boolean;
  readonly found: string;
}

const indexed = z.object({ value: z.array(z.object({ name: z.string() })) });

/** Azure does not always look at the triggers after a deployment (azure-functions-host 10169); then timer and queues stand still. */
export async function synchroniseTriggers({ arm, site }: Surroundings): Promise<Finding> {
  await arm.post(`${site}/host/default/sync`, '2022-03-01');
  return { ok: true, found: 'the triggers are synchronised' };
}

/** Compares the functions that the host has indexed with those of the code. Waits for them: a host takes some seconds to start. */
export async function functionsIndexed(
  { arm, site, now, sleep }: Surroundings,
  expected: readonly string[],
  withinMs: number,
): Promise<Finding> {
  const end = now() + withinMs;
  for (;;) {
    const { value } = indexed.parse(await arm.get(`${site}/functions`, '2024-04-01'));
    const found = new Set(value.map(({ name }) => name.split('/').at(-1) ?? name));
    const missing = expected.filter((name) => !found.has(name));
    if (missing.length === 0) return { ok: true, found: `${expected.length} functions are indexed` };
    if (now() >= end)
      return {
        ok: false,
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
      const { lastTick, reason } = healthShape.parse(await health());
      const proves = before !== undefined && before.ageSeconds < startedByRequestSeconds;
      if (proves && lastTick !== undefined && lastTick.at !== before?.at)
        return { ok: true, found: `the timer ticks: last at ${lastTick.at}` };
      before = lastTick;
      why =
        reason ?? (lastTick === undefined ? 'there was no tick yet' : `the last tick was at ${lastTick.at}`);
    } catch (error) {
      why = error instanceof Error ? error.message : String(error);
    }
    if (now() >= end)
      return { ok: false, found: `the timer made no tick within ${withinMs / 1_000} s: ${why}` };
    await sleep(5_000);
  }
}

/** Nobody has a role who is in no parameter any more. */
export async function rightsTaken({ arm, group, principals }: Surroundings): Promise<Finding> {
  const surplus = await surplusPrincipals(arm, group, principals);
  return surplus.length === 0
    ? { ok: true, found: 'nobody has a role but those whom the parameters name' }
    : {
        ok: false,
        found: `no parameter names ${surplus.join(', ')}, who still have roles: see "Take a right away" in docs/deploy.md`,
      };
}

/** All of it, in order; `looksAtRights`: for a person, because a right too many is no reason to repeat a deployment. What fails does not keep the rest from being looked at. */
export async function lookAfterDeployment(
  around: Surroundings,
  expected: readonly string[],
  looksAtRights: boolean,
): Promise<readonly Finding[]> {
  const looks = [
    () => synchroniseTriggers(around),
    () => functionsIndexed(around, expected, 120_000),
    // A tick that the request itself started may come first: two minutes for the timer's own, after it.
    () => tickSeen(around, 125_000),
    ...(looksAtRights ? [() => rightsTaken(around)] : []),
  ];
  const findings: Finding[] = [];
  for (const look of looks)
    findings.push(
      await look().catch((error: unknown) => ({
        ok: false,
        found: error instanceof Error ? error.message : String(error),
      })),
    );
  return findings;
}
