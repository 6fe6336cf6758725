import { toProperties } from '../../src/adapters/azure-tables/gate-row.ts';
import { gateStore } from '../../src/adapters/azure-tables/gate-store-table.ts';
import type { Deps } from '../../src/checkout/deps.ts';
import {
  defaultGateSettings,
  floorPerMinute,
  type GateSettings,
} from '../../src/domain/gate/gate-settings.ts';
import { initialState, opened } from '../../src/domain/gate/gate-state.ts';
import { sharedGate } from '../../src/gate/shared-gate.ts';
import type { Gate } from '../../src/ports/gate.ts';
import type { StorageClock } from '../../src/ports/storage-clock.ts';
import type { Table } from '../../src/ports/table.ts';
import type { Process } from './process.ts';
import type { World } from './world.ts';

/** `steady`: the limit is where it stays, so that a bench can say what share of it was used. */
const settingsOf = ({ setup }: World): GateSettings => ({
  ...defaultGateSettings,
  ...(setup.gate === 'steady' ? { ceilingPerMinute: defaultGateSettings.limitPerMinute } : {}),
});

/** The real gate of one process. What it is told of a 429 is kept for the watch: from then on nobody may call. */
export function tracedGate(
  world: World,
  process: Process,
  table: Table,
  storageClock: StorageClock,
  telemetry: Deps['telemetry'],
): Gate {
  const { clock, random } = process;
  const settings = settingsOf(world);
  const store = gateStore({ table, clock, storageClock, random, telemetry, settings });
  const gate = sharedGate({ store, clock, random, telemetry, settings });
  return {
    ...gate,
    async report(report) {
      const asked = world.timeline.now();
      const verdict = await gate.report(report);
      if (report.kind !== 'throttled' || report.retryAfterMs === undefined) return verdict;
      const until = asked + report.retryAfterMs;
      if (verdict.kind === 'closed') world.watch.closed(process, until, isClosedForAll(world));
      if (verdict.kind === 'customer')
        world.watch.closed(process, until, isKnownToAll(world, report.customerId), report.customerId);
      return verdict;
    },
  };
}

/** A gate that a first call has opened, as it is on any night but the first. */
export function openGate(world: World): void {
  const now = world.timeline.now();
  const settings = settingsOf(world);
  const open = opened(initialState(now, settings), now);
  // After a bad hour there are ten calls a minute: whoever has a claim waits long for the permit of its call.
  const state = world.setup.gate === 'slow' ? { ...open, limit: floorPerMinute(settings) } : open;
  world.tables.gate.put({ partition: 'gate', key: 'gate', properties: toProperties(state, 'first') });
}

/** The row may not have been written: then the process that was told obeys alone. */
function isClosedForAll({ tables, timeline }: World): boolean {
  const until = tables.gate.all()[0]?.properties['closedUntil'];
  return typeof until === 'number' && until > timeline.now();
}

/** The row names the customers that are throttled alone. */
const isKnownToAll = ({ tables }: World, customerId: string): boolean =>
  Object.values(tables.gate.all()[0]?.properties ?? {}).some(
    (value) => typeof value === 'string' && value.includes(customerId),
  );
