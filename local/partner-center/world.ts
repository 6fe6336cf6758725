import type { Clock } from '../../src/ports/clock.ts';
import { type Awaiting, makeAwaiting } from './awaiting.ts';
import type { Call } from './calls.ts';
import { type CartStore, makeCartStore } from './carts.ts';
import { makeFaultPicker, type Struck, type Target } from './faults.ts';
import { type Limiter, makeLimiter } from './limiter.ts';
import { makeOrderStore, type OrderStore, type OrderTimes } from './orders.ts';
import { type Availabilities, makeAvailabilities } from './products.ts';
import { type Draw, type Range, seededDraw, within } from './random.ts';
import { changed, defaultSwitches, type Switches } from './switches.ts';
import { makeTokens, type Tokens } from './tokens.ts';

export interface Credentials {
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The first refresh token of the App+User flow; every use gives a new one, the old ones stay valid. */
  readonly refreshToken: string;
}

/** All that the sandbox holds; the HTTP layers read and change it. */
export interface World {
  readonly clock: Clock;
  readonly draw: Draw;
  readonly availabilities: Availabilities;
  readonly carts: CartStore;
  readonly orders: OrderStore;
  readonly calls: Call[];
  /** Checkouts whose orders are made. */
  readonly awaiting: Awaiting;
  /** Creations whose cart is made. */
  readonly creating: Awaiting;
  readonly tokens: Tokens;
  readonly credentials: Credentials;
  /** Certificates of the app registration, in PEM. */
  readonly certificates: string[];
  readonly switches: Switches;
  /** Changes some switches; throws when the change is not valid. New faults start their counts at nothing. */
  set(change: unknown): void;
  pickFaults(target: Target): Struck;
  /** Milliseconds that the caller has to wait; 0 when the call may pass. Counts it. */
  limit(customerId: string): number;
  /** Real milliseconds of so many milliseconds of Partner Center's time. */
  scaled(ms: number): number;
  /** Sleeps for a draw from a range of unscaled milliseconds. */
  linger(range: Range, ...what: readonly (string | number)[]): Promise<void>;
  orderTimes(): OrderTimes;
}

export function makeWorld(clock: Clock, seed: string, factor: number, credentials: Credentials): World {
  const draw = seededDraw(seed);
  let switches = defaultSwitches;
  let picker = makeFaultPicker(switches.faults, draw);
  let limiter: Limiter | undefined;
  const scaled = (ms: number): number => ms / factor;
  const scaledRange = ([from, to]: Range): Range => [scaled(from), scaled(to)];
  return {
    clock,
    draw,
    availabilities: makeAvailabilities(draw),
    carts: makeCartStore(),
    orders: makeOrderStore(),
    calls: [],
    awaiting: makeAwaiting(),
    creating: makeAwaiting(),
    tokens: makeTokens(),
    credentials,
    certificates: [],
    get switches() {
      return switches;
    },
    set(change) {
      const before = switches;
      switches = changed(before, change);
      if (switches.faults !== before.faults) picker = makeFaultPicker(switches.faults, draw);
      if (switches.limiter !== before.limiter) {
        const wanted = switches.limiter;
        limiter = wanted ? makeLimiter({ ...wanted, window: scaled(wanted.window) }) : undefined;
      }
    },
    pickFaults: (target) => picker(target),
    limit: (customerId) => limiter?.take(clock.now(), customerId) ?? 0,
    scaled,
    linger: (range, ...what) => clock.sleep(scaled(within(range, draw.fraction('linger', ...what)))),
    orderTimes: () => ({
      pending: {
        licence: scaledRange(switches.pending.licence),
        reservation: scaledRange(switches.pending.reservation),
        software: scaledRange(switches.pending.software),
        saas: scaledRange(switches.pending.saas),
      },
      listLag: scaledRange(switches.listLag),
      readLag: scaledRange(switches.readLag),
      cancelledShare: switches.cancelledShare,
    }),
  };
}
