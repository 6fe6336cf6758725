import { type OrderRecord, statusOf } from './orders.ts';
import { orderBody, totalOf } from './wire.ts';
import type { World } from './world.ts';

/** What Partner Center holds: one entry for each order that exists, listed or not. */
export interface BookEntry {
  readonly orderId: string;
  readonly customerId: string;
  readonly cartId: string;
  readonly group: string;
  readonly status: string;
  /** What it holds, and what it costs in all. */
  readonly lines: readonly {
    readonly product: string;
    readonly sku: string;
    readonly quantity: number;
    readonly term: string;
  }[];
  readonly total: number;
  /** Epoch ms, and as on the wire. */
  readonly createdAt: number;
  readonly creationDate: string;
  /** Headers of the call that made it, and the number of that call in the log. */
  readonly correlationId: string;
  readonly requestId: string;
  readonly call: number;
}

function entry(order: OrderRecord, now: number): BookEntry {
  return {
    orderId: order.id,
    customerId: order.customerId,
    cartId: order.cartId,
    group: order.group,
    status: statusOf(order, now),
    lines: order.lines.map(({ line: { catalogItemId, quantity, termDuration = 'none' } }) => {
      const [product = '', sku = ''] = catalogItemId.split(':');
      return { product, sku, quantity, term: termDuration };
    }),
    total: totalOf(order),
    createdAt: order.createdAt,
    creationDate: String(orderBody(order, now)['creationDate']),
    correlationId: order.correlationId,
    requestId: order.requestId,
    call: order.call,
  };
}

/** The order book, oldest order first; untrue by one order when the switch `lie` says so. */
export function orderBook(world: World): BookEntry[] {
  const now = world.clock.now();
  const book = [...world.orders.all()].map((order) => entry(order, now));
  const last = book.at(-1);
  if (last && world.switches.lie === 'hide') book.pop();
  if (last && world.switches.lie === 'invent') {
    book.push({ ...last, orderId: world.draw.orderId('invented'), group: `${last.group}9` });
  }
  return book;
}
