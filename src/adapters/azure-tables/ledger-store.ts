/**
 * The port `Ledger` over the table Checkouts: reads records, writes them with If-Match, and writes orders and record
 * together.
 */

import type { CheckoutRecord } from '../../domain/checkout/record.ts';
import { customerOf, type JobKey } from '../../domain/message/job-key.ts';
import type { Order } from '../../domain/order/order.ts';
import {
  type Committed,
  type CustomerBooks,
  type Ledger,
  type Stored,
  UnreadableRecord,
  type Written,
} from '../../ports/ledger.ts';
import type { Change, Row, StoredRow, Table } from '../../ports/table.ts';
import { Unavailable } from '../../ports/unavailable.ts';
import { pointerKey, pointerRow, pointsTo } from './cart-pointer.ts';
import { keyPart } from './keys.ts';
import { namedOrders } from './named-orders.ts';
import { fromOrderRow, orderIdOf, orderKey, orderPrefix, ownerOf, toOrderRow } from './order-rows.ts';
import { fromRecordRow, isRecordKey, recordKey, recordRange, toRecordRow } from './record-rows.ts';
import { toTransactions } from './transactions.ts';

type Commit = Parameters<Ledger['commit']>[0];
type StoreCart = Parameters<Ledger['storeCart']>[0];

