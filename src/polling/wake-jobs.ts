/** First part of a tick: sends wake-ups for jobs that are due, as many as the gate can serve. */

import { isInDoubt, isSettled } from '../domain/checkout/record.ts';
import { wakeUp } from '../domain/message/delivery.ts';
import { customerOf } from '../domain/message/job-key.ts';
import { type JobEntry, type JobRange, restAfter, wholeMs } from '../domain/schedule-entry.ts';
import type { GateStanding } from '../ports/gate.ts';
import type { EntryMove } from '../ports/schedule.ts';
import { Unavailable } from '../ports/unavailable.ts';
import type { TickWorkDeps } from './tick-deps.ts';

/** The ports of this part of a tick. */
type WakeDeps = Pick<TickWorkDeps, 'clock' | 'gate' | 'random' | 'schedule' | 'times' | 'wakeUps'>;

export interface Woken {
  readonly woken: number;
  readonly moved: number;
  /** A queue that accepted no wake-ups. Those of the other queue were sent. */
  readonly failure?: Unavailable;
}

/** Urgent jobs come first. */
const ranges: readonly JobRange[] = ['urgent', 'standard'];
/** Wake-ups sent, and entries pushed, at a time. */
const atOnce = 100;
/** Wake-ups that need no call, in one tick: they cost storage requests only. */
const mostWithoutCall = 500;
/** Calls that finding out one job takes, about: its cart, the order list, and an equal cart or a repeat. */
const callsInDoubt = 6;
/** Finding out jobs of one customer takes this share of the permits at most, as others may wait for them. */
const shareOfCustomer = 0.5;
/** What is left of the tick for wake-ups, at least, after it has waited for the gate. */
const shareAfterWait = 0.1;

/**
 * First part of a tick: wakes jobs that are due, as many as two minutes' worth of permits can serve with those still under way.
 * Jobs that need no call are woken whatever the gate says. Wake-ups are sent first and entries pushed after: a job that is woken
 * twice does no harm, one that is forgotten does. One customer's jobs in doubt are woken some at a time: each takes several calls, and hundreds of them
 * would take the whole budget from other customers.
 */
export async function wakeJobs(deps: WakeDeps, deadline: number): Promise<Woken> {
  const { clock, gate, times } = deps;
  let end = deadline;
  let standing = await gate.standing();
  if (standing.kind === 'closed' && standing.until < deadline) {
    await clock.sleep(standing.until - clock.now());
    standing = await gate.standing();
    end = Math.max(deadline, clock.now() + shareAfterWait * times.tickLimit);
  }
  const waker = startWaker(deps);
  const mayGoOn = (range: JobRange): boolean => !waker.hasFailed(range) && clock.now() < end;
  // Somebody has to make the trial call, or a gate that waits for one would never open.
  // guard: Tick: a gate on trial wakes one job [replace: standing.kind === 'open' ? undefined : 0]
  let allowance = standing.kind === 'open' ? undefined : standing.kind === 'trial' ? 1 : 0;
  let inDoubt = new Map<string, number>();
  for (const range of ranges) {
    for await (const entry of deps.schedule.jobs(range, allowance === 0 ? 'no-call' : 'due', clock.now())) {
      if (!mayGoOn(range)) break;
      if (!needsCall(entry, clock.now())) {
        if (waker.withoutCall() >= mostWithoutCall) break;
        await waker.wake(range, entry);
        continue;
      }
      const customer = customerOf(entry.jobKey);
      const until = gate.customerUntil(customer);
      if (until !== undefined) {
        await waker.move(range, entry, until);
        continue;
      }
      if (standing.kind === 'open' && allowance === undefined) {
        const woken = await underWay(deps);
        allowance = Math.ceil(2 * standing.permitsPerMinute) - woken.count;
        inDoubt = woken.inDoubt;
      }
      // guard: Tick: as many wake-ups as permits [replace: allowance === undefined]
      if (allowance === undefined || allowance <= 0) break;
      // guard: Tick: jobs in doubt of one customer leave permits to others
      if (isInDoubt(entry.state) && !isInTurn(standing, inDoubt, customer)) continue;
      allowance -= 1;
      await waker.wake(range, entry);
    }
    const unsent = await waker.flush(range);
    if (allowance !== undefined) allowance += unsent;
  }
  if (allowance !== undefined && allowance <= 0 && standing.kind !== 'closed')
    for (const range of ranges) {
      for await (const entry of deps.schedule.jobs(range, 'no-call', clock.now())) {
        if (!mayGoOn(range) || waker.withoutCall() >= mostWithoutCall) break;
        await waker.wake(range, entry);
      }
      await waker.flush(range);
    }
  return waker.result();
}

