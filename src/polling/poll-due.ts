import type { Deps } from '../checkout/deps.ts';
import type { PollEntry } from '../domain/schedule-entry.ts';
import type { TickReport } from '../domain/tick-report.ts';
import { Unavailable } from '../ports/unavailable.ts';
import { pollBatch } from './poll-batch.ts';
import { type Polled, pollOrder } from './poll-order.ts';

/** Orders in work at once: enough to use the poller's lane when each read takes a second, few enough to stop quickly. */
const atOnce = 8;

/**
 * Looks at every order that is due, oldest first, within the poller's share of the budget. It ends when nothing is due,
 * when its time is over, or when the gate closes; it never waits for rows that come later.
 */
export async function pollPendingOrders(deps: Deps): Promise<TickReport> {
  const { clock, schedule, times } = deps;
  const started = clock.now();
  const deadline = started + times.tickLimit;
  const counts = { seen: 0, finished: 0, pending: 0, dropped: 0, failed: 0 };
  let stopped: TickReport['stopped'];
  const running = new Set<Promise<void>>();

  const pollRow = async (row: PollEntry): Promise<void> => {
    const polled = await pollOrStumble(deps, row, deadline);
    counts[polled.kind === 'stop' ? 'pending' : polled.kind] += 1;
    if (polled.kind === 'stop') stopped ??= clock.now() >= deadline ? 'time' : 'gate';
  };

  try {
    for await (const row of schedule.due(started)) {
      if (clock.now() >= deadline) stopped ??= 'time';
      if (stopped !== undefined) break;
      counts.seen += 1;
      const work: Promise<void> = pollRow(row).finally(() => running.delete(work));
      running.add(work);
      if (running.size >= atOnce) await Promise.race(running);
    }
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    deps.telemetry.warn(error.message);
    stopped = 'storage';
  }
  await Promise.all(running);
  return { ...counts, ...(stopped === undefined ? {} : { stopped }), ms: clock.now() - started };
}

/** One row's trouble is not the others': it is told, and its row stays for the next tick. */
async function pollOrStumble(deps: Deps, row: PollEntry, deadline: number): Promise<Polled> {
  try {
    return await ('batchId' in row ? pollBatch(deps, row) : pollOrder(deps, row, deadline));
  } catch (error) {
    const { key } = row;
    const ids =
      'batchId' in row
        ? { batchId: row.batchId }
        : { customerId: row.customerId, cartId: row.cartId, orderId: row.orderId };
    const message = error instanceof Error ? error.message : String(error);
    deps.telemetry.warn(`the poll of entry ${key} failed: ${message}`, ids);
    return { kind: 'failed' };
  }
}
