import * as z from 'zod/mini';
import type { BatchCountEntry, OrderEntry, PollEntry } from '../../domain/schedule-entry.ts';
import { dueTimeKey, type Schedule } from '../../ports/schedule.ts';
import type { Change, Properties, Row, StoredRow, Table } from '../../ports/table.ts';
import { keyPart } from './keys.ts';
import { pollSchema } from './record-schema.ts';
import { toTransactions } from './transactions.ts';

/** One partition: a few rows a second against a limit of 2,000, and moving a row is one transaction. */
const partition = 'due';

/** `Schedule` over the table Schedule. A row that cannot be read is told to `onUnreadable` and passed over. */
export function scheduleStore(table: Table, onUnreadable: (key: string, why: string) => void): Schedule {
  return {
    async insert(rows) {
      // Written over whatever is there: the key names the order and its time, so it can only be the same row.
      for (const transaction of toTransactions(rows.map(put))) {
        const [change, ...more] = transaction;
        const result = more.length === 0 ? await table.change(change) : await table.transact(transaction);
        if (result.kind === 'refused')
          throw new Error(`Entry refused as ${result.refusal} though it was unconditional`);
      }
    },

    async *due(now) {
      for await (const row of table.rows({ partition, from: '0', to: dueTimeKey(now + 1) })) {
        const read = fromEntry(row);
        if (typeof read === 'string') onUnreadable(row.key, read);
        else yield read;
      }
    },

    exists: async (key) => (await table.get(partition, key)) !== undefined,

    async move(from, to) {
      if (from.key === to.key) return void (await table.change(put(to)));
      const moved = await table.transact([put(to), remove(from)]);
      // `from` is gone: our own move came back, or another poller was faster. Either way `to` must be there.
      if (moved.kind === 'refused') await table.change(put(to));
    },

    async drop(row) {
      await table.change(remove(row));
    },
  };
}

const put = (row: PollEntry): Change => ({ kind: 'replace', row: toEntry(row) });
const remove = ({ key }: PollEntry): Change => ({ kind: 'remove', partition, key });

function toEntry({ key, ...row }: PollEntry): Row {
  return { partition, key: keyPart('entry', key), properties: { version: 1, ...columnsOf(row) } };
}

function columnsOf(row: Omit<OrderEntry, 'key'> | Omit<BatchCountEntry, 'key'>): Properties {
  if ('batchId' in row) return row;
  const { unkept, ...fields } = row;
  return unkept === undefined ? fields : { ...fields, unkept: JSON.stringify(unkept) };
}

const unkeptSchema = z.array(pollSchema);

/** For people alone: what cannot be read is left out. */
function unkeptIn(text: unknown): Pick<OrderEntry, 'unkept'> {
  if (typeof text !== 'string') return {};
  try {
    const parsed = z.safeParse(unkeptSchema, JSON.parse(text));
    return parsed.success ? { unkept: parsed.data } : {};
  } catch {
    return {};
  }
}

function fromEntry({ key, properties }: StoredRow): PollEntry | string {
  const { dueAt, orderId, customerId, cartId, batchId, polls, unkept, version } = properties;
  if (typeof version === 'number' && version > 1)
    return `version ${version} is newer than 1, which this program knows`;
  if (typeof batchId === 'string')
    return typeof dueAt === 'number' ? { key, dueAt, batchId } : 'dueAt is missing';
  if (typeof customerId !== 'string' || typeof cartId !== 'string') return 'customerId or cartId is missing';
  if (typeof dueAt !== 'number' || typeof orderId !== 'string') return 'dueAt or orderId is missing';
  return {
    key,
    dueAt,
    orderId,
    customerId,
    cartId,
    polls: typeof polls === 'number' && polls >= 0 ? polls : 0,
    ...unkeptIn(unkept),
  };
}
