import type { Exchange } from '../../src/domain/answer/exchange.ts';
import { defaultGateSettings } from '../../src/domain/gate/gate-settings.ts';
import { closureNow } from '../../src/domain/gate/gate-state.ts';
import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import { pauseGate, resumeGate } from '../../src/operator/pause-gate.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { PartnerCenter, SendOptions } from '../../src/ports/partner-center.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { type VirtualFleet, virtualFleet } from '../support/virtual-fleet.ts';
import { round } from './workload.ts';

const minute = 60_000;
const carts = 1_200;
/** Calls in a minute: what is configured, and what Partner Center lets through. */
const limit = 300;
/** Where the tick and the end of a pause lie to each other is chance: the worst of several counts. */
const seeds = [1, 2, 3, 4, 5];

/** 1,200 carts wait in the schedule and no message is left, then the gate opens. In virtual time: three instances, one timer. */
export async function benchReopen() {
  const breaker = [];
  const trial = [];
  for (const seed of seeds) {
    breaker.push(await byBreaker(seed, carts));
    trial.push(await onTrial(seed, carts));
  }
  return {
    carts,
    limitPerMinute: limit,
    instances: 3,
    closedByItsBreaker: worst(breaker),
    onTrialWithoutProducer: worst(trial),
    goal: { secondsToFirstCall: 65, budgetInMinutes2To4: 0.95, throttled: 0, permitsWithoutCall: 0 },
  };
}

interface Reopened {
  readonly closed: {
    readonly minutes: number;
    readonly entries: number;
    readonly storageRequestsPerMinute: number;
    readonly byRequest: Readonly<Record<string, number>>;
    readonly wakeUpsPerMinute: number;
    readonly deliveriesPerMinute: number;
    readonly callsPerMinute: number;
  };
  readonly secondsToFirstCall: number;
  readonly secondsToHundredthCall: number;
  readonly budgetInMinutes2To4: number;
  readonly throttled: number;
  /** In the whole run: taken, not given back, and no call made with it. */
  readonly permitsWithoutCall: number;
  readonly minutesToTheEnd: number;
  readonly notSettled: number;
}

const worst = (runs: readonly Reopened[]) => {
  const most = (of: (run: Reopened) => number) => Math.max(...runs.map(of));
  return {
    runs: runs.length,
    closed: runs[0]?.closed,
    secondsToFirstCall: most((run) => run.secondsToFirstCall),
    secondsToHundredthCall: most((run) => run.secondsToHundredthCall),
    budgetInMinutes2To4: Math.min(...runs.map((run) => run.budgetInMinutes2To4)),
    throttled: most((run) => run.throttled),
    permitsWithoutCall: most((run) => run.permitsWithoutCall),
    minutesToTheEnd: most((run) => run.minutesToTheEnd),
    notSettled: most((run) => run.notSettled),
  };
};

/** Calls get no clear answer until the gate closes; then the outage lasts on, and each trial call fails. */
export async function byBreaker(seed: number, carts: number): Promise<Reopened> {
  const api = sandboxOf(seed);
  const fleet = fleetOver(api, seed);
  const { clock } = fleet;
  fleet.enqueue(jobs(seed, 10, 'first'));
  await until(fleet, () => api.calls.length >= 10 && fleet.messages() + fleet.waiting() === 0);
  api.isOut = true;
  fleet.enqueue(jobs(seed, carts, 'night'));
  await until(fleet, () => fleet.messages() === 0 && fleet.waiting() >= carts);
  const closed = await whileClosed(fleet, api, 20);
  // The outage ends some time before a trial: the pause that was begun is waited for.
  await clock.run(seed * 13_000);
  api.isOut = false;
  const opening = await trialWanted(fleet);
  return reopened(fleet, api, closed, opening);
}

