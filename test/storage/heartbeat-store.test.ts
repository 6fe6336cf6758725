import { expect, test } from 'vitest';
import { heartbeatStore } from '../../src/storage/heartbeat-store.ts';
import { onEachBackend } from './backends.ts';

onEachBackend('heartbeatStore', (tables) => {
  test('remembers the last tick, and the last good one over the bad ones that follow', async () => {
    const table = tables().gate;
    // The suites share their tables, and this is one row.
    await table.change({ kind: 'remove', partition: 'poller', key: 'heartbeat' });
    const heartbeat = heartbeatStore(table);
    expect(await heartbeat.last()).toBeUndefined();
    await heartbeat.beat(1_000, false);
    expect(await heartbeat.last()).toEqual({ at: 1_000 });
    await heartbeat.beat(2_000, true);
    await heartbeat.beat(3_000, false);
    expect(await heartbeat.last()).toEqual({ at: 3_000, goodAt: 2_000 });
  });
});
