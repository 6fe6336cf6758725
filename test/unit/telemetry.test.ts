/** Promise: every documented event and metric is reported by some code. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lateTelemetry } from '../../src/adapters/telemetry/late.ts';
import { measuresOf } from '../../src/adapters/telemetry/measures.ts';
import { classOf } from '../../src/adapters/telemetry/traced.ts';
import { nothingDone } from '../../src/domain/tick-report.ts';
import { events } from '../../src/ports/telemetry.ts';
import { metrics, untraced } from '../../src/ports/tracing.ts';

const tick = { ...nothingDone, stopped: undefined };
const root = join(import.meta.dirname, '../../src');
const source = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && file !== 'telemetry.ts' && file !== 'tracing.ts')
  .map((file) => readFileSync(join(root, file), 'utf8'))
  .join('\n');

test.each(Object.keys(events))('the event %s is told by some code', (name) => {
  expect(source).toContain(`'${name}'`);
});

test.each(Object.keys(metrics))('the metric %s is measured by some code', (name) => {
  expect(source).toContain(`'${name}'`);
});

describe('an event moves its metrics', () => {
  test('a finished job counts by outcome, and its length in seconds', () => {
    expect(measuresOf('JobFinished', { outcome: 'failed', totalMs: 1_500 })).toEqual([
      { metric: 'checkout.jobs', value: 1, attributes: { outcome: 'failed' } },
      { metric: 'checkout.job.duration', value: 1.5, attributes: { outcome: 'failed' } },
    ]);
  });
  test('the gate tells how long it was closed when it opens, and nothing when it closes', () => {
    expect(measuresOf('GateChanged', { state: 'closed', cause: 'throttled' })).toEqual([]);
    expect(measuresOf('GateChanged', { state: 'open', cause: 'throttled', closedMs: 30_000 })).toEqual([
      { metric: 'checkout.gate.closed', value: 30, attributes: { cause: 'throttled' } },
    ]);
  });
});

test.each([
  [{ kind: 'answer', status: 201, body: '', ms: 1 }, 'ok'],
  [{ kind: 'answer', status: 429, body: '', ms: 1 }, 'throttled'],
  [{ kind: 'answer', status: 401, body: '', ms: 1 }, 'auth'],
  [{ kind: 'answer', status: 400, body: '', ms: 1 }, 'refused'],
  [{ kind: 'answer', status: 503, body: '', ms: 1 }, 'failed'],
  [{ kind: 'no-answer', executed: 'unknown', failure: 'reset', ms: 1 }, 'none'],
  [{ kind: 'no-answer', executed: 'no', credential: true, failure: 'no token', ms: 1 }, 'no-token'],
  [{ kind: 'no-answer', executed: 'no', stale: true, failure: 'its time had passed', ms: 1 }, 'held-back'],
] as const)('the class of a call: %o is %s', (exchange, expected) => {
  expect(classOf(exchange)).toBe(expected);
});

describe('telemetry that is loaded late', () => {
  const heard = () => {
    const lines: string[] = [];
    const telemetry = {
      event: (name: string) => lines.push(name),
      warn: (message: string) => lines.push(message),
    };
    return { lines, telemetry };
  };
  test('the console has the events until it is there; warnings go to both', async () => {
    const first = heard();
    const second = heard();
    const late = lateTelemetry(first.telemetry, async () => ({
      ...untraced,
      ...second.telemetry,
      shutdown: async () => {},
    }));
    late.event('PollTick', tick);
    await late.start();
    late.event('BatchFinished', { batchId: 'b', total: 1, completed: 1, partial: 0, failed: 0, rejected: 0 });
    late.warn('storage is slow');
    expect(first.lines).toEqual(['PollTick', 'storage is slow']);
    expect(second.lines).toEqual(['BatchFinished', 'storage is slow']);
  });
  test('one that cannot be loaded costs a warning, and nothing else', async () => {
    const { lines, telemetry } = heard();
    const late = lateTelemetry(telemetry, () => Promise.reject(new Error('no such place')));
    await late.start();
    late.event('PollTick', tick);
    await late.shutdown();
    expect(lines).toEqual([
      'There is no telemetry but this console: it could not be loaded: no such place',
      'PollTick',
    ]);
  });
});
