import type { ApiCall } from './partner-center.ts';
import type { Process } from './process.ts';

/** A closing of the gate that a worker was told of: until then nobody may call. */
interface Closing {
  readonly from: number;
  readonly until: number;
  readonly by: string;
}

/** Times of a job that no call may break. */
export interface JobTimes {
  readonly notBefore?: number;
  readonly notAfter?: number;
}

/** What must hold in the instant of every call: the promise "not before its time". */
export interface Watch {
  beforeCall(call: ApiCall, now: number): void;
  closed(process: Process, from: number, until: number): void;
  jobTimes: Map<string, JobTimes>;
  /** Calls of the whole run, for reports. */
  readonly calls: { readonly what: string; readonly id: string; readonly at: number }[];
}

/** After this long every instance obeys a closing: slots reach 2 s ahead, and are stale 2 s after their time. */
const obeyedAfter = 2_000;

export function createWatch(violated: (what: string) => void, note: (text: string) => void): Watch {
  const closings: Closing[] = [];
  const calls: { what: string; id: string; at: number }[] = [];
  const jobTimes = new Map<string, JobTimes>();
  return {
    jobTimes,
    calls,
    closed(process, from, until) {
      closings.push({ from, until, by: process.name });
      note(`gate closed until ${new Date(until).toISOString()}`);
    },
    beforeCall({ what, id, process }, now) {
      calls.push({ what, id, at: now });
      for (const closing of closings)
        if (now > closing.from + obeyedAfter && now < closing.until)
          violated(
            `4 not before its time: ${process.name} asked for ${what} ${id} ${now - closing.from} ms after ${closing.by} closed the gate, ${closing.until - now} ms before it opens`,
          );
      if (what !== 'checkout') return;
      const local = process.clock.now();
      const { notBefore, notAfter } = jobTimes.get(id) ?? {};
      if (notBefore !== undefined && local < notBefore)
        violated(`4 not before its time: checkout of ${id} ${notBefore - local} ms before notBefore`);
      if (notAfter !== undefined && local > notAfter)
        violated(`4 not before its time: checkout of ${id} ${local - notAfter} ms after notAfter`);
    },
  };
}
