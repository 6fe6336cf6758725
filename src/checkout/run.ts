/** What one delivery holds while it passes the steps, and how it writes the record that it has claimed. */

import type { StoppedBatch } from '../domain/checkout/endings.ts';
import type { Context, Repeat } from '../domain/checkout/next-action.ts';
import type { CheckoutRecord } from '../domain/checkout/record.ts';
import type { LeasedRecord } from '../domain/checkout/send-fence.ts';
import type { Permit } from '../domain/gate/permit.ts';
import type { Delivery } from '../domain/message/delivery.ts';
import { omitUndefined } from '../domain/omit-undefined.ts';
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

/** A run, as a step sees it that uses these ports alone. */
export type RunWith<Port extends keyof Deps> = Omit<Run, 'deps'> & { readonly deps: Pick<Deps, Port> };

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
export const lockEnds = (run: RunWith<'times'>): number => run.startedAt + run.deps.times.lockRenewed;

/** What is left of its sleep budget, ms. */
export const leftToSleep = ({ deps, slept }: RunWith<'times'>): number =>
  Math.max(0, deps.times.sleepBudget - slept);

/** Gives an unused permit back to the gate. */
export function returnPermit(run: RunWith<'gate'>): void {
  if (run.permit !== undefined) run.deps.gate.giveBack(run.permit);
  run.permit = undefined;
}

export const contextOf = ({
  deps,
  stopped,
}: RunWith<'clock' | 'clockSkew' | 'random' | 'rules' | 'times'>): Context => ({
  now: deps.clock.now(),
  times: deps.times,
  rules: deps.rules,
  fraction: deps.random.fraction(),
  stopped,
  skew: deps.clockSkew(),
});

/** Writes one record, again and again, with the ETag of its own last write. */
export interface RecordWriter {
  /** The record as it was read or written last. */
  record(): CheckoutRecord;
  /** Undefined: the record is somebody else's now. */
  write(change: (record: CheckoutRecord) => CheckoutRecord): Promise<CheckoutRecord | undefined>;
}

/**
 * Writes as long as this run has its lease: after a conflict (a message was merged, say) it reads and writes again. What the run
 * learned, and no write has kept yet, outlives a conflict.
 */
export function whileMine(run: RunWith<'ledger' | 'random'>, leased: LeasedRecord): RecordWriter {
  const { ledger, random } = run.deps;
  let current = leased;
  return {
    record: () => current.record,
    async write(change) {
      const learned = learnedBy(current.record);
      for (;;) {
        const next = change(current.record);
        const written = await ledger.replace(next, current.etag, random.guid());
        if (written.kind === 'written') {
          current = { record: next, etag: written.etag, leaseId: leased.leaseId };
          run.leased = current;
          return next;
        }
        const found = await ledger.read(current.record.jobKey);
        if (found?.value.lease?.id !== leased.leaseId) return undefined;
        current = { record: withLearned(found.value, learned), etag: found.etag, leaseId: leased.leaseId };
      }
    },
  };
}

/** One If-Match write of a record that nobody has claimed; an insert where there is none. */
export function unleasedWriter(
  run: RunWith<'ledger' | 'random'>,
  record: CheckoutRecord,
  etag: string | undefined,
): RecordWriter {
  const { ledger, random } = run.deps;
  let current = record;
  let tag = etag;
  return {
    record: () => current,
    async write(change) {
      const next = change(current);
      const writeId = random.guid();
      const written =
        tag === undefined ? await ledger.insert(next, writeId) : await ledger.replace(next, tag, writeId);
      if (written.kind === 'conflict') return undefined;
      current = next;
      tag = written.etag;
      return next;
    },
  };
}

/** What a run learned, and no ledger write has kept yet. */
export const learnedBy = ({
  history,
  groups,
  repeated,
  requestId,
  goneSince,
  boughtAgain,
  badLines,
}: CheckoutRecord) =>
  omitUndefined({ history, groups, repeated, requestId, goneSince, boughtAgain, badLines });

/** A cart that was read again is not gone, whatever the record says. */
export function withLearned(found: CheckoutRecord, learned: ReturnType<typeof learnedBy>): CheckoutRecord {
  const { goneSince: _, ...record } = found;
  return { ...record, ...learned };
}

/**
 * Whether the batch of this delivery is stopped; its size is declared on the way. A cart that another batch wants too,
 * which goes on, is not stopped. Asked again after every wait: it costs a request only now and then. Throws `Unavailable`.
 */
export async function stoppedNow(
  { deps, delivery }: RunWith<'joinBatch'>,
  record: Pick<CheckoutRecord, 'batches' | 'job'> | undefined,
): Promise<StoppedBatch | undefined> {
  const { from } = delivery;
  if (from.kind === 'producer' && from.job.batchId !== undefined) {
    const { batchId, batchSize } = from.job;
    const stopped = await deps.joinBatch(batchId, batchSize);
    // guard: Batch: nothing is sent once it is stopped [replace: false]
    if (record === undefined) return stopped === undefined ? undefined : { batchId, ...stopped };
  }
  // Its first message belongs to no batch, so no batch stops it.
  if (record?.job.batchId === undefined) return undefined;
  for (const batchId of record.batches) {
    const stopped = await deps.joinBatch(batchId, undefined);
    if (stopped === undefined) return undefined;
    if (batchId === record.batches.at(-1)) return { batchId, ...stopped };
  }
  return undefined;
}

/** Every batch that names this cart is stopped. Throws `Unavailable`. */
export async function stoppedEverywhere(
  deps: Pick<Deps, 'joinBatch'>,
  record: Pick<CheckoutRecord, 'batches'>,
): Promise<boolean> {
  for (const batchId of record.batches)
    if ((await deps.joinBatch(batchId, undefined)) === undefined) return false;
  return record.batches.length > 0;
}