/** Nobody has called yet, so the gate waits for one trial call; a person pauses it while the jobs come, and resumes. */
export async function onTrial(seed: number, carts: number): Promise<Reopened> {
  const api = sandboxOf(seed);
  const fleet = fleetOver(api, seed);
  const { clock, gate } = fleet;
  await pauseGate(gate, { reason: 'bench', who: 'somebody' });
  fleet.enqueue(jobs(seed, carts, 'night'));
  await until(fleet, () => fleet.messages() === 0 && fleet.waiting() >= carts);
  const closed = await whileClosed(fleet, api, 20);
  await clock.run(seed * 13_000);
  await resumeGate(gate, 'somebody');
  return reopened(fleet, api, closed, clock.now());
}

const fleetOver = (api: VirtualSandbox, seed: number): VirtualFleet =>
  virtualFleet({
    partnerCenter: api.port,
    gateSettings: { limitPerMinute: limit, ceilingPerMinute: limit },
    seed,
  });

async function whileClosed(
  fleet: VirtualFleet,
  api: VirtualSandbox,
  minutes: number,
): Promise<Reopened['closed']> {
  const { clock, done } = fleet;
  const from = clock.now();
  const calls = api.calls.length;
  await clock.run(minutes * minute);
  const during = done.filter(({ at }) => at >= from);
  const counts = new Map<string, number>();
  for (const { what } of during) counts.set(what, (counts.get(what) ?? 0) + 1);
  const perMinute = (count: number) => round(count / minutes, 1);
  const others = ['send', 'delivery', 'publish', 'permit', 'return'];
  return {
    minutes,
    entries: fleet.waiting(),
    storageRequestsPerMinute: perMinute(during.filter(({ what }) => !others.includes(what)).length),
    byRequest: Object.fromEntries(
      [...counts].filter(([what]) => !others.includes(what)).map(([what, count]) => [what, perMinute(count)]),
    ),
    wakeUpsPerMinute: perMinute(counts.get('send') ?? 0),
    deliveriesPerMinute: perMinute(counts.get('delivery') ?? 0),
    callsPerMinute: perMinute(api.calls.length - calls),
  };
}

/** Resolves when the pause of the gate is over and one trial call is all that is missing. */
async function trialWanted({ clock, gate }: VirtualFleet): Promise<number> {
  for (;;) {
    const closure = closureNow(await gate.read(), clock.now(), defaultGateSettings);
    if (closure === undefined || closure.trialWanted) return clock.now();
    await clock.run(250);
  }
}

async function reopened(
  fleet: VirtualFleet,
  api: VirtualSandbox,
  closed: Reopened['closed'],
  opening: number,
): Promise<Reopened> {
  const { clock } = fleet;
  const before = api.calls.length;
  await until(fleet, () => fleet.messages() + fleet.waiting() === 0);
  const calls = api.calls.slice(before);
  const first = calls[0]?.at ?? Number.NaN;
  const { openedAt } = await fleet.gate.read();
  const inMinutes = calls.filter(({ at }) => at >= openedAt + minute && at < openedAt + 4 * minute);
  const count = (what: string) => fleet.done.filter((each) => each.what === what).length;
  const states = fleet.tables.checkouts
    .all()
    .flatMap(({ properties }) => (typeof properties['state'] === 'string' ? [properties['state']] : []));
  return {
    closed,
    secondsToFirstCall: round((first - opening) / 1_000, 1),
    secondsToHundredthCall: round(((calls[99]?.at ?? Number.NaN) - opening) / 1_000, 1),
    budgetInMinutes2To4: round(inMinutes.filter(({ throttled }) => !throttled).length / (3 * limit)),
    throttled: calls.filter(({ throttled }) => throttled).length,
    permitsWithoutCall: count('permit') - count('return') - api.calls.length,
    minutesToTheEnd: round((clock.now() - opening) / minute, 1),
    notSettled: states.filter((state) => state !== 'completed').length,
  };
}

async function until(
  { clock, messages, waiting, warnings }: VirtualFleet,
  isDone: () => boolean,
): Promise<void> {
  const end = clock.now() + 6 * 60 * minute;
  while (!isDone()) {
    if (clock.now() > end)
      throw new Error(
        `Not reached in six hours: ${messages()} messages, ${waiting()} entries. Last warnings: ${warnings.slice(-3).join('; ')}`,
      );
    await clock.run(500);
  }
}

