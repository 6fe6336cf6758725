/**
 * The ports and rules that the steps of a delivery work with, in groups. Each step names the groups that it uses.
 */

import type { Rules } from '../domain/checkout/reconcile-rules.ts';
import type { Times } from '../domain/times.ts';
import type { Attention } from '../ports/attention.ts';
import type { Batches } from '../ports/batches.ts';
import type { CartApi } from '../ports/cart-api.ts';
import type { CheckoutQueue } from '../ports/checkout-queue.ts';
import type { Clock, ClockSkew } from '../ports/clock.ts';
import type { Events } from '../ports/events.ts';
import type { Gate } from '../ports/gate.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { OfferCache } from '../ports/offers.ts';
import type { PartnerCenter, Tokens } from '../ports/partner-center.ts';
import type { Random } from '../ports/random.ts';
import type { Schedule } from '../ports/schedule.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { Tracing } from '../ports/tracing.ts';
import type { JoinBatch } from './join-batch.ts';

/** What the use cases work with. The composition root makes it once; the simulation makes one for each worker. */
export interface Deps {
  readonly clock: Clock;
  readonly clockSkew: ClockSkew;
  readonly random: Random;
  readonly times: Times;
  readonly rules: Rules;
  readonly gate: Gate;
  readonly partnerCenter: PartnerCenter;
  /** What makes a cart from order lines. */
  readonly cartApi: CartApi;
  readonly offers: OfferCache;
  readonly tokens: Tokens;
  readonly ledger: Ledger;
  readonly schedule: Schedule;
  readonly attention: Attention;
  readonly batches: Batches;
  readonly joinBatch: JoinBatch;
  readonly queue: CheckoutQueue;
  readonly events: Events;
  readonly telemetry: Telemetry;
  readonly tracing: Tracing;
}
