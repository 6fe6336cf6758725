/** Last part of a tick: reads how the fleet stands from the tables and reports it, whatever this instance has seen itself. */
import {
  type FleetState,
  type Found,
  fleetState,
  type LateBatch,
  type Memory,
  type OpenKind,
  openKinds,
  type Seen,
  type Sweep,
  swept,
} from '../domain/fleet-state.ts';
import type { Times } from '../domain/times.ts';
import type { Fleet } from '../ports/fleet.ts';
import type { Schedule } from '../ports/schedule.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { Tracing } from '../ports/tracing.ts';

export interface StateDeps {
  readonly fleet: Fleet;
  readonly schedule: Pick<Schedule, 'sweep'>;
  readonly telemetry: Pick<Telemetry, 'event'>;
  readonly tracing: Pick<Tracing, 'measure'>;
  readonly times: Pick<Times, 'incidentOver'>;
}

export interface TickSeen {
  /** Storage time, epoch ms. */
  readonly now: number;
  readonly credentialEndsAt: number | undefined;
  readonly memory: Memory;
  /** The gate kept an order of this tick from being read. */
  readonly stoppedByGate: boolean;
}

/** Returns the memory for the next tick. Throws `Unavailable` ('storage'). */
export async function reportState(deps: StateDeps, tick: TickSeen): Promise<Memory> {
  const { fleet, schedule } = deps;
  const counts = new Map<OpenKind, { readonly open: number; readonly since: number }>(
    openKinds.map((kind) => [kind, { open: 0, since: Number.POSITIVE_INFINITY }]),
  );
  const late = new Map<string, LateBatch>();
  const addLate = (batchId: string, since: number, carts = 1): void => {
    const known = late.get(batchId);
    late.set(batchId, {
      batchId,
      carts: (known?.carts ?? 0) + carts,
      since: Math.min(known?.since ?? since, since),
    });
  };
  for await (const { kind, openedAt, code, batchIds } of fleet.openAttention()) {
    const isLate = code === 'too-late';
    const word = isLate ? 'too-late' : kind;
    const count = counts.get(word);
    if (count !== undefined)
      counts.set(word, { open: count.open + 1, since: Math.min(count.since, openedAt) });
    if (isLate) for (const batchId of batchIds.length === 0 ? [''] : batchIds) addLate(batchId, openedAt);
  }
  const orders = await sweepOn(schedule, 'orders', tick);
  const jobs = await sweepOn(schedule, 'jobs', tick);
  const { late: lateJobs, lateSince } = jobs.known;
  if (lateSince !== undefined) addLate('', lateSince, lateJobs);
  const seen: Seen = {
    attention: [...counts].map(([kind, { open, since }]) =>
      open === 0 ? { kind, open } : { kind, open, since },
    ),
    late: [...late.values()],
    oldestPending: orders.known.oldest,
    oldestJob: jobs.known.oldest,
    credentialEndsAt: tick.credentialEndsAt,
    gate: await fleet.gate(),
  };
  const { state, states } = fleetState(seen, tick.memory.states, tick.now, deps.times);
  tell(deps, state, tick);
  return { ...tick.memory, states, orders: orders.sweep, jobs: jobs.sweep };
}

async function sweepOn(
  schedule: StateDeps['schedule'],
  of: 'orders' | 'jobs',
  { memory, now }: TickSeen,
): Promise<{ readonly sweep: Sweep; readonly known: Found }> {
  const { found, next } = await schedule.sweep(of, memory[of].after, now);
  return swept(memory[of], found, next);
}

function tell({ telemetry, tracing }: StateDeps, state: FleetState, { now, stoppedByGate }: TickSeen): void {
  const { attention, late, oldestPending, oldestJob, credentialEndsAt, gate, gateTrouble } = state;
  for (const { kind, open } of attention) tracing.measure('checkout.attention.open', open, { kind });
  tracing.measure('checkout.order.oldest', ageOf(oldestPending, now));
  tracing.measure('checkout.job.oldest', ageOf(oldestJob, now));
  tracing.measure('checkout.batches.late', late.length);
  tracing.measure('checkout.gate.state', gate.state === 'open' ? 0 : 1);
  const credentialDays =
    credentialEndsAt === undefined ? undefined : Math.floor((credentialEndsAt - now) / 86_400_000);
  if (credentialDays !== undefined) tracing.measure('checkout.credential.days', credentialDays);
  telemetry.event('FleetState', {
    attention: JSON.stringify(attention.filter(({ open }) => open > 0)),
    late: JSON.stringify(late),
    oldestPending,
    oldestJob,
    credentialEndsAt,
    gate: gate.state,
    gateCause: gateTrouble?.cause,
    gateSince: gateTrouble?.since,
    waits: oldestJob !== undefined || stoppedByGate,
  });
}

const ageOf = (since: number | undefined, now: number): number =>
  since === undefined ? 0 : Math.max(0, now - since) / 1_000;
