/** Promise: what a tick reports of the fleet keeps its beginning until it is over. */

import { expect, test } from 'vitest';
import {
  fleetState,
  type Memory,
  noMemory,
  readMemory,
  type Seen,
  type Sweep,
  swept,
  writeMemory,
} from '../../src/domain/fleet-state.ts';
import { defaultTimes } from '../../src/domain/times.ts';

const minute = 60_000;
const nothing: Seen = {
  attention: [],
  late: [],
  oldestPending: undefined,
  oldestJob: undefined,
  credentialEndsAt: undefined,
  gate: { state: 'open' },
};

/** One tick a minute: what each reported. */
function ticks(seen: readonly Partial<Seen>[]) {
  let memory: Memory = noMemory;
  return seen.map((change, n) => {
    const told = fleetState({ ...nothing, ...change }, memory.states, n * minute, defaultTimes);
    // As a row of the table keeps it.
    memory = readMemory(writeMemory({ ...memory, states: told.states }));
    return told.state;
  });
}

test('rows for people keep their beginning while one of them is open, and lose it with the last', () => {
  const open = (count: number, since?: number) => ({
    attention: [{ kind: 'failed' as const, open: count, ...(since === undefined ? {} : { since }) }],
  });
  const told = ticks([open(2, 5), open(3, 5), open(1, 90_000), open(0), open(1, 200_000)]);
  expect(told.map(({ attention }) => attention[0])).toEqual([
    { kind: 'failed', open: 2, since: 5 },
    { kind: 'failed', open: 3, since: 5 },
    { kind: 'failed', open: 1, since: 5 },
    { kind: 'failed', open: 0 },
    { kind: 'failed', open: 1, since: 200_000 },
  ]);
});

test('a late batch keeps its beginning, each its own', () => {
  const late = (batchId: string, carts: number, since: number) => ({ batchId, carts, since });
  const told = ticks([
    { late: [late('a', 2, 10)] },
    { late: [late('a', 1, 70), late('b', 1, 60)] },
    { late: [late('b', 1, 60)] },
  ]);
  expect(told.map((state) => state.late)).toEqual([
    [late('a', 2, 10)],
    [late('b', 1, 60), late('a', 1, 10)].sort((one, other) => (one.since - other.since === 0 ? 0 : 1)),
    [late('b', 1, 60)],
  ]);
});

test('one incident of the gate has one beginning and one cause, though it opens in between and closes for another', () => {
  const closed = (cause: string, since: number) => ({ gate: { state: 'closed' as const, cause, since } });
  const told = ticks([
    closed('throttled', -30_000),
    {},
    closed('breaker', 2 * minute),
    { gate: { state: 'trial', cause: 'breaker', since: 2 * minute } },
    ...Array.from({ length: 12 }, () => ({})),
    closed('breaker', 16 * minute),
  ]);
  const first = { since: -30_000, cause: 'throttled' };
  expect(told.slice(0, 14).map(({ gateTrouble }) => gateTrouble)).toEqual(
    Array.from({ length: 14 }, () => first),
  );
  // Ten minutes open: it was cured.
  expect(told[14]?.gateTrouble).toBeUndefined();
  expect(told[16]?.gateTrouble).toEqual({ since: 16 * minute, cause: 'breaker' });
});

test('a gate that nobody has tried yet is no part of the incident that comes after it', () => {
  const told = ticks([
    { gate: { state: 'trial', cause: 'untested', since: 0 } },
    {},
    { gate: { state: 'closed', cause: 'throttled', since: 2 * minute } },
  ]);
  expect(told.map(({ gateTrouble }) => gateTrouble)).toEqual([
    { since: 0, cause: 'untested' },
    undefined,
    { since: 2 * minute, cause: 'throttled' },
  ]);
});

test('a pause by a person is no incident', () => {
  const [told] = ticks([{ gate: { state: 'paused', cause: 'paused', since: 1 } }]);
  expect(told?.gateTrouble).toBeUndefined();
});

test.each([
  '',
  '{',
  '[]',
  'null',
  '{"states":{"gate":1},"orders":7}',
  '{"states":{"gate":{"since":"x","seen":2}}}',
])('a memory that a person edited is forgotten: %s', (text) => {
  expect(readMemory(text)).toEqual(noMemory);
});

test('a sweep knows the oldest of all entries, page by page, and forgets what is gone when it comes to the end again', () => {
  const first = swept(noMemory.orders, { oldest: 7, late: 1, lateSince: 9 }, 'a');
  expect(first.known).toEqual({ oldest: 7, late: 1, lateSince: 9 });
  const memory: Memory = { ...noMemory, orders: first.sweep };
  const second = swept(readMemory(writeMemory(memory)).orders, { oldest: 5, late: 2 }, undefined);
  expect(second.known).toEqual({ oldest: 5, late: 3, lateSince: 9 });
  expect(second.sweep.after).toBeUndefined();
  // The oldest was settled: it counts until the sweep has seen every page again.
  const again: Sweep = swept(second.sweep, { late: 0 }, 'a').sweep;
  expect(swept(second.sweep, { late: 0 }, 'a').known).toEqual({ oldest: 5, late: 3, lateSince: 9 });
  expect(swept(again, { oldest: 8, late: 0 }, undefined).known).toEqual({ oldest: 8, late: 0 });
});
