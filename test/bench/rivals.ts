import { setTimeout as pause } from 'node:timers/promises';
import { type Kind, limit, limiterOf } from './budget.ts';
import { madeOf, type Use, useOf } from './budget-use.ts';
import { runBullmq } from './bullmq.ts';
import type { Rival } from './rival.ts';
import { instant, withStack } from './workload.ts';

/** Other people's rules on the same calls. Higher than the worker's factor: two minutes of Partner Center are measured. */
const factor = 4;
const lengthMs = 30_000;
const concurrency = 48;
const jobs = 1_500;

async function measured(name: string, kind: Kind, run: (rival: Rival) => Promise<void>): Promise<Use> {
  const switches = {
    ...instant,
    latency: { ...instant.latency, checkoutBase: 3_000 },
    limiter: limiterOf(kind, limit),
  };
  return withStack({ factor, switches }, async ({ sandbox }) => {
    const urls = sandbox
      .createCarts({ count: jobs, customers: jobs, baskets: ['legacy'] })
      .map((cart) => `${sandbox.apiBase}/v1/customers/${cart.customerId}/carts/${cart.cartId}/checkout`);
    const minuteMs = 60_000 / factor;
    await run({ sandbox, urls, concurrency, lengthMs, limit, minuteMs });
    const use = useOf(madeOf(sandbox.calls()), { perMinute: limit * factor });
    process.stderr.write(`rivals, ${name}, ${kind}: ${JSON.stringify(use)}\n`);
    return use;
  });
}

/** `attempt` makes one delivery's calls and says whether it is done; if not, the queue hands the job out again at once. */
const byQueue =
  (attempt: (post: () => Promise<number>) => Promise<boolean>) =>
  async ({ sandbox, urls, concurrency: callers, lengthMs: length }: Rival): Promise<void> => {
    const left = [...urls];
    const headers = { authorization: `Bearer ${sandbox.token()}` };
    const end = Date.now() + length;
    const work = async () => {
      for (let url = left.shift(); url !== undefined && Date.now() < end; url = left.shift()) {
        const to = url;
        const post = async () => {
          const answer = await fetch(to, { method: 'POST', headers });
          await answer.arrayBuffer();
          return answer.status;
        };
        if (!(await attempt(post))) left.push(to);
      }
    };
    await Promise.all(Array.from({ length: callers }, work));
  };

const naive = byQueue(async (post) => (await post()) < 300);

/** .NET SDK 3.4.0: four sends, waits 0.5, 1.5, 3.5 s, none of them for a 429, which its caller gets. */
const dotnet = byQueue(async (post) => {
  for (const wait of [500, 1_500, 3_500, 0]) {
    const status = await post();
    if (status < 300) return true;
    if ([400, 401, 403, 404, 409, 417, 429].includes(status)) return false;
    await pause(wait / factor);
  }
  return false;
});

export async function benchRivals() {
  const all = async (name: string, run: (rival: Rival) => Promise<void>) => ({
    fixed: await measured(name, 'fixed', run),
    sliding: await measured(name, 'sliding', run),
  });
  return {
    seconds: lengthMs / 1_000,
    concurrency,
    naive: await all('naive', naive),
    dotnet: await all('dotnet', dotnet),
    bullmq: await runBullmq((run) => all('bullmq', run)),
  };
}
