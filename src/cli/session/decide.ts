/** What a command needs to write a decision. */
import type { DecisionKind } from '../../domain/checkout/record.ts';
import type { DecideDeps } from '../../operator/jobs/decide-job.ts';
import { viewGate } from '../../operator/pause-gate.ts';
import type { Session } from './command.ts';
import type { Operator } from './operator.ts';

/**
 * What a decision about one job needs. Its wake-up is sent while the gate is open; while it is closed only the tick knows when a
 * call can be made. Giving up takes no call. Throws `Unavailable`.
 */
export async function decidingOne(
  { operator, queues }: Session,
  decision: DecisionKind,
): Promise<Operator & DecideDeps> {
  const deps = await operator();
  const sends = decision === 'give-up' || (await viewGate(deps.gateStore, deps.config.gate)).open;
  const { queue: standard, urgentQueue: urgent } = await queues();
  return { ...deps, times: deps.config.times, wakeUps: sends ? { standard, urgent } : undefined };
}

/** What decisions about many jobs need: the tick wakes them, as the gate allows. */
export async function decidingMany({ operator }: Session): Promise<Operator & DecideDeps> {
  const deps = await operator();
  return { ...deps, times: deps.config.times, wakeUps: undefined };
}
