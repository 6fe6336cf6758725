import { isSettled } from '../domain/checkout/record.ts';
import { customerOf } from '../domain/message/job-key.ts';
import { type JobEntry, type JobRange, restAfter, wholeMs } from '../domain/schedule-entry.ts';
import { wakeUp } from '../domain/wake-up.ts';
import type { EntryMove } from '../ports/schedule.ts';
import type { TickWorkDeps } from './tick-deps.ts';

export interface Woken {
  readonly woken: number;
  readonly moved: number;
}

/** Urgent jobs come first. */
const ranges: readonly JobRange[] = ['urgent', 'standard'];
/** Wake-ups sent, and entries pushed, at a time. */
const atOnce = 100;
/** Wake-ups that need no call, in one tick: they cost storage requests only. */
const mostWithoutCall = 500;

/**
 * First part of a tick: wakes jobs that are due, as many as two minutes' worth of permits can serve with those still under way.
 * Jobs that need no call are woken whatever the gate says. Wake-ups are sent first and entries pushed after: a job that is woken
 * twice does no harm, one that is forgotten does.
 */
export async function wakeJobs(deps: TickWorkDeps, deadline: number): Promise<Woken> {
  const { clock, gate } = deps;
  let standing = await gate.standing();
  if (standing.kind === 'closed' && standing.until < deadline) {
    await clock.sleep(standing.until - clock.now());
    standing = await gate.standing();
  }
  const waker = startWaker(deps);
  // Somebody has to make the trial call, or a gate that waits for one would never open.
  let allowance = standing.kind === 'open' ? undefined : standing.kind === 'trial' ? 1 : 0;
  for (const range of ranges) {
    for await (const entry of deps.schedule.jobs(range, allowance === 0 ? 'no-call' : 'due', clock.now())) {
      if (!needsCall(entry, clock.now())) {
        if (waker.withoutCall() >= mostWithoutCall) break;
        await waker.wake(range, entry);
        continue;
      }
      const until = gate.customerUntil(customerOf(entry.jobKey));
      if (until !== undefined) {
        await waker.move(entry, until);
        continue;
      }
      if (standing.kind === 'open')
        allowance ??= Math.ceil(2 * standing.permitsPerMinute) - (await underWay(deps));
      if (allowance === undefined || allowance <= 0) break;
      allowance -= 1;
      await waker.wake(range, entry);
    }
    await waker.flush();
  }
  if (allowance !== undefined && allowance <= 0 && standing.kind !== 'closed')
    for (const range of ranges) {
      for await (const entry of deps.schedule.jobs(range, 'no-call', clock.now())) {
        if (waker.withoutCall() >= mostWithoutCall) break;
        await waker.wake(range, entry);
      }
      await waker.flush();
    }
  return waker.counts();
}

/** Jobs that were woken and whose delivery has not said anything yet. A wake-up that was lost counts for one rest at most. */
async function underWay({ schedule, clock, times }: TickWorkDeps): Promise<number> {
  const now = clock.now();
  let count = 0;
  for (const range of ranges)
    for await (const _ of schedule.jobs(range, { wokenSince: now - times.wakeRetry }, now)) count += 1;
  return count;
}

/** Sends wake-ups and pushes entries, up to a hundred at a time. */
function startWaker(deps: TickWorkDeps) {
  const counts = { woken: 0, moved: 0 };
  let withoutCall = 0;
  let waking: JobEntry[] = [];
  let moving: EntryMove[] = [];
  let queue = deps.wakeUps.standard;
  const flush = async (): Promise<void> => {
    const sent = waking;
    const moves = [...sent.map((entry) => push(deps, entry)), ...moving];
    waking = [];
    moving = [];
    if (sent.length > 0)
      await queue.send(
        sent.map((entry) => wakeUp(entry, deps.chance.guid())),
        deps.clock.now(),
      );
    await deps.schedule.moveJobs(moves);
  };
  return {
    async wake(range: JobRange, entry: JobEntry): Promise<void> {
      queue = range === 'urgent' ? deps.wakeUps.urgent : deps.wakeUps.standard;
      if (!needsCall(entry, deps.clock.now())) withoutCall += 1;
      waking.push(entry);
      counts.woken += 1;
      if (waking.length >= atOnce) await flush();
    },
    async move(entry: JobEntry, until: number): Promise<void> {
      moving.push({ key: entry.key, dueAt: wholeMs(until), wokenAt: 0 });
      counts.moved += 1;
      if (moving.length >= atOnce) await flush();
    },
    flush,
    withoutCall: () => withoutCall,
    counts: (): Woken => counts,
  };
}

const needsCall = ({ state, notAfter }: JobEntry, now: number): boolean =>
  !isSettled(state) && (notAfter === undefined || now <= notAfter);

function push({ clock, times }: TickWorkDeps, { key, wakes }: JobEntry): EntryMove {
  const now = clock.now();
  return { key, dueAt: wholeMs(now + restAfter(wakes + 1, times)), wakes: wakes + 1, wokenAt: wholeMs(now) };
}
