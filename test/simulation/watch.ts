import type { JobKey } from '../../src/domain/message/job-key.ts';
import { omitUndefined } from '../../src/domain/omit-undefined.ts';
import type { ApiCall } from './partner-center.ts';
import type { Process } from './process.ts';

/** A closing of the gate that a worker was told of: until then nobody may call. */
interface Closing {
  readonly from: number;
  readonly until: number;
  readonly process: Process;
  /** Else the process that was told obeys alone: the row could not be written. */
  readonly forAll: boolean;
  /** The closing is for this customer alone. */
  readonly customerId?: string;
}

/** Times of a job that no call may break. */
export interface JobTimes {
  readonly notBefore?: number;
  readonly notAfter?: number;
}

/** What must hold in the instant of every call: the promise "not before its time", and that a cart has one caller. */
export interface Watch {
  /** Returns what to call when the client has its answer, or has given up. */
  beforeCall(call: ApiCall): () => void;
  closed(process: Process, until: number, forAll: boolean, customerId?: string): void;
  /** A message was accepted: its times hold for every claim from now on. */
  accept(jobKey: JobKey, times: JobTimes): void;
  /** The job has other lines now, and the times of the message that brought them alone. */
  replace(jobKey: JobKey, times: JobTimes): void;
  /** Carts of which a later checkout was answered with a refusal, whatever became of it: the first one's leaves a repeat. */
  readonly refused: Set<string>;
  /** Carts of which any checkout was answered so: their jobs may fail for it. */
  readonly denied: Set<string>;
  /** Carts of which a checkout was refused as of the whole partner. While others pass, the second time is an end: it is the customer's. */
  readonly refusedAsPartner: Set<string>;
  /** Carts that were once said to be gone, and are not. */
  readonly saidGone: Set<string>;
  /** Customers whose order list once said itself that it was not whole. */
  readonly unlisted: Set<string>;
  /** When something went wrong that may have kept a worker from its next step. */
  readonly obstacles: number[];
  /** Carts of which a worker had the whole answer in hand. */
  readonly answered: Set<string>;
  /** Carts that somebody gave up on though they were bought, or of which somebody said wrongly that they were not. */
  readonly abandoned: Set<string>;
  /** Calls of the whole run. */
  readonly calls: WatchedCall[];
}

interface WatchedCall {
  readonly what: string;
  readonly customerId: string;
  readonly id: string;
  readonly at: number;
}

/** A call may leave so long after its claim: by the lease less the time that a call may take, and clocks differ. */
const mayLeaveAfterClaim = 95_000;

export function strictest(one: JobTimes, other: JobTimes): JobTimes {
  const notBefore = Math.max(one.notBefore ?? 0, other.notBefore ?? 0);
  const notAfter = Math.min(
    one.notAfter ?? Number.POSITIVE_INFINITY,
    other.notAfter ?? Number.POSITIVE_INFINITY,
  );
  return {
    ...(notBefore > 0 ? { notBefore } : {}),
    ...(notAfter < Number.POSITIVE_INFINITY ? { notAfter } : {}),
  };
}

/** After this long every instance obeys a closing. */
const obeyedAfter = 2_000;

export function createWatch(
  now: () => number,
  violated: (what: string) => void,
  note: (text: string) => void,
  jobOf: (cartId: string) => JobKey,
): Watch {
  const closings: Closing[] = [];
  const calls: WatchedCall[] = [];
  /** The strictest times of all messages of a job that were accepted. */
  const jobTimes = new Map<JobKey, JobTimes>();
  const accepted = new Map<JobKey, (JobTimes & { readonly at: number })[]>();
  const refused = new Set<string>();
  const waiting = new Set<ApiCall>();

  /** An API that bought again would do so now: only one run has a cart, and it waits for its answer. */
  function checkAlone(call: ApiCall): void {
    for (const other of waiting)
      if (other.id === call.id && other.process.isAlive())
        violated(
          `1 one purchase: ${call.process.name} and ${other.process.name} check out cart ${call.id} at once`,
        );
  }

  return {
    accept(jobKey, times) {
      const known = jobTimes.get(jobKey);
      const next = known === undefined ? times : strictest(known, times);
      if (next.notBefore === known?.notBefore && next.notAfter === known?.notAfter) return;
      jobTimes.set(jobKey, next);
      accepted.set(jobKey, [...(accepted.get(jobKey) ?? []), { ...next, at: now() }]);
    },
    replace(jobKey, { notBefore, notAfter }) {
      const times = strictest({}, omitUndefined({ notBefore, notAfter }));
      jobTimes.set(jobKey, times);
      accepted.set(jobKey, [{ ...times, at: now() }]);
    },
    refused,
    denied: new Set(),
    refusedAsPartner: new Set(),
    saidGone: new Set(),
    unlisted: new Set(),
    obstacles: [],
    answered: new Set(),
    abandoned: new Set(),
    calls,
    closed(process, until, forAll, customerId) {
      closings.push({
        from: now(),
        until,
        process,
        forAll,
        ...(customerId === undefined ? {} : { customerId }),
      });
      const whose = customerId === undefined ? '' : ` for customer ${customerId}`;
      note(`${process.name} heard that the gate is closed${whose} for ${Math.round(until - now())} ms`);
    },
    beforeCall(call) {
      const { what, customerId, id, process } = call;
      calls.push({ what, customerId, id, at: now() });
      for (const closing of closings) {
        const since = now() - closing.from;
        if (since <= obeyedAfter || now() >= closing.until) continue;
        if (closing.customerId !== undefined && closing.customerId !== customerId) continue;
        if (closing.forAll || closing.process === process)
          violated(
            `4 not before its time: ${process.name} asked for ${what} ${id} ${Math.round(since)} ms after ${closing.process.name} closed the gate, ${Math.round(closing.until - now())} ms before it opens`,
          );
      }
      if (what !== 'checkout') return () => {};
      checkAlone(call);
      waiting.add(call);
      const local = process.clock.now();
      const { notBefore, notAfter } =
        accepted.get(jobOf(id))?.findLast(({ at }) => at + mayLeaveAfterClaim < now()) ?? {};
      if (notBefore !== undefined && local < notBefore)
        violated(`4 not before its time: checkout of ${id} ${notBefore - local} ms before notBefore`);
      if (notAfter !== undefined && local > notAfter)
        violated(`4 not before its time: checkout of ${id} ${local - notAfter} ms after notAfter`);
      return () => waiting.delete(call);
    },
  };
}
