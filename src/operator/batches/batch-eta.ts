/** When a batch will be checked out: its calls, the gate's limit, and what holds jobs back. Pure. */
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
  /** A person has stopped the batch. */
  readonly stopped: boolean;
  readonly gate: GateView;
  /** Messages in the queue that may be taken now, of every batch; undefined: the queue was not asked. */
  readonly backlog: number | undefined;
  /** Lines that may not be called before a time (epoch ms), and the calls that they take then. */
  readonly later: readonly { readonly at: number; readonly calls: number }[];
  /** Lines whose next step a person decides: nobody knows when. */
  readonly decisions: number;
  /** Of the gate: how long "a minute" is. */
  readonly minuteMs: number;
}

/** The calls that a line still takes. An unresolved cart takes the cart, the order list and a repeat. */
export const callsLeft: Readonly<Record<LineKind, number>> = {
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
 * From the budget: so many calls, so many a minute, beginning when the gate opens. The speed of the last minute says little:
 * it falls to nothing while the gate is closed, and rises when others are through.
 */
export function etaOf({ now, counts, stopped, gate, backlog, later, decisions, minuteMs }: EtaParts): Eta {
  if (openLines(counts) === 0) return { kind: counts.ordered === 0 ? 'done' : 'pending-orders' };
  if (stopped) return { kind: 'unknown', why: 'the batch is stopped' };
  if (decisions >= openLines(counts)) return { kind: 'unknown', why: 'what is left waits for a decision' };
  const why = whyNobodyKnows(gate);
  if (why !== undefined) return { kind: 'unknown', why };
  const own = lineKinds.reduce((sum, kind) => sum + counts[kind] * callsLeft[kind], 0);
  // Our messages that were never taken are in the queue too, behind or between those of others.
  const waiting = own - counts.notStarted * callsLeft.notStarted - counts.submitting * callsLeft.submitting;
  const calls = Math.max(own, (backlog ?? 0) + waiting);
  const perMinute = gate.limit * workerShare;
  const lasts = (count: number): number => (count / perMinute) * minuteMs;
  const begins = gate.open ? now : Math.max(now, gate.until ?? now);
  let at = begins + lasts(calls);
  // The last lines to be allowed begin at their time, and take theirs from there.
  let callsFrom = 0;
  for (const held of later.toSorted((a, b) => b.at - a.at)) {
    callsFrom += held.calls;
    at = Math.max(at, Math.max(begins, held.at) + lasts(callsFrom));
  }
  return { kind: 'at', at, perMinute };
}

/** A Retry-After and a pause with an end pass by themselves; other closings last until something is put right. */
function whyNobodyKnows({ open, cause, reason, until }: GateView): string | undefined {
  if (open || cause === undefined) return undefined;
  switch (cause) {
    case 'throttled':
    case 'untested':
      return undefined;
    case 'paused':
      return until === undefined ? (reason ?? 'the gate is paused') : undefined;
    case 'breaker':
    case 'auth':
    case 'partner-wide':
      return `the gate is closed: ${reason ?? cause}`;
  }
}
