import type { Deps } from '../../src/checkout/deps.ts';
import type { Gate } from '../../src/gate/gate.ts';
import type { Table } from '../../src/storage/table.ts';
import type { Process } from './process.ts';
import type { World } from './world.ts';

export function watchedGate(
  _world: World,
  process: Process,
  _table: Table,
  _telemetry: Deps['telemetry'],
): Gate {
  return {
    take: async (lane) => ({ kind: 'slot', slot: { lane, notBefore: process.clock.now() } }),
    giveBack: () => {},
    report: async (report) =>
      report.kind === 'throttled'
        ? { kind: 'customer', until: process.clock.now() + (report.retryAfterMs ?? 60_000) }
        : { kind: 'open' },
    lastOkOfOthers: () => undefined,
    jobStarted: () => {},
  };
}
