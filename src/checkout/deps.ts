import type { Chance } from '../chance.ts';
import type { Clock } from '../clock.ts';
import type { ClockSkew } from '../clock-skew.ts';
import type { Gate } from '../gate/gate.ts';
import type { DueRows } from '../orders/due-rows.ts';
import type { PartnerCenter } from '../partner-center/api.ts';
import type { Telemetry } from '../telemetry.ts';
import type { Times } from '../times.ts';
import type { Tracing } from '../tracing.ts';
import type { Attention } from './attention.ts';
import type { Batches } from './batches.ts';
import type { Events } from './events.ts';
import type { JoinBatch } from './join-batch.ts';
import type { Ledger } from './ledger.ts';
import type { CheckoutQueue } from './queue.ts';

/** What the use cases work with. The composition root makes it once; the simulation makes one for each worker. */
export interface Deps {
  readonly clock: Clock;
  /** Tells how far our clock is from that of the services. */
  readonly clockSkew: ClockSkew;
  readonly chance: Chance;
  readonly times: Times;
  readonly rules: Rules;
  readonly gate: Gate;
  readonly partnerCenter: PartnerCenter;
  readonly ledger: Ledger;
  readonly dueRows: DueRows;
  readonly attention: Attention;
  readonly batches: Batches;
  readonly joinBatch: JoinBatch;
  readonly queue: CheckoutQueue;
  readonly events: Events;
  readonly telemetry: Telemetry;
  readonly tracing: Tracing;
}

export interface Rules {
  /** Attempts that may fail before a person is asked. */
  readonly maxAttempts: number;
  /** Whether a cart that is ordered, its orders unknown, may be checked out again: both documented contracts answer without buying. */
  readonly repeatOrderedCart: boolean;
}
