import type { Call, SwitchesInput } from '../../local/partner-center/sandbox.ts';
import type { Stack } from '../../local/stack.ts';
import { drained, instant, round, sendCarts, withStack } from './workload.ts';

type Kind = 'fixed' | 'sliding' | 'customer';

/** Small, because what is real does not shrink with it: the whole seconds of the storage's clock, the jitter of two cores. */
const factor = 2;
/** Calls a minute. */
const limit = 300;
const windowMs = 60_000;

const limiter = (kind: Kind, calls: number): SwitchesInput['limiter'] => ({ kind, calls, window: windowMs });

interface Used {
  readonly calls: number;
  readonly seconds: number;
  /** Calls made ÷ calls that would have been allowed in the time, closed time included. */
  readonly use: number;
  readonly throttled: number;
}

function usedBy(calls: readonly Call[], allowedPerMinute: number): Used {
  // The first call is the probe that opens the gate; nobody may call before its answer.
  const first = calls[1]?.arrivedAt ?? 0;
  const last = calls.at(-1)?.arrivedAt ?? 0;
  const seconds = (last - first) / 1_000;
  const allowed = (allowedPerMinute * factor * seconds) / 60;
  const throttled = calls.filter((call) => call.throttled).length;
  return {
    calls: calls.length,
    seconds: round(seconds, 1),
    use: round((calls.length - throttled) / allowed),
    throttled,
  };
}

/** The worker: three processes, one budget. */
async function worker(jobs: number, kind: Kind, configured: number, real: number): Promise<Used> {
  const env = {
    SLOT_LIFE: '1s',
    CALLS_PER_MINUTE: String(configured),
    CALLS_PER_MINUTE_CEILING: String(configured),
  };
  const switches = {
    latency: { ...instant.latency, checkoutBase: 3_000 },
    listLag: instant.listLag,
    limiter: limiter(kind, real),
  };
  return withStack({ factor, switches, env }, async (stack) => {
    await Promise.all([stack.startWorker(), stack.startWorker(), stack.startWorker()]);
    await sendCarts(stack, { count: jobs, customers: jobs, baskets: ['legacy', 'licence'] });
    await drained(stack, 600_000);
    const used = usedBy(whileBusy(stack), real);
    process.stderr.write(
      `budget, ${kind}, configured ${configured}, real ${real}: ${JSON.stringify(used)}\n`,
    );
    return used;
  });
}

/** Until the last checkout: after that only the poller has work, and the budget is not asked for. */
function whileBusy({ sandbox }: Stack): readonly Call[] {
  const calls = sandbox.calls();
  const last = calls.findLastIndex((call) => call.operation === 'checkout');
  return calls.slice(0, last + 1);
}

/** Somebody else's rule on the same calls: `attempt` makes one delivery's calls, and says whether it is done. */
async function rival(
  jobs: number,
  kind: Kind,
  attempt: (post: () => Promise<number>) => Promise<boolean>,
): Promise<Used> {
  const switches = {
    latency: { ...instant.latency, checkoutBase: 3_000 },
    listLag: instant.listLag,
    limiter: limiter(kind, limit),
  };
  return withStack({ factor, switches }, async ({ sandbox }) => {
    const left = sandbox.createCarts({ count: jobs, customers: jobs, baskets: ['legacy'] });
    const token = sandbox.token();
    const end = Date.now() + 20_000;
    const work = async () => {
      for (let cart = left.shift(); cart !== undefined && Date.now() < end; cart = left.shift()) {
        const url = `${sandbox.apiBase}/v1/customers/${cart.customerId}/carts/${cart.cartId}/checkout`;
        const post = async () => {
          const answer = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
          await answer.arrayBuffer();
          return answer.status;
        };
        // Abandoned: the queue hands it out again at once.
        if (!(await attempt(post))) left.push(cart);
      }
    };
    await Promise.all(Array.from({ length: 48 }, work));
    return usedBy(sandbox.calls(), limit);
  });
}

const naive = async (post: () => Promise<number>) => (await post()) < 300;

/** .NET SDK 3.4.0: four sends, waits 0.5, 1.5, 3.5 s; a 429 is thrown to the caller, who abandons the message. */
async function dotnet(post: () => Promise<number>): Promise<boolean> {
  for (const wait of [500, 1_500, 3_500, 0]) {
    const status = await post();
    if (status < 300) return true;
    if ([400, 401, 403, 404, 409, 417, 429].includes(status)) return false;
    await new Promise((resolve) => setTimeout(resolve, wait / factor));
  }
  return false;
}

export async function benchBudget(jobs: number) {
  const known: Record<string, Used> = {};
  for (const kind of ['fixed', 'sliding', 'customer'] as const)
    known[kind] = await worker(jobs, kind, limit, limit);
  return {
    jobs,
    processes: 3,
    known,
    lower: { sliding: await worker(jobs, 'sliding', 400, 300) },
    naive: { sliding: await rival(jobs, 'sliding', naive) },
    dotnet: { sliding: await rival(jobs, 'sliding', dotnet) },
    goals: { known: { use: 0.98, throttled: 0 }, lower: { use: 0.95, throttledShare: 0.001 } },
  };
}
