import { scheduleStore } from '../../src/adapters/azure-tables/schedule-store.ts';
import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import {
  type JobEntry,
  type JobEntryFields,
  jobEntry,
  readJobEntryKey,
} from '../../src/domain/schedule-entry.ts';
import type { pollBed } from '../orders/bed.ts';
import { customerId } from '../support/records.ts';

export type Bed = ReturnType<typeof pollBed>;

export const cart = (n: number) => `ca000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

export interface JobChange extends Partial<Omit<JobEntryFields, 'jobKey'>> {
  readonly customerId?: string;
}

/** Entries of waiting jobs in the schedule of a bed, by the number of their cart. */
export function jobsIn(bed: Bed) {
  const schedule = scheduleStore(bed.tables.schedule, (key, why) => {
    throw new Error(`${key}: ${why}`);
  });
  const keyOf = (n: number, id = customerId) => jobKeyOf({ customerId: id, cartId: cart(n) });
  async function add(n: number, origin: number, change: JobChange = {}): Promise<JobEntry> {
    const { customerId: id, ...fields } = change;
    const entry = jobEntry(
      { jobKey: keyOf(n, id), urgent: false, since: origin, state: 'waiting', ...fields },
      origin,
    );
    await schedule.ensure(entry);
    return entry;
  }
  /** The numbers of the carts whose wake-ups were sent since the last look, in their order. */
  function woken(queue?: 'urgent' | 'standard'): number[] {
    const sent = bed.wakeUps.splice(0).filter((wakeUp) => queue === undefined || wakeUp.queue === queue);
    return sent.map(({ body }) => {
      const { wake } = JSON.parse(body);
      const key = readJobEntryKey(wake.entry)?.jobKey ?? '';
      return Number(key.slice(-12));
    });
  }
  const entry = (n: number, id?: string) =>
    bed.tables.schedule.all().find(({ key }) => key.endsWith(keyOf(n, id)))?.properties;
  return { schedule, add, woken, entry, keyOf };
}

export const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, n) => from + n);
