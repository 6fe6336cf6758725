import { odata, TableClient } from '@azure/data-tables';
import * as z from 'zod/mini';

/** What the worker's tables say, read from their documented columns: nothing of the worker's own code is used here. */
export interface CartStanding {
  readonly jobKey: string;
  readonly customerId: string;
  /** '' while a job that carries lines has made none. */
  readonly cartId: string;
  readonly state: string;
  /** Epoch ms. */
  readonly nextTry: number | undefined;
  /** Of its reason. */
  readonly code: string | undefined;
}

export interface CartRow extends CartStanding {
  /** Of a job that carries lines: what its cart costs, as it was checked. */
  readonly total: string | undefined;
  readonly attempts: number;
  readonly reason:
    | { readonly code: string; readonly description: string; readonly remedy: string }
    | undefined;
  readonly calls: readonly { readonly what: string; readonly status: number | undefined }[];
}

export interface OrderRow {
  readonly jobKey: string;
  readonly orderId: string;
  readonly status: string;
}

export interface RejectedRow {
  readonly messageId: string;
  readonly reason: string;
  readonly path: string;
}

/** How far the jobs are. */
export interface Standing {
  readonly carts: readonly CartStanding[];
  readonly orders: readonly OrderRow[];
  readonly rejected: readonly RejectedRow[];
  /** Jobs that ask a person, by their job key. */
  readonly asking: ReadonlySet<string>;
}

/** The same, with what each record holds. */
export interface Books extends Standing {
  readonly carts: readonly CartRow[];
}

const text = z.optional(z.string());
const call = z.object({ what: z.string(), end: z.optional(z.object({ status: z.optional(z.number()) })) });
const record = z.object({
  attempts: z.number(),
  reason: z.optional(z.object({ code: z.string(), description: z.string(), remedy: z.string() })),
  made: z.optional(z.object({ total: z.optional(z.string()) })),
  history: z.object({ first: z.array(call), last: z.array(call) }),
});
const cartShape = z.object({
  partitionKey: z.string(),
  rowKey: z.string(),
  jobKey: z.string(),
  state: z.string(),
  nextTry: z.optional(z.number()),
  cartId: z.optional(z.string()),
  code: z.optional(z.string()),
});
const cartColumns = ['PartitionKey', 'RowKey', 'jobKey', 'state', 'nextTry', 'cartId', 'code'];
const orderShape = z.object({
  partitionKey: z.string(),
  rowKey: z.string(),
  jobKey: z.string(),
  status: z.string(),
  /** Only where the key cannot hold it. */
  orderId: z.optional(z.string()),
});
const orderColumns = ['PartitionKey', 'RowKey', 'jobKey', 'status', 'orderId'];
const rejectedShape = z.object({ messageId: text, reason: z.string(), path: text });

export interface BooksReader {
  read(): Promise<Books>;
  /** A thirtieth of the work: records are most of what the table holds, and Azurite serves one request at a time. */
  standing(): Promise<Standing>;
}

export function booksReader(connectionString: string): BooksReader {
  const table = (name: string) =>
    TableClient.fromConnectionString(connectionString, name, { allowInsecureConnection: true });
  const checkouts = table('Checkouts');
  const attention = table('Attention');

  async function rows(
    client: TableClient,
    filter: string,
    select?: string[],
  ): Promise<Record<string, unknown>[]> {
    const found: Record<string, unknown>[] = [];
    const queryOptions = { filter, ...(select === undefined ? {} : { select }) };
    try {
      for await (const row of client.listEntities<Record<string, unknown>>({ queryOptions })) found.push(row);
    } catch (error) {
      // The worker makes the tables when it first runs.
      if (!(error instanceof Error && 'statusCode' in error && error.statusCode === 404)) throw error;
    }
    return found;
  }

  async function readWith<Cart>(
    toCart: (row: Record<string, unknown>) => Cart,
    select?: string[],
  ): Promise<Omit<Standing, 'carts'> & { readonly carts: readonly Cart[] }> {
    const [carts, orders, rejected, asking] = await Promise.all([
      rows(checkouts, odata`RowKey ge 'cart:' and RowKey lt 'job;'`, select),
      rows(checkouts, odata`RowKey ge 'order:' and RowKey lt 'order;'`, orderColumns),
      rows(attention, odata`PartitionKey eq 'rejected'`),
      rows(attention, odata`PartitionKey eq 'job' and kind eq 'needs-decision' and open eq true`),
    ]);
    return {
      // A row without a state points from a cart to the job that made it.
      carts: carts.filter((row) => typeof row['state'] === 'string').map(toCart),
      orders: orders.map((row) => {
        const { rowKey, jobKey, status, orderId } = orderShape.parse(present(row));
        return { jobKey, orderId: orderId ?? rowKey.slice('order:'.length), status };
      }),
      rejected: rejected.map((row) => {
        const { messageId, reason, path } = rejectedShape.parse(row);
        return { messageId: messageId ?? '', reason, path: path ?? '' };
      }),
      asking: new Set(asking.map(({ rowKey }) => String(rowKey))),
    };
  }

  return { read: () => readWith(toCartRow), standing: () => readWith(toStanding, cartColumns) };
}

/** A column that was selected and that a row lacks comes as null. */
const present = (row: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));

function toStanding(row: Record<string, unknown>): CartStanding {
  const { partitionKey, jobKey, state, nextTry, cartId = '', code } = cartShape.parse(present(row));
  return { jobKey, customerId: partitionKey, cartId, state, nextTry, code };
}

function toCartRow(row: Record<string, unknown>): CartRow {
  const { attempts, reason, history, made } = record.parse(JSON.parse(wholeText(row)));
  const calls = [...history.first, ...history.last].map(({ what, end }) => ({ what, status: end?.status }));
  return { ...toStanding(row), total: made?.total, attempts, reason, calls };
}

/** Long JSON is split over `record`, `record1`, `record2` … */
function wholeText(row: Record<string, unknown>): string {
  const parts: string[] = [];
  for (let index = 0; ; index += 1) {
    const part = row[index === 0 ? 'record' : `record${index}`];
    if (typeof part !== 'string') return parts.join('');
    parts.push(part);
  }
}