/** Counts it, if one more job in doubt of this customer may be woken now. One always may. */
function isInTurn(standing: GateStanding, inDoubt: Map<string, number>, customer: string): boolean {
  const woken = inDoubt.get(customer) ?? 0;
  const most = standing.kind === 'open' ? (shareOfCustomer * standing.permitsPerMinute) / callsInDoubt : 1;
  if (woken >= Math.max(1, Math.floor(most))) return false;
  inDoubt.set(customer, woken + 1);
  return true;
}

interface UnderWay {
  readonly count: number;
  /** Of these: jobs in doubt, by customer. */
  readonly inDoubt: Map<string, number>;
}

/** Jobs that were woken to make a call, and whose delivery has not said anything yet. A wake-up that was lost counts for one rest at most. */
async function underWay({ schedule, clock, times }: WakeDeps): Promise<UnderWay> {
  const now = clock.now();
  let all = 0;
  const inDoubt = new Map<string, number>();
  for (const range of ranges)
    for await (const entry of schedule.jobs(range, { wokenSince: now - times.wakeRetry }, now)) {
      if (!needsCall(entry, now)) continue;
      all += 1;
      const customer = customerOf(entry.jobKey);
      if (isInDoubt(entry.state)) inDoubt.set(customer, (inDoubt.get(customer) ?? 0) + 1);
    }
  return { count: all, inDoubt };
}

/** Sends wake-ups and pushes entries, up to a hundred at a time. */
function startWaker(deps: WakeDeps) {
  const failed = new Set<JobRange>();
  let failure: Unavailable | undefined;
  let woken = 0;
  let moved = 0;
  let withoutCall = 0;
  /** Wake-ups of jobs that would have called, and that no queue accepted. */
  let unsent = 0;
  let waking: JobEntry[] = [];
  let moving: EntryMove[] = [];

  async function send(range: JobRange, entries: readonly JobEntry[]): Promise<readonly JobEntry[]> {
    if (entries.length === 0) return entries;
    try {
      const { clock, random, wakeUps } = deps;
      const messages = entries.map((entry) => wakeUp(entry, random.guid()));
      await wakeUps[range].send(messages, clock.now());
      return entries;
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      failure = error;
      failed.add(range);
      unsent += entries.filter((entry) => needsCall(entry, deps.clock.now())).length;
      return [];
    }
  }

  async function sendAndPush(range: JobRange): Promise<void> {
    const entries = waking;
    const moves = moving;
    waking = [];
    moving = [];
    const sent = await send(range, entries);
    if (sent.length + moves.length > 0)
      await deps.schedule.moveJobs([...sent.map((entry) => push(deps, entry)), ...moves]);
    woken += sent.length;
    moved += moves.length;
  }

  return {
    async wake(range: JobRange, entry: JobEntry): Promise<void> {
      if (!needsCall(entry, deps.clock.now())) withoutCall += 1;
      waking.push(entry);
      if (waking.length >= atOnce) await sendAndPush(range);
    },
    async move(range: JobRange, entry: JobEntry, until: number): Promise<void> {
      moving.push({ key: entry.key, dueAt: wholeMs(until), wokenAt: 0 });
      if (moving.length >= atOnce) await sendAndPush(range);
    },
    /** Ends a range. Says how many permits it left to the next, as its queue did not accept what was meant for them. */
    async flush(range: JobRange): Promise<number> {
      await sendAndPush(range);
      const left = unsent;
      unsent = 0;
      return left;
    },
    hasFailed: (range: JobRange) => failed.has(range),
    withoutCall: () => withoutCall,
    result: (): Woken => ({ woken, moved, ...(failure === undefined ? {} : { failure }) }),
  };
}

const needsCall = ({ state, notAfter }: JobEntry, now: number): boolean =>
  !isSettled(state) && (notAfter === undefined || now <= notAfter);

function push({ clock, times }: Pick<WakeDeps, 'clock' | 'times'>, { key, wakes }: JobEntry): EntryMove {
  const now = clock.now();
  return { key, dueAt: wholeMs(now + restAfter(wakes + 1, times)), wakes: wakes + 1, wokenAt: wholeMs(now) };
}
