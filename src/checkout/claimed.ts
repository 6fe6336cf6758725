import { type Result, settled } from '../domain/checkout/apply-result.ts';
import { withDelivery } from '../domain/checkout/call-history.ts';
import type { CheckoutRecord } from '../domain/checkout/record.ts';
import type { Stored } from '../ports/ledger.ts';
import type { Held, Run } from './run.ts';

/** What a claim leaves to do: a call, a look, the tail of a known result, a person's decision, or nothing more. */
export type Claimed =
  | { readonly kind: 'call'; readonly held: Held }
  | { readonly kind: 'look'; readonly held: Held }
  | {
      readonly kind: 'orders';
      readonly held: Held;
      readonly orderIds: readonly string[];
      readonly who: string;
    }
  | { readonly kind: 'give-up'; readonly held: Held; readonly who: string }
  | { readonly kind: 'settled'; readonly record: CheckoutRecord }
  /** Nothing of it was running, and nothing more will: too late before it began, or given up. */
  | { readonly kind: 'ended'; readonly record: CheckoutRecord }
  | { readonly kind: 'done' };

/** Writes the record with a lease of this run. Undefined: somebody else changed it meanwhile. */
export async function claimed<K extends 'call' | 'look'>(
  run: Run,
  found: Stored<CheckoutRecord>,
  record: CheckoutRecord,
  kind: K,
): Promise<{ readonly kind: K; readonly held: Held } | undefined> {
  const { deps } = run;
  const now = deps.clock.now();
  const leaseId = deps.chance.guid();
  const { nextTry: _, ...rest } = record;
  const lease = { id: leaseId, until: now + deps.times.lease };
  const leased = withDelivery({ ...rest, lease, updatedAt: now }, run);
  const written = await deps.ledger.replace(
    leased,
    // guard: Claim: with If-Match [replace: (await deps.ledger.read(leased))?.etag ?? found.etag]
    found.etag,
    leaseId,
  );
  if (written.kind === 'conflict') return undefined;
  return { kind, held: { record: leased, etag: written.etag, leaseId } };
}

/** The record of a job of which nothing is running, with its end. */
export function endedBy(run: Run, record: CheckoutRecord, result: Result): CheckoutRecord {
  const ended = settled(record, result, { now: run.deps.clock.now(), firstPoll: 0 });
  return withDelivery(ended, run, `recorded: ${ended.state}`);
}
