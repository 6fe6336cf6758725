import type { Deps } from '../checkout/deps.ts';
import { nothingDone, type TickReport } from '../domain/tick-report.ts';
import type { BegunTick, Heartbeats } from '../ports/heartbeat.ts';
import { Unavailable } from '../ports/unavailable.ts';
import { pollPendingOrders } from './poll-due.ts';

/**
 * One tick of the timer, alone in the whole fleet: a second one beside it would ask Partner Center the same again. That
 * saves calls and no more: the writes of two ticks do not harm each other. A tick that dies is waited for no longer
 * than it could have run.
 */
export async function runTick(deps: Deps, heartbeats: Heartbeats): Promise<TickReport> {
  const report = await aloneOrNot(deps, heartbeats);
  deps.telemetry.event('PollTick', { ...report, stopped: report.stopped });
  return report;
}

async function aloneOrNot(deps: Deps, heartbeats: Heartbeats): Promise<TickReport> {
  const { times, telemetry } = deps;
  let tick: BegunTick | undefined;
  try {
    // The last read may begin when the tick's time ends.
    tick = await heartbeats.begin(times.tickLimit + times.readTimeout);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    telemetry.warn(`The poll's tick could not begin: ${error.message}`);
    return { ...nothingDone, stopped: 'storage' };
  }
  if (tick === undefined) return { ...nothingDone, stopped: 'overlap' };
  const report = await pollPendingOrders(deps);
  try {
    await heartbeats.end(tick, report);
  } catch (error) {
    // The next tick begins when this one's time is over, and tells.
    if (!(error instanceof Unavailable)) throw error;
    telemetry.warn(`The poll's heartbeat could not be written: ${error.message}`);
  }
  return report;
}
