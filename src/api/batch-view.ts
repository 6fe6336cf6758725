/** A batch over HTTP. */
import { omitUndefined } from '../domain/omit-undefined.ts';
import type { BatchStatus } from '../operator/batches/batch-status.ts';
import type { BatchView } from './api-shapes.ts';

/** A batch as others may see it. Only the command line shows who stopped it and which decisions are open. */
export function batchView(status: BatchStatus): BatchView {
  const { batchId, total, stopped, decisions, held, gate, counts, perMinute, eta, countedAt } = status;
  return omitUndefined({
    batchId,
    total,
    decisions,
    held,
    gate: omitUndefined({
      open: gate.open,
      cause: gate.cause,
      until: gate.until === undefined ? undefined : new Date(gate.until).toISOString(),
    }),
    stopped: stopped !== undefined,
    counts: { ...counts },
    // Without a declared size more jobs may still come.
    finished: total !== undefined && eta.kind === 'done',
    perMinute,
    lastCheckoutAt: eta.kind === 'at' ? new Date(eta.at).toISOString() : undefined,
    countedAt: new Date(countedAt).toISOString(),
  });
}
