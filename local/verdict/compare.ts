import type { OrderRow } from './books.ts';

/** An order as Partner Center has it. */
export interface TrueOrder {
  readonly orderId: string;
  readonly customerId: string;
  readonly cartId: string;
  readonly group: string;
  readonly status: string;
}

export interface Comparison {
  readonly inPartnerCenter: number;
  readonly inTable: number;
  /** Groups of a cart that have more than one order. */
  readonly boughtTwice: readonly string[];
  /** Orders of Partner Center that are in no row. */
  readonly lost: readonly string[];
  /** Rows of orders that Partner Center does not have. */
  readonly invented: readonly string[];
  /** Orders whose row has another cart or status. */
  readonly different: readonly string[];
}

export const agrees = (comparison: Comparison): boolean =>
  [comparison.boughtTwice, comparison.lost, comparison.invented, comparison.different].every(
    (list) => list.length === 0,
  );

/** Partner Center's order book against the table, order by order. `jobOfCart`: of the carts that the worker made itself. */
export function compare(
  book: readonly TrueOrder[],
  rows: readonly OrderRow[],
  jobOfCart: ReadonlyMap<string, string> = new Map(),
): Comparison {
  const truth = new Map(book.map((order) => [order.orderId, order]));
  const table = new Map(rows.map((row) => [row.orderId, row]));
  const groups = Map.groupBy(book, (order) => `cart ${order.cartId}, group ${order.group}`);
  return {
    inPartnerCenter: truth.size,
    inTable: table.size,
    boughtTwice: [...groups].filter(([, orders]) => orders.length > 1).map(([name]) => name),
    lost: [...truth.keys()].filter((id) => !table.has(id)),
    invented: [...table.keys()].filter((id) => !truth.has(id)),
    different: [...truth.values()].flatMap((order) => {
      const row = table.get(order.orderId);
      if (row === undefined) return [];
      const jobKey = jobOfCart.get(order.cartId) ?? `${order.customerId}:cart:${order.cartId}`;
      const same = row.jobKey === jobKey && row.status === order.status;
      return same
        ? []
        : [`${order.orderId}: job ${jobKey} ${order.status}, in the table job ${row.jobKey} ${row.status}`];
    }),
  };
}
