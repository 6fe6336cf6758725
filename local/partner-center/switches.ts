import * as z from 'zod/mini';
import { faultSchema } from './faults.ts';

const range = z.tuple([z.number(), z.number()]);
const second = 1_000;
const minute = 60 * second;

/**
 * What can be changed while the sandbox runs. All lengths of time are milliseconds of the real Partner Center and are
 * divided by the sandbox's factor; only the values of Retry-After headers are never scaled, because a client takes them as they are.
 */
const switchesSchema = z.strictObject({
  /** What a repeat on an ordered cart gets: the first result again (200), or 400/800065. Both are documented. */
  contract: z.enum(['replay', 'already-submitted']),
  /** The API keeps no MS-RequestId: a repeat is judged by the cart alone. */
  forgetRequestIds: z.boolean(),
  /** A second call with the MS-RequestId of the one that runs: 409/800064, or it waits for the same answer. */
  sameRequest: z.enum(['conflict', 'wait']),
  latency: z.strictObject({
    /** A checkout takes (base + perGroup for each order group) times a log-normal factor of this sigma. */
    checkoutBase: z.number(),
    perGroup: range,
    sigma: z.number(),
    read: range,
  }),
  pending: z.strictObject({ licence: range, reservation: range, software: range, saas: range }),
  /** The share of pending orders that end cancelled instead of completed. */
  cancelledShare: z.number(),
  /** How long a new order is missing from lists (and from subscriptions?order_id), and from GET by id (404/20000). */
  listLag: range,
  readLag: range,
  cartLife: z.number(),
  /** `cancellationAllowedUntilDate` of subscriptions: as the product's rules say, or the same answer for all. */
  cancellationDates: z.enum(['by-product', 'null', 'missing', 'unreadable']),
  /** Customers that have not accepted the Microsoft Customer Agreement: 403/13605 to each cart and checkout. */
  withoutAgreement: z.array(z.string()),
  tokenLife: z.number(),
  limiter: z.nullable(
    z.strictObject({
      kind: z.enum(['fixed', 'sliding', 'customer']),
      calls: z.number(),
      window: z._default(z.number(), minute),
    }),
  ),
  /** Every API call that arrives before `until` (epoch ms) gets 429 with this Retry-After (seconds). */
  storm: z.nullable(z.strictObject({ until: z.number(), retryAfter: z.number() })),
  faults: z.array(faultSchema),
  /** API calls with a token issued before this time (epoch ms) get 401. */
  tokensValidFrom: z.number(),
  /** How long the token endpoint takes to answer. */
  tokenDelay: z.number(),
  tokenEndpoint: z.enum(['ok', 'invalid-client', 'invalid-grant', 'unavailable']),
  /** The order book tells a lie: it leaves out one order, or adds one that was never made. For testing whoever compares. */
  lie: z.enum(['none', 'hide', 'invent']),
});

export type Switches = z.infer<typeof switchesSchema>;
const changeSchema = z.partial(switchesSchema);
/** Some switches, as written by hand. */
export type SwitchesInput = z.input<typeof changeSchema>;

/** Defaults from the published samples (one checkout of three groups took at least 7.2 s) and the documented limits. */
export const defaultSwitches: Switches = {
  contract: 'replay',
  forgetRequestIds: false,
  sameRequest: 'conflict',
  latency: { checkoutBase: 1.5 * second, perGroup: [second, 3 * second], sigma: 0.85, read: [150, 600] },
  pending: {
    licence: [5 * second, minute],
    reservation: [2 * minute, 30 * minute],
    software: [2 * minute, 60 * minute],
    saas: [2 * minute, 30 * minute],
  },
  cancelledShare: 0,
  listLag: [0, 15 * minute],
  readLag: [0, 0],
  cartLife: 7 * 24 * 60 * minute,
  cancellationDates: 'by-product',
  withoutAgreement: [],
  tokenLife: 60 * minute,
  limiter: null,
  storm: null,
  faults: [],
  tokensValidFrom: 0,
  tokenDelay: 0,
  tokenEndpoint: 'ok',
  lie: 'none',
};

/** The switches after a change; throws a ZodError that names the path when the change is not valid. */
export function changed(switches: Switches, change: unknown): Switches {
  const wanted = changeSchema.parse(change);
  const given = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
  return { ...switches, ...given };
}
