/** The ports that a tick works with, beside those of a delivery. */

import type { Deps } from '../checkout/deps.ts';
import type { CheckoutQueue } from '../ports/checkout-queue.ts';
import type { Fleet } from '../ports/fleet.ts';
import type { Heartbeats } from '../ports/heartbeat.ts';
import type { LedgerScan } from '../ports/ledger-scan.ts';
import type { Notifier } from './notify.ts';

/** What the poll of an order or a batch works with: the ports of the deliveries, but for their queue. */
export type PollDeps = Omit<Deps, 'queue'>;

/** What the work of a tick needs. */
export interface TickWorkDeps extends PollDeps {
  readonly ledgerScan: Pick<LedgerScan, 'page'>;
  /** The queue of urgent jobs, and the other one. */
  readonly wakeUps: { readonly urgent: CheckoutQueue; readonly standard: CheckoutQueue };
  /** Absent: no webhook is told of anything. */
  readonly notifier?: Notifier;
}

/** What a whole tick needs: it is alone in the fleet. */
export interface TickDeps extends TickWorkDeps {
  readonly heartbeats: Heartbeats;
  readonly fleet: Fleet;
}
