import * as z from 'zod/mini';
import {
  type AnyDueRow,
  type BatchDueRow,
  type DueRow,
  type DueRows,
  dueTimeKey,
} from '../orders/due-rows.ts';
import { keyPart } from './keys.ts';
import { pollSchema } from './record-schema.ts';
import type { Change, Properties, Row, StoredRow, Table } from './table.ts';
import { lotsOf } from './transactions.ts';

/** One partition: a few rows a second against a limit of 2,000, and moving a row is one transaction. */
const partition = 'due';

/** `DueRows` over the table DueOrders. A row that cannot be read is told to `onUnreadable` and passed over. */
export function dueRowStore(table: Table, onUnreadable: (key: string, why: string) => void): DueRows {
  return {
    async insert(rows) {
      // Written over whatever is there: the key names the order and its time, so it can only be the same row.
      for (const lot of lotsOf(rows.map(put))) {
        const [change, ...more] = lot;
        const result = more.length === 0 ? await table.change(change) : await table.transact(lot);
        if (result.kind === 'refused')
          throw new Error(`Due row refused as ${result.refusal} though it was unconditional`);
      }
    },

    async *due(now) {
      for await (const row of table.rows({ partition, from: '0', to: dueTimeKey(now + 1) })) {
        const read = fromDueRow(row);
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

const put = (row: AnyDueRow): Change => ({ kind: 'replace', row: toDueRow(row) });
const remove = ({ key }: AnyDueRow): Change => ({ kind: 'remove', partition, key });

function toDueRow({ key, ...row }: AnyDueRow): Row {
  return { partition, key: keyPart('due row', key), properties: { version: 1, ...columnsOf(row) } };
}

function columnsOf(row: Omit<DueRow, 'key'> | Omit<BatchDueRow, 'key'>): Properties {
  if ('batchId' in row) return row;
  const { unkept, ...fields } = row;
  return unkept === undefined ? fields : { ...fields, unkept: JSON.stringify(unkept) };
}

const unkeptSchema = z.array(pollSchema);

/** For people alone: what cannot be read is left out. */
function unkeptIn(text: unknown): Pick<DueRow, 'unkept'> {
  if (typeof text !== 'string') return {};
  try {
    const parsed = z.safeParse(unkeptSchema, JSON.parse(text));
    return parsed.success ? { unkept: parsed.data } : {};
  } catch {
    return {};
  }
}

function fromDueRow({ key, properties }: StoredRow): AnyDueRow | string {
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
