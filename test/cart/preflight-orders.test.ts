/** Promise: a preflight of order lines reports what would fail, and buys nothing. */

import { expect, test } from 'vitest';
import { offerCache } from '../../src/checkout/offer-cache.ts';
import { checkJob, isOrderJob, type OrderJob } from '../../src/domain/message/job.ts';
import { type LookedAt, preflightOrders, totalsByCurrency } from '../../src/operator/preflight-orders.ts';
import { openGate } from '../support/one-worker.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { customerId } from './lines.ts';
import { linesBed } from './lines-bed.ts';

const standard = { product: 'CFQ7TTC0AB12', sku: '0001', quantity: 2, term: 'P1Y', billing: 'monthly' };
const body = (externalOrderId: string, lines: readonly object[], more: object = {}) => ({
  customerId,
  externalOrderId,
  lines,
  ...more,
});

function jobOf(value: unknown): OrderJob {
  const checked = checkJob(value);
  if (!checked.ok || !isOrderJob(checked.job)) throw new Error('no order');
  return checked.job;
}

async function preflightOf(bed: ReturnType<typeof linesBed>, jobs: readonly unknown[]) {
  const looked: LookedAt[] = [];
  await preflightOrders(
    {
      cartApi: bed.cartApi,
      offers: offerCache(bed.clock),
      gate: openGate(bed.clock),
      tokens: { ready: async () => true },
      clock: bed.clock,
      random: seededRandom(1),
      minuteMs: 60_000,
      permitLife: 1_000,
      signal: new AbortController().signal,
    },
    jobs.map(jobOf),
    (one) => looked.push(one),
  );
  return looked;
}

test('what would fail, what it costs, what joins by itself and what the customer has already; nothing is bought', async () => {
  const bed = linesBed();
  await bed.worker.enqueue(body('before', [standard]));
  await bed.settle();
  const before = bed.sold().length;
  const looked = await preflightOf(bed, [
    body('a', [standard, { ...standard, product: 'CFQ7TTC0CD34', sku: '000P' }]),
    body('b', [{ ...standard, product: 'CFQ7TTC0MN21' }]),
    body('c', [
      { ...standard, product: 'CFQ7TTC0RS65' },
      { ...standard, product: 'CFQ7TTC0JK90' },
    ]),
    body('d', [{ ...standard, product: 'CFQ7TTC0CD35', sku: '0002' }], { maxTotal: '1', currency: 'USD' }),
  ]);
  const findings = looked.flatMap((one) => one.findings);
  expect(findings.map(({ kind, externalOrderId, line }) => [kind, externalOrderId, line])).toEqual(
    expect.arrayContaining([
      ['second', 'a', 1],
      ['line', 'c', 2],
      ['ceiling', 'd', undefined],
    ]),
  );
  expect(findings).toHaveLength(3);
  expect(findings.find(({ kind }) => kind === 'second')?.text).toContain(
    'a second subscription, not more seats',
  );
  expect(Object.fromEntries(totalsByCurrency(looked))).toEqual({ USD: '366.00', EUR: '240.00' });
  expect(looked.reduce((sum, { promotions }) => sum + promotions, 0)).toBe(1);
  expect(bed.sold()).toHaveLength(before);
  expect(bed.count('checkout')).toBe(1);
});

test.each(['{"code":20002}', '{"totalCount":2,"items":[]}', '{"items":[],"links":{"next":{"uri":"/more"}}}'])(
  'subscriptions that cannot be read, or only in part, are no all-clear: %s',
  async (subscriptions) => {
    const bed = linesBed();
    bed.answer('subscriptions', subscriptions);
    const refused = subscriptions.includes('code');
    const ask = bed.cartApi.subscriptions;
    bed.cartApi.subscriptions = async (of, options) => {
      const answer = await ask(of, options);
      return answer.kind === 'answer' && refused ? { ...answer, status: 403 } : answer;
    };
    const looked = await preflightOf(bed, [body('a', [standard])]);
    expect(looked.flatMap(({ findings }) => findings)).toMatchObject([
      { kind: 'unknown', externalOrderId: 'a', text: expect.stringContaining('cannot be read') },
    ]);
  },
);

test('availabilities that change meanwhile are looked up anew', async () => {
  const bed = linesBed();
  bed.world.set({ faults: [{ kind: 'reissue', operations: ['create-cart'], count: 1 }] });
  expect(await preflightOf(bed, [body('a', [standard])])).toMatchObject([
    { findings: [], total: { amount: '270.00', currency: 'USD' } },
  ]);
});
