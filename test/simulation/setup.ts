import type { Rules } from '../../src/domain/checkout/reconcile-rules.ts';
import type { BlowKind, BugKind } from './blows.ts';
import type { ApiFault } from './faults.ts';
import type { OrderPlan } from './made-carts.ts';
import type { Request } from './partner-center.ts';
import type { Random } from './random.ts';
import type { ApiNature, CartPlan, PlacedOrder } from './truth.ts';

interface AnySend {
  /** ms after the start. */
  readonly at: number;
  readonly customerId: string;
  readonly batchId?: string;
  readonly batchSize?: number;
  /** ms after the start. */
  readonly notBefore?: number;
  readonly notAfter?: number;
}

export interface CartSend extends AnySend {
  readonly cartId: string;
}

/** One line as a producer orders it. The lines of a message are numbered from 1. */
export interface LineWanted {
  readonly product: string;
  readonly sku: string;
  readonly quantity: number;
  readonly term: 'P1M' | 'P1Y';
  readonly billing: 'monthly' | 'annual';
}

export interface OrderSend extends AnySend {
  readonly externalOrderId: string;
  readonly lines: readonly LineWanted[];
  /** In USD. */
  readonly maxTotal?: string;
  readonly onBadLine?: 'drop';
}

/** A message that somebody puts on the queue, as a producer does. */
export type Send = CartSend | OrderSend;

/** A message for the cart that the worker made of this order: as soon as the ledger has one. */
export interface MadeCartSend {
  readonly at: number;
  readonly customerId: string;
  readonly externalOrderId: string;
}

/** Something of ours that is down for a while: every request to it fails. */
export interface Outage {
  /** `sends`: the queue is full, or disabled for sends; it is read and settled as ever. */
  readonly what: 'storage' | 'queue' | 'sends' | 'events';
  readonly from: number;
  readonly to: number;
}

export interface People {
  /** How often a failed or partial job is tried again by somebody. */
  readonly retries: number;
  /** The odds that a decision is sent twice, the second time by somebody else. */
  readonly twice: number;
  /** The odds that somebody says "not bought" of a cart that was. */
  readonly wrong: number;
  /** The odds, at each look, that somebody gives up on a job that waits or has no record yet. */
  readonly weary: number;
  /** The odds that somebody gives up on this cart though it was bought. */
  readonly rash: (cartId: string) => number;
}

/** What is unusual about a world. `npm run simulate` counts the schedules of each kind. */
export const worldKinds = [
  'orders placed by people',
  'incomplete lists',
  'false 404s and pages of proxies',
  'a customer with 200 carts in doubt',
  'order dates that cannot be read',
  'an unreadable record',
  'a 401 with a code',
  'a limit of one customer',
  'bought carts that people gave up on',
  'more orders than one transaction holds',
  'add-ons',
  'order lines',
  'availabilities that change',
  'a checkout refused for a gone availability that bought a part',
  'one order number with equal or with other lines',
  'lines that cannot be bought',
  'carts that expire within minutes',
  'a message for a cart that the worker made',
] as const;
export type WorldKind = (typeof worldKinds)[number];

/** Every request for this customer is answered 429 in that time, and Retry-After names its end. */
export interface CustomerLimit {
  readonly customerId: string;
  /** ms after the start. */
  readonly from: number;
  readonly to: number;
}

/** A record that somebody edited into nonsense; nobody sends its job. */
export interface UnreadableRecord {
  readonly customerId: string;
  readonly cartId: string;
  /** Somebody removes it then, ms after the start. */
  readonly fixedAt?: number;
}

/** What the check of one scenario may look at. */
export interface Checked {
  readonly truth: { readonly orders: readonly { readonly id: string }[] };
  readonly tables: {
    readonly attention: {
      all(): readonly {
        readonly partition: string;
        readonly properties: Readonly<Record<string, unknown>>;
      }[];
    };
  };
  readonly watch: { readonly calls: readonly { readonly at: number }[] };
  /** How often something was hit. */
  strikes(): number;
  time(ms: number): number;
  violated(what: string): void;
}

/** One world, before anything has happened in it. All times are ms after the start. */
export interface Setup {
  readonly kinds: readonly WorldKind[];
  readonly carts: readonly CartPlan[];
  /** What becomes of the carts that the worker makes, by order number. */
  readonly orders: readonly OrderPlan[];
  readonly madeCartSends: readonly MadeCartSend[];
  /** Every availability is reissued then. */
  readonly reissues: readonly number[];
  readonly placed: readonly PlacedOrder[];
  readonly customerLimits: readonly CustomerLimit[];
  readonly unreadable: readonly UnreadableRecord[];
  readonly nature: ApiNature;
  readonly rules: Rules;
  /** Worker processes; the first `pollers` of them run the timer too. */
  readonly processes: number;
  readonly pollers: number;
  /** Jobs that one process works on at once. */
  readonly permits: number;
  readonly sends: readonly Send[];
  readonly outages: readonly Outage[];
  readonly people: People;
  /** Whether a first call has to prove the credential yet. */
  readonly gate: 'untested' | 'open' | 'slow' | 'steady';
  /** From then on nothing fails any more: every job must come to its end. */
  readonly calmAfter: number;
  /** What goes wrong with the n-th request of this kind for this cart (counted from 1). */
  readonly apiFault: (what: Request, id: string, nth: number, random: Random) => ApiFault | undefined;
  /** What hits a port call, when the schedule itself does not say. */
  readonly blow: (name: string, random: Random) => BlowKind | undefined;
  /** Somebody stops a batch then. */
  readonly stop?: { readonly batchId: string; readonly at: number };
  /** The operator empties the queue then, and the producers send their jobs once more after that long. */
  readonly purge?: {
    readonly at: number;
    readonly resendAfter: number;
    /** Only the messages of these carts are lost. */
    readonly carts?: readonly string[];
  };
  /** By then these carts are final: whatever happens to others, it does not hold them up. ms after the start. */
  readonly endBy?: { readonly at: number; readonly carts: readonly string[] };
  /** Whether the books are read after every write to them. A bench, which has many rows, does without. */
  readonly watched: boolean;
  /** A run that makes more port calls goes round in circles. */
  readonly maxPortCalls: number;
  /** An exception of our own at a port call of a delivery, when the schedule itself does not say. */
  readonly bug?: (name: string, random: Random) => BugKind | undefined;
  /** What becomes of a wake-up that is sent: lost, doubled, or so many ms late. */
  readonly wakeUp?: (random: Random) => 'lost' | 'doubled' | number | undefined;
  /** The timer fires in no instance before nothing fails any more: ticks are started by deliveries alone. */
  readonly deadTimer?: boolean;
  /** One instance's clock is so far ahead, ms; negative: behind. It keeps it until it dies. */
  readonly ahead?: number;
  /** In this time a newer version of the worker runs beside: it wrote the records, and marks messages, which this one cannot read. */
  readonly newer?: { readonly from: number; readonly to: number; readonly share: number };
  /** What else must hold at the end. */
  readonly check?: (world: Checked) => void;
  /** Somebody removes schedule entries then: of jobs, of orders, or all. */
  readonly removals?: readonly { readonly at: number; readonly what: 'jobs' | 'orders' }[];
}

export interface Scenario {
  readonly name: string;
  /** What it is about. */
  readonly about: string;
  /** Too large to be hit at each of its port calls: it runs as it is. */
  readonly large?: boolean;
  readonly setup: (random: Random) => Setup;
}
