import { TableClient } from '@azure/data-tables';
import type { Stack } from '../../local/stack.ts';
import { type FoundUse, foundUse, type Made, madeOf, type Use, useOf } from './budget-use.ts';
import { drained, instant, sendCarts, withStack } from './workload.ts';

/** Small, because what is real does not shrink with it: the whole seconds of the storage's clock, the jitter of two cores. */
const factor = 2;
/** Retry-After comes in whole seconds: faster than life, it tells less of the limit that is to be found. */
const factorToFind = 1;
/** Calls in a minute: what is configured, and what the sandbox allows unless a figure says otherwise. */
export const limit = 500;

export type Kind = 'fixed' | 'sliding' | 'customer';

export const limiterOf = (kind: Kind, calls: number) => ({ kind, calls, window: 60_000 });

interface Night {
  readonly jobs: number;
  readonly customers?: number;
  readonly kind: Kind;
  /** Calls in a minute that the sandbox lets through. */
  readonly real?: number;
  readonly factor?: number;
  /** Every cart has an order that stays pending for a while, so that the poller has work. */
  readonly pending?: boolean;
}

/**
 * Jobs before the night is measured, so that each of three processes has some: by then all are warm, and know the storage's clock to
 * less than its whole seconds.
 */
const warmUp = 60;

/** Three worker processes and one budget. */
async function night(name: string, given: Night): Promise<Use & FoundUse> {
  const { jobs, kind, customers = jobs, real = limit, pending = false } = given;
  const scale = given.factor ?? factor;
  const env = {
    CALLS_PER_MINUTE: String(limit),
    CALLS_PER_MINUTE_CEILING: String(limit),
  };
  const minutes = (from: number, to: number): [number, number] => [from * 60_000, to * 60_000];
  const switches = {
    ...instant,
    latency: { ...instant.latency, checkoutBase: 3_000 },
    ...(pending ? { pending: { ...instant.pending, licence: minutes(1, 6) } } : {}),
  };
  return withStack({ factor: scale, switches, env }, async (stack) => {
    await Promise.all([stack.startWorker(), stack.startWorker(), stack.startWorker()]);
    await sendCarts(stack, { count: warmUp, customers: 10, baskets: ['legacy'] });
    await drained(stack, 120_000);
    const before = stack.sandbox.calls().length;
    stack.sandbox.set({ limiter: limiterOf(kind, real) });
    await sendCarts(stack, { count: jobs, customers, baskets: [pending ? 'licence' : 'legacy'] });
    await drained(stack, 1_200_000);
    const calls = whileBusy(stack, before);
    const found = await limitOf(stack);
    const use = {
      ...useOf(calls, { perMinute: Math.min(real, limit) * scale }),
      ...foundUse(calls, found * scale),
    };
    process.stderr.write(`budget, ${name}: ${JSON.stringify(use)}\n`);
    return use;
  });
}

/** The limit in the gate's row, in calls a minute. */
async function limitOf({ tables }: Stack): Promise<number> {
  const options = { allowInsecureConnection: true };
  const client = TableClient.fromConnectionString(tables.connectionString, 'Gate', options);
  return Number((await client.getEntity('gate', 'gate'))['limit']);
}

/** Until the last checkout: after that only the poller has work, and the budget is not asked for. */
function whileBusy({ sandbox }: Stack, from: number): readonly Made[] {
  const calls = madeOf(sandbox.calls().slice(from));
  const last = calls.findLastIndex((call) => call.operation === 'checkout');
  return calls.slice(0, last + 1);
}

/** The limit is known: what is configured is what Partner Center lets through. */
export const benchBudget = async ({ jobs }: { readonly jobs: number }) => ({
  jobs,
  processes: 3,
  limitPerMinute: limit,
  timeFactor: factor,
  fixed: await night('fixed minute', { jobs, kind: 'fixed' }),
  sliding: await night('sliding minute', { jobs, kind: 'sliding' }),
  customer: await night('per customer', { jobs, kind: 'customer', customers: 10 }),
  withPoller: await night('sliding minute, the poller at work', {
    jobs,
    kind: 'sliding',
    pending: true,
  }),
  goal: { use: 0.98, throttled: 0 },
});

/** Partner Center lets four fifths of the configured limit through, and the gate has to find out. Both nights at once: they last. */
export const benchLowerLimit = async ({ jobs }: { readonly jobs: number }) => {
  const real = 0.8 * limit;
  const lower = (name: string, kind: Kind) => night(name, { jobs, kind, real, factor: factorToFind });
  const [fixed, sliding] = await Promise.all([
    lower('lower, fixed minute', 'fixed'),
    lower('lower, sliding minute', 'sliding'),
  ]);
  return {
    jobs,
    processes: 3,
    configuredPerMinute: limit,
    realPerMinute: real,
    timeFactor: factorToFind,
    fixed,
    sliding,
    goal: { use: 0.96, useOfFound: 0.98, closures: 1, throttledShare: 0.001 },
  };
};
