/** The files that describe a whole batch: its results as CSV, and its report as one HTML page. */
import { omitUndefined } from '../../domain/omit-undefined.ts';
import { batchCarts } from '../../operator/batches/batch-carts.ts';
import { csvHeading, csvLine, csvRows, listHeading, listRows } from '../../operator/batches/batch-csv.ts';
import type { BatchStatus } from '../../operator/batches/batch-status.ts';
import { viewGate } from '../../operator/pause-gate.ts';
import { figuresOf } from '../../operator/report/figures.ts';
import { reportPage } from '../../operator/report/page.ts';
import type { Operator } from './operator.ts';

export interface CsvChoice {
  /** Only what failed, or was dropped. */
  readonly failedOnly?: true;
  /** As a list of order lines, to be corrected and sent again. */
  readonly asList?: true;
}

/** A line for each cart or order line, after a heading. Throws `Unavailable`. */
export async function* csvLines(
  deps: Pick<Operator, 'batches' | 'ledger'>,
  batchId: string,
  { failedOnly, asList }: CsvChoice = {},
): AsyncGenerator<string> {
  // A spreadsheet reads UTF-8 only when the file says so.
  yield `\uFEFF${csvLine(asList === true ? listHeading : csvHeading)}`;
  for await (const cart of batchCarts(deps, batchId)) {
    if (asList === true) {
      if (cart.kind === 'record') for (const row of listRows(cart.record)) yield csvLine(row);
      continue;
    }
    const orders = cart.kind === 'record' ? await deps.ledger.orders(cart.record) : [];
    for (const row of csvRows(cart, orders)) if (failedOnly !== true || isBad(row)) yield csvLine(row);
  }
}

const badStates = new Set(['failed', 'partial', 'rejected', 'dropped', 'cancelled']);
const isBad = (row: readonly string[]): boolean => badStates.has(row[csvHeading.indexOf('state')] ?? '');

/** The report of a batch as one HTML page. Throws `Unavailable`. */
export async function reportOf(
  deps: Pick<Operator, 'batches' | 'ledger' | 'gateStore' | 'config' | 'clock'>,
  { batchId, total, stopped }: Pick<BatchStatus, 'batchId' | 'total' | 'stopped'>,
): Promise<string> {
  const gate = await viewGate(deps.gateStore, deps.config.gate);
  const closed = gate.open ? undefined : (gate.reason ?? 'no reason given');
  const carts = batchCarts(deps, batchId);
  return reportPage(
    await figuresOf(
      {
        batchId,
        total,
        limit: gate.limit,
        closings: gate.closings,
        ...omitUndefined({ closed, stoppedBy: stopped }),
      },
      carts,
      deps.clock.now(),
      deps.config.gate.minuteMs,
    ),
  );
}
