/** Promise: a pause is reported once, and without the name of who paused. */

import { expect, test } from 'vitest';
import { toProperties } from '../../src/adapters/azure-tables/gate-row.ts';
import { gateStore } from '../../src/adapters/azure-tables/gate-store-table.ts';
import { afterReport } from '../../src/domain/gate/circuit-rules.ts';
import { defaultGateSettings as settings } from '../../src/domain/gate/gate-settings.ts';
import { initialState, opened } from '../../src/domain/gate/gate-state.ts';
import { emitPause } from '../../src/gate/change-gate.ts';
import { pauseGate, resumeGate } from '../../src/operator/pause-gate.ts';
import { Unavailable } from '../../src/ports/unavailable.ts';
import { memoryTable } from '../support/memory-table.ts';
import { seededRandom } from '../support/seeded-random.ts';

/** A person's tool and two workers over one gate; time stands still unless the test moves it. */
function fleet() {
  let now = Date.UTC(2026, 10, 24, 2);
  const table = memoryTable();
  const told: object[] = [];
  const warnings: string[] = [];
  const telemetry = {
    event: (name: string, fields: object) => void told.push({ name, ...fields }),
    warn: (text: string) => void warnings.push(text),
  };
  const clock = { now: () => now, sleep: async () => {} };
  const open = (over = table) =>
    gateStore({
      table: over,
      clock,
      storageClock: { now: () => ({ earliest: now, latest: now }) },
      random: seededRandom(3),
      telemetry,
      settings,
    });
  const workers = [open(), open()];
  return {
    table,
    told,
    warnings,
    person: open(),
    open,
    pass: (ms: number) => {
      now += ms;
    },
    ticks: async () => {
      for (const worker of workers) await emitPause(worker, telemetry);
    },
    begin: () => {
      const { pauseEmitted: _, ...older } = toProperties(opened(initialState(now, settings), now), 'w');
      table.put({ partition: 'gate', key: 'gate', properties: older });
    },
    telemetry,
  };
}

test('a pause and its end are told once each, by whichever worker sees them first; not who it was', async () => {
  const { person, ticks, begin, pass, told, warnings } = fleet();
  begin();
  await ticks();
  expect(told).toEqual([]);
  await pauseGate(person, { reason: 'invoices look wrong', who: 'ada@example.com' });
  await ticks();
  await ticks();
  const paused = { name: 'GateChanged', state: 'closed', cause: 'paused', reason: 'invoices look wrong' };
  expect(told).toEqual([{ ...paused, limit: expect.any(Number) }]);
  pass(90_000);
  await resumeGate(person, 'ben@example.com');
  await ticks();
  await ticks();
  expect(told.slice(1)).toMatchObject([{ state: 'open', cause: 'paused', closedMs: 90_000 }]);
  expect(JSON.stringify(told)).not.toContain('example.com');
  // The row of an older version lacks the mark: nothing had to be healed.
  expect(warnings).toEqual([]);
});

test('a pause that ends by itself is told with its end, and its end once', async () => {
  const { person, ticks, begin, pass, told } = fleet();
  begin();
  const until = person.now().latest + 60_000;
  await pauseGate(person, { reason: 'portal maintenance', who: 'ada', until });
  await ticks();
  expect(told).toMatchObject([{ state: 'closed', cause: 'paused', until: new Date(until).toISOString() }]);
  pass(60_001);
  await ticks();
  await ticks();
  expect(told.slice(1)).toMatchObject([{ state: 'open', cause: 'paused' }]);
});

test('resumed while it is closed for another reason: closed, and why', async () => {
  const { person, ticks, begin, told } = fleet();
  begin();
  await pauseGate(person, { reason: 'portal is down', who: 'ada' });
  await ticks();
  await person.change((state, time) => ({
    state: afterReport(
      state,
      { kind: 'auth', reason: 'the secret has expired' },
      time,
      { instance: 'i', othersPassed: 0 },
      settings,
    ).state,
    value: undefined,
  }));
  await resumeGate(person, 'ada');
  await ticks();
  expect(told.slice(1)).toMatchObject([
    { state: 'closed', cause: 'auth', reason: expect.stringContaining('the secret has expired') },
  ]);
});

test('while the storage is away the tick goes on, with a warning', async () => {
  const { open, table, telemetry, warnings } = fleet();
  const away = () => Promise.reject(new Unavailable('storage', 'no answer'));
  await emitPause(open({ ...table, get: away, change: away }), telemetry);
  expect(warnings).toEqual([expect.stringContaining('no answer')]);
});
