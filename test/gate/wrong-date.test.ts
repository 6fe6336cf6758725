/** Promise: one answer with a wrong date opens no gate that Retry-After closed. */

import { expect, test } from 'vitest';
import { gateStore } from '../../src/adapters/azure-tables/gate-store-table.ts';
import { defaultGateSettings as settings } from '../../src/domain/gate/gate-settings.ts';
import { storageClock } from '../../src/gate/estimate-storage-clock.ts';
import { sharedGate } from '../../src/gate/shared-gate.ts';
import type { Table } from '../../src/ports/table.ts';
import { memoryTable } from '../support/memory-table.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { virtualClock } from '../support/virtual-clock.ts';

const second = 1_000;

/** Two gates over one table: what is wrong with the Date of the second one's answers is said by `wrong`. */
function twoGates(wrong: { by: number }) {
  const clock = virtualClock();
  const table = memoryTable();
  const gateOf = (by: () => number) => {
    const server = storageClock(clock);
    const observed = async <T>(work: () => Promise<T>): Promise<T> => {
      const sentAt = clock.now();
      await clock.sleep(20);
      const date = Math.floor((clock.now() + by()) / second) * second;
      const result = await work();
      server.observe({ date, sentAt, receivedAt: clock.now() });
      return result;
    };
    const over: Table = {
      ...table,
      get: (...asked) => observed(() => table.get(...asked)),
      change: (...asked) => observed(() => table.change(...asked)),
    };
    const telemetry = { event: () => {}, warn: () => {} };
    const parts = { clock, random: seededRandom(1), telemetry, settings };
    return sharedGate({ ...parts, store: gateStore({ ...parts, table: over, storageClock: server }) });
  };
  return { clock, good: gateOf(() => 0), other: gateOf(() => wrong.by) };
}

test.each([3_600 * second, -3_600 * second])(
  'one answer with a Date that is wrong by %i ms opens no gate that Retry-After closed',
  async (by) => {
    const wrong = { by: 0 };
    const { clock, good, other } = twoGates(wrong);
    await clock.until(good.report({ kind: 'ok', customerId: 'c' }));
    const told = clock.now();
    await clock.until(good.report({ kind: 'throttled', customerId: 'c', retryAfterMs: 300 * second }));
    for (let n = 0; n < 20; n += 1) {
      // Every second answer, the very first one included.
      wrong.by = n % 2 === 0 ? by : 0;
      const taken = await clock.until(other.take('worker', clock.now() + 5 * second));
      expect(taken.kind).toBe('closed');
      await clock.run(10 * second);
    }
    wrong.by = 0;
    for (const gate of [good, other]) {
      await clock.run(told + 310 * second - clock.now());
      let taken = await clock.until(gate.take('worker', clock.now() + 5 * second));
      for (let n = 0; n < 3 && taken.kind !== 'permit'; n += 1) {
        await clock.run(2 * second);
        taken = await clock.until(gate.take('worker', clock.now() + 5 * second));
      }
      expect(taken.kind).toBe('permit');
    }
  },
);
