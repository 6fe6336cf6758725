import { withDelivery } from '../domain/checkout/call-history.ts';
import type { CheckoutRecord } from '../domain/checkout/record.ts';
import { transition } from '../domain/checkout/state-machine.ts';
import { ticketAfter } from '../domain/message/delivery.ts';
import { omitUndefined } from '../domain/omit-undefined.ts';
import { Unavailable } from '../ports/unavailable.ts';
import { nextTry, sameAgain } from './copies.ts';
import { writeBatchRows } from './finalize.ts';
import { type Held, type Run, returnPermit } from './run.ts';

export interface Parking {
  readonly step: 'wait' | 'doubt';
  /** Epoch ms. */
  readonly until: number;
  readonly why: string;
  /** Orders for the copy to carry, in place of those that this delivery came with. */
  readonly found?: readonly string[];
}

/**
 * Send the copy, write the record, then return, which completes this delivery's message: any other order loses the job
 * when the worker dies in between.
 */
export async function park(
  run: Run,
  held: Held,
  to: Parking,
  change: Partial<CheckoutRecord> = {},
): Promise<void> {
  const { deps } = run;
  const ticket = ticketAfter(held.record.ticket);
  const found = to.found ?? run.delivery.found;
  // guard: Park: send, then write [later]
  await deps.queue.send(nextTry(held.record, ticket, found, deps.chance), to.until);
  try {
    const written = await writeWhileMine(run, held, (record) => {
      const { lease: _, ...rest } = { ...record, ...change };
      const state = transition(record.state, to.step);
      const parked = { ...rest, state, ticket, nextTry: to.until, updatedAt: deps.clock.now() };
      return withDelivery(parked, run, `parked: ${to.why}`);
    });
    if (written !== undefined) await writeBatchRows(deps, written.record, 'not-newer');
  } catch (error) {
    // The copy lives: it finds the record as it is, in doubt at worst, and finds out.
    if (!(error instanceof Unavailable)) throw error;
    deps.telemetry.warn(error.message, { customerId: held.record.customerId, cartId: held.record.cartId });
  }
  tellParked(run, to.until, to.why, ticket);
}

/** The ledger is not touched: the copy has the message's own ticket and decision, and lives on in its place. */
export async function parkWithoutResult(
  run: Run,
  until: number,
  why: string,
  found: readonly string[] = [],
): Promise<void> {
  const { deps, delivery } = run;
  returnPermit(run);
  await deps.queue.send(sameAgain(delivery, found, deps.chance), until);
  tellParked(run, until, why, delivery.ticket);
}

/**
 * Writes the record as long as this run has its lease: after a conflict (a batch was added, say) it reads and writes
 * again. Undefined: the lease is somebody else's now, and so is the job.
 */
export async function writeWhileMine(
  run: Run,
  held: Held,
  change: (record: CheckoutRecord) => CheckoutRecord,
): Promise<Held | undefined> {
  const { deps } = run;
  let { record, etag } = held;
  const learned = learnedBy(record);
  for (;;) {
    const next = change(record);
    const written = await deps.ledger.replace(next, etag, deps.chance.guid());
    if (written.kind === 'written') return { record: next, etag: written.etag, leaseId: held.leaseId };
    const found = await deps.ledger.read(record);
    if (found?.value.lease?.id !== held.leaseId) return undefined;
    record = withLearned(found.value, learned);
    etag = found.etag;
  }
}

/** What a run learned, and no ledger write has kept yet: it outlives a conflict. */
export const learnedBy = ({ history, groups, repeated, requestId, goneSince, boughtAgain }: CheckoutRecord) =>
  omitUndefined({ history, groups, repeated, requestId, goneSince, boughtAgain });

/** A cart that was read again is not gone, whatever the record says. */
export function withLearned(found: CheckoutRecord, learned: ReturnType<typeof learnedBy>): CheckoutRecord {
  const { goneSince: _, ...record } = found;
  return { ...record, ...learned };
}

function tellParked(run: Run, until: number, why: string, ticket: number): void {
  const { customerId, cartId, batchId, notAfter } = run.delivery.job;
  run.deps.telemetry.event('JobParked', { customerId, cartId, batchId, notAfter, until, why, ticket });
}
