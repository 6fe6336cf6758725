/** Promise: a request to storage that explains something is in the portal; those that explain nothing cost nothing. */

import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { expect, test } from 'vitest';
import { storageTarget } from '../../src/adapters/telemetry/traced.ts';
import { withoutQuickStorage } from '../../src/adapters/telemetry/without-quick-storage.ts';

/** The names of the spans that are sent on. */
function sent(spans: readonly Partial<ReadableSpan>[]): readonly (string | undefined)[] {
  const names: (string | undefined)[] = [];
  const next: Partial<SpanProcessor> = { onEnd: ({ name }) => void names.push(name) };
  const processor = withoutQuickStorage(next as SpanProcessor);
  for (const span of spans) processor.onEnd(span as ReadableSpan);
  return names;
}

const span = (name: string, target: string, outcome: string, ms: number): Partial<ReadableSpan> => ({
  name,
  attributes: { 'peer.service': target, 'checkout.class': outcome },
  duration: [Math.floor(ms / 1_000), (ms % 1_000) * 1e6],
});

test('of the requests to storage, those that failed or were slow are sent', () => {
  expect(
    sent([
      span('quick', storageTarget, 'ok', 12),
      span('refused', storageTarget, 'refused', 249),
      span('failed', storageTarget, 'failed', 3),
      span('slow', storageTarget, 'ok', 250),
      span('slow and refused', storageTarget, 'refused', 61_000),
    ]),
  ).toEqual(['failed', 'slow', 'slow and refused']);
});

test('every other span is sent, however quick it was', () => {
  expect(
    sent([
      span('Partner Center checkout', 'Partner Center', 'ok', 1),
      span('events send', 'Service Bus', 'ok', 1),
      { name: 'checkout job', attributes: {}, duration: [0, 1] },
    ]),
  ).toEqual(['Partner Center checkout', 'events send', 'checkout job']);
});