/** `Ledger` over the table Checkouts. Partition customerId, rows `cart:{cartId}`, `job:{number}` and `order:{orderId}`. */
export function ledgerStore(table: Table): Ledger {
  const named = namedOrders();

  async function read(key: JobKey): Promise<Stored<CheckoutRecord> | undefined> {
    const row = await table.get(keyPart('customerId', customerOf(key)), recordKey(key));
    if (row === undefined) return undefined;
    const maker = pointsTo(row);
    // guard: Cart: a message for a cart that the worker made joins the job that made it
    if (maker !== undefined) return read(maker);
    const value = fromRecordRow(row);
    named.keep(value, row.etag);
    return { value, etag: row.etag };
  }

  const insert = (record: CheckoutRecord, writeId: string): Promise<Written> =>
    write(record, { kind: 'insert', row: toRecordRow(record, writeId) }, writeId);

  const replace = (record: CheckoutRecord, etag: string, writeId: string): Promise<Written> =>
    write(record, { kind: 'replace', row: toRecordRow(record, writeId), etag }, writeId);

  async function write(record: CheckoutRecord, change: Change, writeId: string): Promise<Written> {
    const result = await table.change(change);
    return result.kind === 'done'
      ? written(record, result.etag)
      : ((await ownWrite(record, writeId)) ?? conflict);
  }

  function written(record: CheckoutRecord, etag: string): Written {
    named.keep(record, etag);
    return { kind: 'written', etag };
  }

  /** The client repeats a write whose answer was lost, and then our own write refuses it. */
  async function ownWrite(record: CheckoutRecord, writeId: string): Promise<Written | undefined> {
    const row = await table.get(record.customerId, recordKey(record.jobKey));
    // guard: Read-back: the same writeId was us
    if (row?.properties['writeId'] === writeId) return written(record, row.etag);
    return undefined;
  }

  async function commit({ record, etag, orders, writeId }: Commit): Promise<Committed> {
    const recordChange: Change = {
      kind: 'replace',
      row: toRecordRow(record, writeId),
      // guard: Result: the transaction has If-Match
      etag,
    };
    const ours = new Set(named.of(record, etag));
    // An order that turns out to be ours already leaves the inserts, so each round but the last makes some progress.
    for (let round = 0; round <= orders.length; round++) {
      const refusal = await transactAll(
        recordChange,
        orders.map((order) => orderChange(record, order, ours)),
      );
      if (refusal.kind === 'done') return written(record, refusal.etag);
      const own = await ownWrite(record, writeId);
      if (own !== undefined) return own;
      if (refusal.kind === 'record') return conflict;
      const owned = await findOwners(record, orders, ours);
      if (owned !== undefined) return owned;
    }
    throw new Unavailable(
      'storage',
      `Order rows of customer ${record.customerId} keep appearing and going: job ${record.jobKey} could not record ${orders.map((order) => order.id).join(', ')}`,
    );
  }

  /** The record with its cart, and the row that points from the cart to the job: both or neither. */
  async function storeCart({ record, cartId, etag, writeId }: StoreCart): Promise<Written> {
    const { customerId, jobKey } = record;
    const result = await table.transact([
      // guard: Cart: the row that points to its job comes with it
      { kind: 'insert', row: pointerRow(customerId, cartId, jobKey, writeId) },
      // guard: Cart: stored with If-Match
      { kind: 'replace', row: toRecordRow(record, writeId), etag },
    ]);
    if (result.kind === 'done') return written(record, result.etags[result.etags.length - 1] ?? '');
    const own = await ownWrite(record, writeId);
    if (own !== undefined) return own;
    const row = await table.get(keyPart('customerId', customerId), pointerKey(customerId, cartId));
    // An API that answers with the cart it made before: its pointer is there already.
    if (row !== undefined && pointsTo(row) === jobKey) return replace(record, etag, writeId);
    if (row !== undefined)
      throw new Error(
        `Partner Center gave job ${jobKey} the cart ${cartId}, of which the ledger has a record already`,
      );
    return conflict;
  }

  type Transacted = { kind: 'done'; etag: string } | { kind: 'record' } | { kind: 'orders' };

  /** The record goes with the last transaction: order rows that no record names are harmless. */
  async function transactAll(recordChange: Change, orderChanges: readonly Change[]): Promise<Transacted> {
    const transactions = toTransactions([...orderChanges, recordChange]);
    let etag = '';
    for (const transaction of transactions) {
      const result = await table.transact(transaction);
      if (result.kind === 'refused') return { kind: result.refusal === 'exists' ? 'orders' : 'record' };
      etag = result.etags[result.etags.length - 1] ?? '';
    }
    return { kind: 'done', etag };
  }

  /** Adds to `ours` what this cart has already; finds the order that another cart has. */
  async function findOwners(record: CheckoutRecord, orders: readonly Order[], ours: Set<string>) {
    for (const { id } of orders) {
      if (ours.has(id)) continue;
      const row = await table.get(record.customerId, orderKey(id));
      if (row === undefined) continue;
      const jobKey = ownerOf(row);
      if (jobKey !== record.jobKey) return { kind: 'owned', orderId: id, jobKey } as const;
      ours.add(id);
    }
    return undefined;
  }

  async function customer(customerId: string): Promise<CustomerBooks> {
    const records: CheckoutRecord[] = [];
    const etags = new Map<JobKey, string>();
    const unreadable: UnreadableRecord[] = [];
    const owners = new Map<string, string>();
    // Records come before orders: a cart that is recorded while we read shows as open, as the owner of its orders, or both.
    const rows = table.rows({
      partition: keyPart('customerId', customerId),
      from: recordRange.from,
      to: `${orderPrefix}\uffff`,
    });
    for await (const row of rows) {
      if (pointsTo(row) !== undefined) continue;
      if (isRecordKey(row.key)) {
        const record = readable(row);
        if (record instanceof UnreadableRecord) {
          unreadable.push(record);
          continue;
        }
        records.push(record);
        etags.set(record.jobKey, row.etag);
      } else if (row.key.startsWith(orderPrefix)) owners.set(orderIdOf(row), ownerOf(row));
    }
    return { records, etags, unreadable, owners };
  }

  const orders: Ledger['orders'] = async (record) => {
    const found: Order[] = [];
    for (const { id } of record.orders) {
      const row = await table.get(record.customerId, orderKey(id));
      const order = row === undefined ? undefined : fromOrderRow(row);
      if (order !== undefined) found.push(order);
    }
    return found;
  };

  return { read, insert, replace, storeCart, commit, orders, customer };
}

const conflict: Written = { kind: 'conflict' };

function readable(row: StoredRow): CheckoutRecord | UnreadableRecord {
  try {
    return fromRecordRow(row);
  } catch (error) {
    if (error instanceof UnreadableRecord) return error;
    throw error;
  }
}

function orderChange(record: CheckoutRecord, order: Order, ours: ReadonlySet<string>): Change {
  const row: Row = toOrderRow(record, order);
  // guard: Result: an order of another cart is never taken
  if (!ours.has(order.id)) return { kind: 'insert', row };
  return { kind: 'replace', row };
}
