import type { StoppedBatch } from '../domain/checkout/endings.ts';
import type { Context, Repeat } from '../domain/checkout/next-action.ts';
import type { LeasedRecord } from '../domain/checkout/send-fence.ts';
import type { Permit } from '../domain/gate/permit.ts';
import type { Delivery } from '../domain/message/delivery.ts';
import type { Deps } from './deps.ts';

/**
 * Why a message may be completed (rule R1 of docs/protocol.md). Every way through a delivery ends in one of them, so the
 * compiler refuses one that would complete a message without a promise.
 *
 * - `finalized`: its record has a result, and what this message is responsible for is done.
 * - `entry`: a schedule entry will wake the job again.
 * - `rejected`: it is not a job, and is kept.
 * - `redelivered`: the same message was sent again.
 */
export type Completed = 'finalized' | 'entry' | 'rejected' | 'redelivered';

/** One delivery being worked on. The changing fields are its budgets, and what it holds. */
export interface Run {
  readonly deps: Deps;
  readonly delivery: Delivery;
  readonly startedAt: number;
  /** How long it has slept in all: until its first call, `Times.sleepBudget` at most. */
  slept: number;
  /** A permit that it holds unused. */
  permit: Permit | undefined;
  /** Every batch that names its job is stopped: nothing more is bought. */
  stopped: StoppedBatch | undefined;
  /** The repeat that it makes; undefined: its call is not a repeat. */
  repeat: Repeat | undefined;
  /** The record that it has claimed. */
  leased: LeasedRecord | undefined;
  /** The entry for the end of its lease, which a producer's message wrote before it took an existing record over. */
  leaseEntry: { readonly key: string; readonly origin: number } | undefined;
  /** Ids of orders that were received and are not recorded yet. */
  inHand: readonly string[];
  /** Requests to Partner Center and their length in ms, for its one event. */
  calls: number;
  apiMs: number;
}

export const startRun = (deps: Deps, delivery: Delivery): Run => ({
  deps,
  delivery,
  startedAt: deps.clock.now(),
  slept: 0,
  permit: undefined,
  stopped: undefined,
  repeat: undefined,
  leased: undefined,
  leaseEntry: undefined,
  inHand: [],
  calls: 0,
  apiMs: 0,
});

/** Until when the host renews the message's lock. */
export const lockEnds = (run: Run): number => run.startedAt + run.deps.times.lockRenewed;

/** Gives an unused permit back to the gate. */
export function returnPermit(run: Run): void {
  if (run.permit !== undefined) run.deps.gate.giveBack(run.permit);
  run.permit = undefined;
}

export const contextOf = ({ deps, stopped }: Run): Context => ({
  now: deps.clock.now(),
  times: deps.times,
  rules: deps.rules,
  fraction: deps.random.fraction(),
  stopped,
  skew: deps.clockSkew(),
});
