import { nextTry } from '../../checkout/copies.ts';
import { copyIsLost } from '../../domain/checkout/claim-rules.ts';
import { type CheckoutRecord, isSettled, openStates } from '../../domain/checkout/record.ts';
import type { CartKey } from '../../domain/message/job.ts';
import type { Times } from '../../domain/times.ts';
import type { Chance } from '../../ports/chance.ts';
import type { CheckoutQueue } from '../../ports/checkout-queue.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Ledger } from '../../ports/ledger.ts';
import type { LedgerScan } from '../../ports/ledger-scan.ts';

export interface ReviveDeps {
  readonly ledger: Pick<Ledger, 'read' | 'customer'>;
  readonly queue: CheckoutQueue;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly config: { readonly times: Pick<Times, 'reviveAfter'> };
}

/** Why its message need not be sent again; undefined: it is missing. */
export function whyNotRevive(
  record: CheckoutRecord | undefined,
  now: number,
  times: Pick<Times, 'reviveAfter'>,
): string | undefined {
  if (record === undefined) return 'it has no record in the ledger: enqueue it';
  if (isSettled(record.state)) return `it is ${record.state}: no message is needed`;
  if (copyIsLost(record, now, times)) return undefined;
  const due = record.lease?.until ?? record.nextTry ?? record.lastSend;
  return `its message is not missing: it is due at ${new Date(due).toISOString()}, and counts as lost from ${new Date(due + times.reviveAfter).toISOString()} on`;
}

/** Every job whose message is missing, of all customers. Throws `Unavailable`. */
export async function allLostJobs(
  deps: Pick<ReviveDeps, 'clock' | 'config'> & { readonly ledgerScan: LedgerScan },
): Promise<readonly CartKey[]> {
  const lost: CartKey[] = [];
  for await (const record of deps.ledgerScan.inState(openStates)) {
    const { customerId, cartId } = record;
    if (whyNotRevive(record, deps.clock.now(), deps.config.times) === undefined)
      lost.push({ customerId, cartId });
  }
  return lost;
}

/** Jobs of a customer whose message is missing. Throws `Unavailable`. */
export async function lostJobsOf(
  { ledger, clock, config }: Omit<ReviveDeps, 'queue'>,
  customerId: string,
): Promise<readonly CartKey[]> {
  const { records, unreadable } = await ledger.customer(customerId);
  if (unreadable[0] !== undefined) throw unreadable[0];
  return records.filter((record) => whyNotRevive(record, clock.now(), config.times) === undefined);
}

/**
 * Sends the copy of a job whose message is missing, with the record's own ticket: if it was there after all, one of the two
 * is a twin, and nothing multiplies. Returns why it did not. Throws `Unavailable`.
 */
export async function revive(deps: ReviveDeps, cart: CartKey): Promise<string | undefined> {
  const { ledger, queue, clock, chance, config } = deps;
  const record = (await ledger.read(cart))?.value;
  const why = whyNotRevive(record, clock.now(), config.times);
  if (why !== undefined || record === undefined) return why;
  await queue.send(nextTry(record, record.ticket, [], chance), clock.now());
  return undefined;
}
