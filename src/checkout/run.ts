import type { StoppedBy } from '../domain/batch/batch.ts';
import type { CheckoutRecord } from '../domain/checkout/record.ts';
import type { Permit } from '../domain/gate/permit.ts';
import type { Delivery } from '../domain/message/delivery.ts';
import type { Deps } from './deps.ts';

/** One delivery being worked on. The changing fields are its budgets, the permit that it holds unused, and whether it may still buy. */
export interface Run {
  readonly deps: Deps;
  readonly delivery: Delivery;
  readonly startedAt: number;
  /** How long it has slept in all: until its first call, `Times.sleepBudget` at most. */
  slept: number;
  permit: Permit | undefined;
  /** Every batch that names its cart is stopped: nothing more is bought. */
  stopped: StoppedBatch | undefined;
  /** The repeat that it makes. Absent: its call is no repeat. */
  repeat: Repeat | undefined;
  /** Requests to Partner Center and their length in ms, for its one event. */
  calls: number;
  apiMs: number;
}

export interface Repeat {
  /** It must not leave later, by the local clock. Undefined: it need not be remembered by the API. */
  readonly until: number | undefined;
  readonly ofOrderedCart: boolean;
  /** Of the record, before the claim for this repeat. */
  readonly lastSendBefore: number;
  /** Orders that were there before it. */
  readonly known: ReadonlySet<string>;
}

export interface StoppedBatch extends StoppedBy {
  readonly batchId: string;
}

/** A record that this run has claimed: `lease.id` is its own. */
export interface Held {
  readonly record: CheckoutRecord;
  readonly etag: string;
  readonly leaseId: string;
}

export const startRun = (deps: Deps, delivery: Delivery): Run => ({
  deps,
  delivery,
  startedAt: deps.clock.now(),
  slept: 0,
  permit: undefined,
  stopped: undefined,
  repeat: undefined,
  calls: 0,
  apiMs: 0,
});

/** Until when the host renews the message's lock. */
export const lockEnds = (run: Run): number => run.startedAt + run.deps.times.lockRenewed;

/** Gives an unused permit to the next caller of this instance. */
export function returnPermit(run: Run): void {
  if (run.permit !== undefined) run.deps.gate.giveBack(run.permit);
  run.permit = undefined;
}