function jobs(seed: number, count: number, prefix: 'first' | 'night'): readonly unknown[] {
  const random = seededRandom(seed * 1_000 + (prefix === 'first' ? 1 : 2));
  return Array.from({ length: count }, () => ({ customerId: random.guid(), cartId: random.guid() }));
}

/** Partner Center in virtual time. */
export interface VirtualSandbox {
  isOut: boolean;
  readonly calls: {
    readonly at: number;
    readonly throttled: boolean;
    readonly what: 'checkout' | 'order' | 'other';
    /** Of the cart, or of the cart whose order it is. */
    readonly cartId: string;
  }[];
  /** When the order of a cart was made. */
  readonly madeAt: ReadonlyMap<string, number>;
  readonly port: (clock: Clock) => PartnerCenter;
}

/** Partner Center: an outage on demand, and a limit of calls in any minute. */
export function sandboxOf(
  seed: number,
  /** Of the order of a cart, so many ms after it was made. */
  statusAt: (cartId: string, age: number) => 'completed' | 'pending' = () => 'completed',
): VirtualSandbox {
  const random = seededRandom(seed + 5);
  const bought = new Set<string>();
  const madeAt = new Map<string, number>();
  const calls: VirtualSandbox['calls'] = [];
  const sandbox = { isOut: false };
  const order = (cartId: string, now: number) => ({
    id: `order-of-${cartId}`,
    status: statusAt(cartId, now - (madeAt.get(cartId) ?? now)),
    billingCycle: 'monthly',
    creationDate: '2026-01-05T20:00:00Z',
    lineItems: [{ offerId: 'offer-a', quantity: 1, termDuration: 'P1M' }],
  });

  const request =
    (
      clock: Clock,
      what: VirtualSandbox['calls'][number]['what'],
      cartId: string,
      answer: () => readonly [number, unknown],
    ) =>
    async ({ mayLeave }: SendOptions): Promise<Exchange> => {
      const sentAt = clock.now();
      if (mayLeave?.() === false)
        return { kind: 'no-answer', executed: 'no', failure: 'its time had passed', stale: true, ms: 0 };
      const recent = calls.filter(({ at, throttled }) => !throttled && at > sentAt - minute);
      const throttled = recent.length >= limit;
      calls.push({ at: sentAt, throttled, what, cartId });
      await clock.sleep(700 + 2_000 * random.fraction());
      const ms = clock.now() - sentAt;
      if (throttled) return { kind: 'answer', status: 429, body: '', retryAfterMs: 10_000, ms };
      if (sandbox.isOut) return { kind: 'answer', status: 500, body: '', ms };
      const [status, body] = answer();
      return { kind: 'answer', status, body: JSON.stringify(body), ms };
    };

  const port = (clock: Clock): PartnerCenter => ({
    checkout: (customerId, cartId, options) =>
      request(clock, 'checkout', cartId, () => {
        const key = jobKeyOf({ customerId, cartId });
        const isNew = !bought.has(key);
        bought.add(key);
        if (isNew) madeAt.set(cartId, clock.now());
        return [isNew ? 201 : 200, { orders: [order(cartId, clock.now())] }];
      })(options),
    cart: (customerId, cartId, options) =>
      request(clock, 'other', cartId, () => [
        200,
        {
          id: cartId,
          status: bought.has(jobKeyOf({ customerId, cartId })) ? 'Ordered' : 'Active',
          lineItems: [
            {
              id: 0,
              catalogItemId: 'offer-a',
              quantity: 1,
              billingCycle: 'monthly',
              termDuration: 'P1M',
              orderGroup: '0',
            },
          ],
        },
      ])(options),
    orders: (customerId, options) =>
      request(clock, 'other', '', () => {
        const items = [...bought]
          .filter((key) => key.startsWith(customerId))
          .map((key) => order(key.split(':').at(-1) ?? '', clock.now()));
        return [200, { totalCount: items.length, items }];
      })(options),
    order: (_, orderId, options) => {
      const cartId = orderId.slice('order-of-'.length);
      return request(clock, 'order', cartId, () => [200, order(cartId, clock.now())])(options);
    },
  });
  return Object.assign(sandbox, { calls, madeAt, port });
}
