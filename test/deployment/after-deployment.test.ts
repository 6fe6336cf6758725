/** Promise: a deployment that does not work is noticed, and its fault is named. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lookAfterDeployment, type Surroundings } from '../../local/deployment/after-deployment.ts';
import { deployed } from '../../local/deployment/azd-environment.ts';
import { registeredFunctions } from '../../local/deployment/registered-functions.ts';
import { rolesTakeMs, untilRolesHold } from '../../local/deployment/roles-in-force.ts';
import type { ResourceManager } from '../../src/adapters/resource-manager/resource-manager.ts';

const source = readFileSync(join(import.meta.dirname, '../../functions/main.ts'), 'utf8');
const expected = registeredFunctions(source);

/** A world in which time passes only while somebody sleeps; ticks come at these seconds. */
function world(options: {
  readonly indexed?: readonly string[];
  readonly ticks: readonly number[];
  readonly requestsTick?: boolean;
}) {
  let now = 1_000_000;
  const start = now;
  const posted: string[] = [];
  const ticks = options.ticks.map((second) => start + second * 1_000);
  const manager: ResourceManager = {
    list: async () => (options.indexed ?? expected).map((name) => ({ name: `app/${name}` })),
    post: async (path) => void posted.push(path),
  };
  const around: Surroundings = {
    manager,
    site: '/site',
    now: () => now,
    sleep: async (ms) => {
      now += ms;
    },
    health: async () => {
      const last = ticks.filter((at) => at <= now).at(-1);
      const age = last === undefined ? Infinity : (now - last) / 1_000;
      if (options.requestsTick === true && age > 180) ticks.push(now + 1);
      return last === undefined ? {} : { lastTick: { at: new Date(last).toISOString(), ageSeconds: age } };
    },
  };
  return { around, posted, seconds: () => (now - start) / 1_000 };
}

test('the functions of the code are known', () => {
  expect(expected).toHaveLength(7);
  expect(expected).toContain('pollPendingOrders');
});

test('a deployment whose functions are indexed and whose timer ticks is fine', async () => {
  const { around, posted, seconds } = world({ ticks: [-30, 30, 90] });
  const findings = await lookAfterDeployment(around, expected);
  expect(findings.map(({ status }) => status)).toEqual(['ok', 'ok', 'ok']);
  expect(posted).toEqual(['/site/host/default/sync']);
  expect(seconds()).toBeLessThanOrEqual(30);
});

test('a function that is not indexed is named', async () => {
  const { around } = world({ indexed: expected.slice(1), ticks: [-30, 30, 90, 150, 210] });
  const findings = await lookAfterDeployment(around, expected);
  expect(findings.map(({ status }) => status)).toEqual(['ok', 'wrong', 'ok']);
  expect(findings[1]?.found).toContain(expected[0]);
});

test('a dead timer is noticed, though each health request starts a tick', async () => {
  const { around, seconds } = world({ ticks: [-400], requestsTick: true });
  const findings = await lookAfterDeployment(around, expected);
  expect(findings.map(({ status }) => status)).toEqual(['ok', 'ok', 'wrong']);
  expect(seconds()).toBeLessThan(135);
});

test('an app that does not answer is reported with its reason', async () => {
  const { around } = world({ ticks: [] });
  const findings = await lookAfterDeployment(
    { ...around, health: async () => Promise.reject(new Error('connect ECONNREFUSED')) },
    expected,
  );
  expect(findings[2]?.found).toMatch(/no tick within 125 s: connect ECONNREFUSED/);
});

test('a machine that may not call the app says so, and that is no fault of the deployment', async () => {
  const { around } = world({ ticks: [] });
  const findings = await lookAfterDeployment({ ...around, health: async () => undefined }, expected);
  expect(findings.map(({ status }) => status)).toEqual(['ok', 'ok', 'unknown']);
  expect(findings[2]?.found).toContain('ALLOWED_ADDRESSES');
});

test('new role assignments are waited for, old ones are not', () => {
  const now = Date.parse('2026-11-30T08:00:00Z');
  const made = (...ages: readonly number[]) =>
    ages.map((age) => ({
      name: 'a',
      principalId: 'b',
      roleDefinitionId: 'r',
      scope: '/c',
      createdAt: now - age,
    }));
  expect(untilRolesHold(made(10_000, 60_000), now)).toBe(rolesTakeMs - 10_000);
  expect(untilRolesHold(made(rolesTakeMs), now)).toBe(0);
  expect(untilRolesHold([], now)).toBe(0);
});

test('an environment of azd without its outputs says what is missing', () => {
  expect(() => deployed({ AZURE_SUBSCRIPTION_ID: 'x' })).toThrow(
    /lacks AZURE_RESOURCE_GROUP, AZURE_FUNCTION_NAME/,
  );
});
