import { type BatchCounts, type LineKind, lineKinds, openLines } from '../../domain/batch/batch-counts.ts';
import { workerShare } from '../../domain/gate/gate-settings.ts';
import type { GateView } from '../pause-gate.ts';

export type Eta =
  /** Every line has its result, and no order is pending. */
  | { readonly kind: 'done' }
  /** Nothing is left to check out; orders are pending for as long as Partner Center takes. */
  | { readonly kind: 'pending-orders' }
  /** Epoch ms when the last line is checked out, if nothing new goes wrong. */
  | { readonly kind: 'at'; readonly at: number; readonly perMinute: number }
  | { readonly kind: 'unknown'; readonly why: string };

/** What stands in the way of a batch's end. */
export interface EtaParts {
  readonly now: number;
  readonly counts: BatchCounts;
  readonly gate: GateView;
  /** Messages in the queue that may be taken now, of every batch; undefined: nobody asked the queue. */
  readonly backlog: number | undefined;
  /** The latest next try among its jobs, epoch ms. */
  readonly lastTry: number | undefined;
  /** Of the gate: how long "a minute" is. */
  readonly minuteMs: number;
}

/** The calls that a line still takes. A cart in doubt takes the cart, the order list and a repeat. */
const callsLeft: Readonly<Record<LineKind, number>> = {
  notStarted: 1,
  submitting: 1,
  waiting: 1,
  unresolved: 3,
  ordered: 0,
  completed: 0,
  partial: 0,
  failed: 0,
  rejected: 0,
};

/**
 * When every line is checked out, from the budget: so many calls, so many a minute, beginning when the gate opens. The
 * speed of the last minute says little: it falls to nothing while the gate is closed, and rises when others are through.
 */
export function etaOf({ now, counts, gate, backlog, lastTry, minuteMs }: EtaParts): Eta {
  if (openLines(counts) === 0) return { kind: counts.ordered === 0 ? 'done' : 'pending-orders' };
  if (counts.unresolved > 0 && openLines(counts) === counts.unresolved && lastTry === undefined)
    return { kind: 'unknown', why: 'what is left waits for a decision' };
  if (!gate.open && gate.until === undefined)
    return { kind: 'unknown', why: gate.reason ?? 'the gate is closed' };
  if (gate.paused) return { kind: 'unknown', why: gate.reason ?? 'paused' };
  const own = lineKinds.reduce((sum, kind) => sum + counts[kind] * callsLeft[kind], 0);
  // Our messages that were never taken are in the queue too, behind or between those of others.
  const waiting = own - counts.notStarted * callsLeft.notStarted - counts.submitting * callsLeft.submitting;
  const calls = Math.max(own, (backlog ?? 0) + waiting);
  const perMinute = gate.limit * workerShare;
  const begins = gate.open ? now : Math.max(now, gate.until ?? now);
  return { kind: 'at', at: Math.max(begins + (calls / perMinute) * minuteMs, lastTry ?? 0), perMinute };
}
