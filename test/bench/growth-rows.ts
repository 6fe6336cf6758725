import type { Properties } from '../../src/ports/table.ts';
import type { TableName, VirtualFleet } from '../support/virtual-fleet.ts';
import type { IdleRows } from './idle-table.ts';

const jobsOfCustomer = 10;
export const hex = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
const jobKeyAt = (n: number): string => `${hex(Math.floor(n / jobsOfCustomer))}:cart:${hex(n)}`;
/** A hundred years from now: due when nobody asks any more. */
const distant = 4_900_000_000_000;

/** Adds so many idle rows to the lists, each like those of a job that is there. */
export function addIdleRows(
  fleet: VirtualFleet,
  idle: Readonly<Record<TableName, IdleRows[]>>,
  {
    job,
    records,
    entries,
  }: {
    readonly job: { readonly customerId: string; readonly cartId: string } | undefined;
    readonly records: number;
    readonly entries: number;
  },
): void {
  const { customerId = '', cartId = '' } = job ?? {};
  const own = (name: TableName, wanted: (key: string, properties: Properties) => boolean): string => {
    const row = fleet.tables[name].all().find(({ key, properties }) => wanted(key, properties));
    if (row === undefined) throw new Error(`The table ${name} has no sample.`);
    return JSON.stringify(row.properties);
  };
  const isFirst = (text: string): boolean => text.includes(cartId);
  const like =
    (sample: string, change: (properties: Properties) => Properties = (same) => same) =>
    (n: number): Properties =>
      change(
        JSON.parse(
          sample.replaceAll(cartId, hex(n)).replaceAll(customerId, hex(Math.floor(n / jobsOfCustomer))),
        ),
      );
  const completed = (sample: string): string =>
    sample.replaceAll('"pending', '"completed').replaceAll('"ordered', '"completed');
  const record = like(completed(own('checkouts', (key) => key === `cart:${cartId}`)));
  const order = like(completed(own('checkouts', (key) => key.startsWith('order:') && isFirst(key))));
  const poll = like(own('schedule', (key, { orderId }) => isFirst(key) && orderId !== undefined));
  const line = like(own('batches', isFirst));

  // Of each customer ten records, then their orders.
  idle.checkouts.push({
    count: 2 * records,
    at(index) {
      const [customer, place] = [Math.floor(index / 20), index % 20];
      const n = customer * jobsOfCustomer + (place % jobsOfCustomer);
      const key = place < jobsOfCustomer ? `cart:${hex(n)}` : `order:order-of-${hex(n)}`;
      return { partition: hex(customer), key };
    },
    properties(index) {
      const [customer, place] = [Math.floor(index / 20), index % 20];
      const n = customer * jobsOfCustomer + (place % jobsOfCustomer);
      return place < jobsOfCustomer ? record(n) : order(n);
    },
  });
  idle.schedule.push(
    {
      count: entries,
      at: (n) => ({ partition: 'due', key: `${String(distant + n).padStart(15, '0')}:order-of-${hex(n)}` }),
      properties: (n) => ({ ...poll(n), dueAt: distant + n }),
    },
    {
      count: entries,
      at: (n) => ({ partition: 'due', key: `job:${String(distant + n).padStart(15, '0')}:${jobKeyAt(n)}` }),
      properties: (n) => ({
        version: 1,
        jobKey: jobKeyAt(n),
        urgent: false,
        origin: distant + n,
        dueAt: distant + n,
        wakes: 0,
        wokenAt: 0,
        since: distant,
        state: 'waiting',
      }),
    },
  );
  // One job in a hundred failed, and somebody closed its row.
  idle.attention.push({
    count: Math.floor(records / 100),
    at: (n) => ({ partition: 'job', key: jobKeyAt(n * 100) }),
    properties: () => ({
      kind: 'failed',
      open: false,
      code: '800009',
      description: 'The cart has items with errors.',
      remedy: 'Make a new cart.',
      revision: 1,
      at: 0,
      openedAt: 0,
      closedBy: 'somebody',
    }),
  });
  // Batches of a thousand, each in its partition.
  idle.batches.push({
    count: records,
    at: (n) => ({ partition: `night-${String(Math.floor(n / 1_000)).padStart(6, '0')}`, key: jobKeyAt(n) }),
    properties: line,
  });
}
