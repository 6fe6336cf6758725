import * as z from 'zod/mini';
import type { Draw } from './random.ts';

const operations = [
  'checkout',
  'get-cart',
  'create-cart',
  'replace-cart',
  'get-order',
  'list-orders',
  'provisioning-status',
  'subscriptions',
  'availabilities',
  'product',
  'sku',
  'agreements',
] as const;
export type Operation = (typeof operations)[number];

/**
 * When a fault strikes a checkout: `before` the commit (nothing is bought), `between` two groups (the first open group
 * is bought, the cart stays Active) or `after` it (all is bought). Of the other operations it counts for a delay alone: it
 * comes before or after what they do.
 */
const when = z._default(z.enum(['before', 'between', 'after']), 'before');

/** Which calls a fault meets. All that is given must hold. */
const reach = {
  /** Default: checkout alone. */
  operations: z.optional(z.array(z.enum(operations))),
  /** Share of the calls, drawn anew for each. */
  rate: z.optional(z.number()),
  /** Share of the carts (or orders, or customers, where the call names no cart), the same ones for ever. */
  share: z.optional(z.number()),
  /** At most so many times in all. */
  count: z.optional(z.number()),
  /** At most so many times for one cart. */
  perCart: z.optional(z.number()),
  carts: z.optional(z.array(z.string())),
  customers: z.optional(z.array(z.string())),
};

/** Decides the course of the call; the first that meets a call wins. */
const courseSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    ...reach,
    /** 429 from the gateway. `retryAfter` is the header: a number of seconds, a date that many seconds ahead, or any text. */
    kind: z.literal('throttle'),
    retryAfter: z.optional(
      z.union([z.number(), z.strictObject({ dateIn: z.number() }), z.strictObject({ text: z.string() })]),
    ),
  }),
  z.strictObject({
    ...reach,
    kind: z.literal('error'),
    when,
    http: z.number(),
    /** Without a code the gateway answers, in its own shape. */
    code: z.optional(z.union([z.number(), z.string()])),
    description: z.optional(z.string()),
  }),
  /** The connection is cut without an answer. */
  z.strictObject({ ...reach, kind: z.literal('drop'), when }),
  /** The call goes well, but so many milliseconds (scaled) later, spent before or after the commit. */
  z.strictObject({ ...reach, kind: z.literal('delay'), when, ms: z.number() }),
  /** The catalogue issues other availabilities for the lines of this cart, in the instant of a create or a checkout: both are refused. */
  z.strictObject({ ...reach, kind: z.literal('reissue') }),
  z.strictObject({
    ...reach,
    /** Some groups fail. By default the last open one; a checkout of one group then makes no order. */
    kind: z.literal('partial'),
    code: z.number(),
    groups: z.optional(z.array(z.string())),
    cart: z._default(z.enum(['Active', 'Ordered']), 'Active'),
  }),
]);

/** Spoils the answer of a call that else goes its way; all that meet a call apply together. */
const spoilSchema = z.discriminatedUnion('kind', [
  /** JSON that breaks off in a clean answer; the same with a connection that breaks off. */
  z.strictObject({ ...reach, kind: z.literal('truncated') }),
  z.strictObject({ ...reach, kind: z.literal('cut-off') }),
  z.strictObject({ ...reach, kind: z.literal('html') }),
  z.strictObject({ ...reach, kind: z.literal('endless') }),
  z.strictObject({ ...reach, kind: z.literal('bom') }),
  z.strictObject({ ...reach, kind: z.literal('doubled-headers') }),
  z.strictObject({ ...reach, kind: z.literal('code-as-string') }),
  z.strictObject({ ...reach, kind: z.literal('order-without-id') }),
  z.strictObject({ ...reach, kind: z.literal('order-status'), status: z.string() }),
  z.strictObject({ ...reach, kind: z.literal('redirect'), location: z.string() }),
  /** The orders that the call makes are never listed. */
  z.strictObject({ ...reach, kind: z.literal('hidden') }),
]);

export const faultSchema = z.union([courseSchema, spoilSchema]);
export type Course = z.infer<typeof courseSchema>;
/** How long the course holds a call up before or after what it does, unscaled ms. */
export const delayOf = (course: Course | undefined, when: 'before' | 'after'): number =>
  course?.kind === 'delay' && (course.when === 'after') === (when === 'after') ? course.ms : 0;
export type Spoil = z.infer<typeof spoilSchema>;
export type Fault = Course | Spoil;
/** As written by hand: with what has a default left out. */
export type FaultInput = z.input<typeof faultSchema>;

export interface Struck {
  readonly course?: Course;
  readonly spoils: readonly Spoil[];
}

export interface Target {
  readonly operation: Operation;
  readonly customerId: string;
  /** The cart, else the order, else empty. */
  readonly id: string;
}

const isCourse = (fault: Fault): fault is Course =>
  ['throttle', 'error', 'drop', 'delay', 'partial', 'reissue'].includes(fault.kind);

/** Chooses the faults that meet each call; keeps count of how often each struck. */
export function makeFaultPicker(faults: readonly Fault[], draw: Draw): (target: Target) => Struck {
  const rules = faults.map((fault, index) => ({
    fault,
    index,
    struck: 0,
    perCart: new Map<string, number>(),
    carts: fault.carts && new Set(fault.carts.map((id) => id.toLowerCase())),
    customers: fault.customers && new Set(fault.customers.map((id) => id.toLowerCase())),
  }));
  const seen = new Map<string, number>();
  return (target) => {
    const key = target.id || target.customerId;
    const seenKey = `${target.operation} ${key}`;
    const nth = seen.get(seenKey) ?? 0;
    if (rules.length > 0) seen.set(seenKey, nth + 1);
    let course: Course | undefined;
    const spoils: Spoil[] = [];
    for (const rule of rules) {
      const { fault, index } = rule;
      if (course && isCourse(fault)) continue;
      const met =
        (fault.operations ?? ['checkout']).includes(target.operation) &&
        rule.struck < (fault.count ?? Number.POSITIVE_INFINITY) &&
        (rule.perCart.get(key) ?? 0) < (fault.perCart ?? Number.POSITIVE_INFINITY) &&
        (rule.carts?.has(target.id.toLowerCase()) ?? true) &&
        (rule.customers?.has(target.customerId) ?? true) &&
        (fault.share === undefined || draw.fraction('share', index, key) < fault.share) &&
        (fault.rate === undefined || draw.fraction('rate', index, target.operation, key, nth) < fault.rate);
      if (!met) continue;
      rule.struck += 1;
      if (fault.perCart !== undefined) rule.perCart.set(key, (rule.perCart.get(key) ?? 0) + 1);
      if (isCourse(fault)) course = fault;
      else spoils.push(fault);
    }
    return { ...(course ? { course } : {}), spoils };
  };
}
