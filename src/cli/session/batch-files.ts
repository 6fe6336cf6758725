/** The files that describe a whole batch: its results as CSV, and its report as one HTML page. */
import { orderKey } from '../../adapters/azure-tables/order-rows.ts';
import { type BatchCart, batchCarts } from '../../operator/batches/batch-carts.ts';
import { csvFields, csvHeading, csvLine } from '../../operator/batches/batch-csv.ts';
import { viewGate } from '../../operator/pause-gate.ts';
import { figuresOf } from '../../operator/report/figures.ts';
import { reportPage } from '../../operator/report/page.ts';
import type { Table } from '../../ports/table.ts';
import type { Operator } from './operator.ts';

/** One line for each cart, after a heading. Throws `Unavailable`. */
export async function* csvLines(
  deps: Pick<Operator, 'batches' | 'ledger' | 'tables'>,
  batchId: string,
): AsyncGenerator<string> {
  // A spreadsheet reads UTF-8 only when the file says so.
  yield `\uFEFF${csvLine(csvHeading)}`;
  for await (const cart of batchCarts(deps, batchId))
    yield csvLine(csvFields(cart, await subscriptionsOf(deps.tables.checkouts, cart)));
}

/** They stand in a column of each order's row. */
async function subscriptionsOf(table: Pick<Table, 'get'>, cart: BatchCart): Promise<readonly string[]> {
  if (cart.kind !== 'record') return [];
  const found: string[] = [];
  for (const { id } of cart.record.orders) {
    const ids = (await table.get(cart.record.customerId, orderKey(id)))?.properties['subscriptionIds'];
    if (typeof ids === 'string' && ids !== '') found.push(...ids.split(','));
  }
  return found;
}

/** The report of a batch as one HTML page. `total`: its declared size. Throws `Unavailable`. */
export async function reportOf(
  deps: Pick<Operator, 'batches' | 'ledger' | 'gateStore' | 'config' | 'clock'>,
  batchId: string,
  total: number | undefined,
): Promise<string> {
  const { limit } = await viewGate(deps.gateStore, deps.config.gate);
  const carts = batchCarts(deps, batchId);
  return reportPage(
    await figuresOf({ batchId, total, limit }, carts, deps.clock.now(), deps.config.gate.minuteMs),
  );
}
