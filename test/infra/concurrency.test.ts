/** Promise: instances, locks and time limits in Azure fit the budget and the protocol. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import { fleetOf } from '../../local/cost/fleet.ts';
import { durationMs } from '../../src/adapters/service-bus/iso-duration.ts';
import { workerShare } from '../../src/domain/gate/gate-settings.ts';
import { defaultTimes } from '../../src/domain/times.ts';
import { all, appSettings, only } from './deployed.ts';
import { type Variant, variants } from './variants.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

const host = z
  .object({
    functionTimeout: z.string(),
    extensions: z.object({
      serviceBus: z.object({ maxConcurrentCalls: z.number(), maxAutoLockRenewalDuration: z.string() }),
    }),
  })
  .parse(JSON.parse(read('host.json')));
const { maxConcurrentCalls, maxAutoLockRenewalDuration } = host.extensions.serviceBus;

const scale = z.object({
  functionAppConfig: z.object({
    scaleAndConcurrency: z.object({
      maximumInstanceCount: z.number(),
      alwaysReady: z.array(z.object({ name: z.string(), instanceCount: z.number() })),
    }),
  }),
});
const scaleOf = (variant: Variant) =>
  scale.parse(only(variant, 'Microsoft.Web/sites').properties).functionAppConfig.scaleAndConcurrency;

/** Each of these has instances of its own; those of HTTP share theirs. */
const scaledAlone = [...read('functions/main.ts').matchAll(/\bapp\.(?:serviceBusQueue|timer)\('(\w+)'/g)].map(
  ([, name]) => `function:${name}`,
);

test.each(Object.keys(variants) as Variant[])('%s: as many instances as the budget keeps busy', (variant) => {
  const settings = appSettings(variant);
  const { instances } = fleetOf({
    callsPerMinute: Number(settings['CALLS_PER_MINUTE']),
    callsPerMinuteCeiling: Number(settings['CALLS_PER_MINUTE_CEILING']),
    workerShare,
    jobsPerInstance: maxConcurrentCalls,
  });
  // The limit is that of each function, not of all together (azure-rest-api-specs 45083).
  const { maximumInstanceCount, alwaysReady } = scaleOf(variant);
  const ready = Math.max(0, ...alwaysReady.map(({ instanceCount }) => instanceCount));
  expect(maximumInstanceCount).toBe(Math.max(instances, ready));
});

test('no instance waits for work unless somebody asks for it', () => {
  expect(scaleOf('least').alwaysReady).toEqual([]);
  expect(only('least', 'Microsoft.Web/serverfarms').properties).toMatchObject({ zoneRedundant: false });
  expect(scaleOf('alwaysReady').alwaysReady).toEqual(scaledAlone.map((name) => ({ name, instanceCount: 2 })));
  expect(only('alwaysReady', 'Microsoft.Web/serverfarms').properties).toMatchObject({ zoneRedundant: true });
});

test('the lock lasts as long as there is, is renewed for longer, and no function outlives its renewal', () => {
  const seconds = (text: string) => text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  const renewed = seconds(maxAutoLockRenewalDuration);
  expect(seconds(host.functionTimeout)).toBe(renewed);
  expect(defaultTimes.lockRenewed).toBe(renewed * 1_000);
  const queue = z.object({ lockDuration: z.string() });
  for (const { properties } of all('full', 'Microsoft.ServiceBus/namespaces/queues')) {
    const { lockDuration } = queue.parse(properties);
    expect(lockDuration).toBe('PT5M');
    expect(durationMs(lockDuration)).toBeLessThan(renewed * 1_000);
    // A lock outlasts the longest call, should every renewal of it fail.
    expect(durationMs(lockDuration)).toBeGreaterThan(defaultTimes.callTimeout);
  }
});

test('a message outlives the longest wait between two deliveries', () => {
  const longest = Math.max(defaultTimes.slowRetry, defaultTimes.askedRetry, defaultTimes.backoffMax);
  const queue = z.object({ defaultMessageTimeToLive: z.string() });
  for (const { properties } of all('full', 'Microsoft.ServiceBus/namespaces/queues'))
    expect(durationMs(queue.parse(properties).defaultMessageTimeToLive)).toBeGreaterThan(longest);
});
