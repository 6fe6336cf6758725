/** Promise: one tick at a time, and the next one goes on where the last one stopped. */

import { expect, test } from 'vitest';
import { heartbeatStore } from '../../src/adapters/azure-tables/heartbeat-store.ts';
import { noMemory } from '../../src/domain/fleet-state.ts';
import { nothingDone } from '../../src/domain/tick-report.ts';
import type { RecordPosition } from '../../src/ports/ledger-scan.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { onEachBackend } from './backends.ts';

onEachBackend('heartbeatStore', (tables) => {
  test('one tick at a time; remembers the last, and the last good one over the bad ones that follow', async () => {
    const table = tables().gate;
    // The suites share their tables, and this is one row.
    await table.change({ kind: 'remove', partition: 'poller', key: 'heartbeat' });
    let now = 1_000;
    let credentialEnds: number | undefined;
    let credentialRead: number | undefined;
    const heartbeats = heartbeatStore(table, () => now, seededRandom(1), {
      credentialEndsAt: () => credentialEnds,
      credentialReadAt: () => credentialRead,
    });
    const others = heartbeatStore(table, () => now, seededRandom(2));
    expect(await heartbeats.read()).toBeUndefined();
    const tick = async (report = nothingDone, repairedTo?: RecordPosition) => {
      const begun = await heartbeats.begin(500);
      if (begun === undefined) throw new Error('another tick is running');
      expect(await others.begin(500)).toBeUndefined();
      now += 100;
      await heartbeats.end(begun, report, repairedTo, noMemory);
      return begun.repairedTo;
    };
    await tick({ ...nothingDone, seen: 3, failed: 1 });
    expect(await heartbeats.read()).toMatchObject({ last: { endedAt: 1_100 }, lastSuccess: 0 });
    await tick();
    const bad = { ...nothingDone, stopped: 'gate' as const };
    await tick(bad);
    const last = { endedAt: 1_300, report: bad };
    now += 40;
    expect(await heartbeats.read()).toEqual({
      runningUntil: 0,
      last,
      lastSuccess: 1_200,
      notices: {},
      age: 40,
    });
    credentialEnds = 5_000;
    credentialRead = 900;
    await tick();
    expect(await heartbeats.read()).toMatchObject({ credentialEndsAt: 5_000, credentialReadAt: 900 });
    // An instance that had no token yet knows it from the others.
    const theirs = await others.begin(500);
    if (theirs === undefined) throw new Error('another tick is running');
    expect(theirs.credentialEndsAt).toBe(5_000);
    await others.end(theirs, nothingDone, undefined, noMemory);
    expect(await heartbeats.read()).toMatchObject({ credentialEndsAt: 5_000, credentialReadAt: 900 });
  });

  test('the next tick repairs on where the last one stopped, also if one died in between; at the end it begins anew', async () => {
    const table = tables().gate;
    await table.change({ kind: 'remove', partition: 'poller', key: 'heartbeat' });
    let now = 1_000;
    const heartbeats = heartbeatStore(table, () => now, seededRandom(1));
    const begin = async () => {
      const begun = await heartbeats.begin(500);
      if (begun === undefined) throw new Error('another tick is running');
      return begun;
    };
    const first = await begin();
    expect(first.repairedTo).toBeUndefined();
    expect((await heartbeats.read())?.age).toBe(Infinity);
    const place = { partition: 'customer', key: 'cart:1' };
    const memory = { ...noMemory, states: { gate: { since: 1, seen: 2, word: 'breaker' } } };
    await heartbeats.end(first, nothingDone, place, memory);
    expect(await begin()).toMatchObject({ repairedTo: place, memory });
    now += 500;
    const third = await begin();
    expect(third.repairedTo).toEqual(place);
    expect(third.memory).toEqual(memory);
    await heartbeats.end(third, nothingDone, undefined, noMemory);
    expect((await begin()).repairedTo).toBeUndefined();
  });
});
