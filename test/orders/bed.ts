import { heartbeatStore } from '../../src/adapters/azure-tables/heartbeat-store.ts';
import { ledgerScan } from '../../src/adapters/azure-tables/ledger-scan-store.ts';
import { openAttention } from '../../src/adapters/azure-tables/open-attention.ts';
import { openStores } from '../../src/adapters/azure-tables/stores.ts';
import { batchJoiner } from '../../src/checkout/join-batch.ts';
import { withResult } from '../../src/domain/checkout/apply-result.ts';
import type { CheckoutEvent } from '../../src/domain/events/event.ts';
import { jobKeyOf } from '../../src/domain/message/job-key.ts';
import type { OrderStatus } from '../../src/domain/order/order.ts';
import { pollEntryKey } from '../../src/domain/schedule-entry.ts';
import type { TickReport } from '../../src/domain/tick-report.ts';
import { defaultTimes } from '../../src/domain/times.ts';
import { workTick } from '../../src/polling/tick.ts';
import type { TickDeps } from '../../src/polling/tick-deps.ts';
import type { CheckoutQueue } from '../../src/ports/checkout-queue.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { GateStanding, Taken } from '../../src/ports/gate.ts';
import type { Table } from '../../src/ports/table.ts';
import { untraced } from '../../src/ports/tracing.ts';
import { Unavailable } from '../../src/ports/unavailable.ts';
import { memoryTable, type Operation } from '../support/memory-table.ts';
import { noCarts } from '../support/no-carts.ts';
import { anOrder, aRecord } from '../support/records.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { virtualClock } from '../support/virtual-clock.ts';

export const minute = 60_000;

/** One instance that polls. It dies when it has made as many table requests as it may: from then on nothing answers it. */
export interface Instance {
  readonly deps: TickDeps;
  requests(): number;
}

/** Orders in the books, a Partner Center that knows their status, and instances over the same tables. */
export function pollBed(pageSize = 10, { selling = 'offer-a' } = {}) {
  const clock = virtualClock();
  const seen = { onPage: (_table: string): void => {} };
  const seePage = (table: string, { kind }: Operation): undefined => {
    if (kind === 'page') seen.onPage(table);
    return undefined;
  };
  const tables = {
    checkouts: memoryTable({ before: (operation) => seePage('checkouts', operation) }),
    schedule: memoryTable({ pageSize, before: (operation) => seePage('schedule', operation) }),
    attention: memoryTable({ before: (operation) => seePage('attention', operation) }),
    batches: memoryTable(),
    gate: memoryTable(),
  };
  const random = seededRandom(5);
  /** What Partner Center says of each order. */
  const truth = new Map<string, OrderStatus>();
  const asked: string[] = [];
  /** The orders whose subscriptions were asked for. */
  const askedDates: string[] = [];
  const events: CheckoutEvent[] = [];
  const told: { readonly name: string; readonly fields: object }[] = [];
  const gate: { taken: Taken | undefined; standing: GateStanding; readonly throttled: Set<string> } = {
    taken: undefined,
    standing: { kind: 'open', permitsPerMinute: 60 },
    throttled: new Set(),
  };
  /** Wake-ups that ticks sent: queue and body. */
  const wakeUps: { readonly queue: 'urgent' | 'standard'; readonly body: string }[] = [];
  const warnings: string[] = [];
  /** What makes a send of wake-ups fail, or slow; by queue. */
  const queues = { failing: new Set<'urgent' | 'standard'>(), sendMs: 0 };

  function instance({ skew = 0, dies = Infinity } = {}): Instance {
    const own: Clock = clock.skewed(skew);
    let requests = 0;
    const alive = <T>(work: () => Promise<T>): Promise<T> => {
      requests += 1;
      // The request that it dies of is on its way: it still has its effect.
      const result = requests > dies ? undefined : clock.sleep(5).then(work);
      return result === undefined || requests === dies ? new Promise(() => {}) : result;
    };
    const over = (table: Table): Table => ({
      get: (...args) => alive(() => table.get(...args)),
      change: (...args) => alive(() => table.change(...args)),
      transact: (...args) => alive(() => table.transact(...args)),
      rows: (query) => table.rows(query),
    });
    const remote = {
      checkouts: over(tables.checkouts),
      schedule: over(tables.schedule),
      attention: over(tables.attention),
      batches: over(tables.batches),
    };
    const stores = openStores(remote, (key, why) => {
      throw new Error(`entry ${key}: ${why}`);
    });
    const queueOf = (queue: 'urgent' | 'standard'): CheckoutQueue => ({
      send: async (messages) => {
        await clock.sleep(queues.sendMs);
        if (queues.failing.has(queue)) throw new Unavailable('queue', `the ${queue} queue is full`);
        for (const { body } of messages) wakeUps.push({ queue, body: new TextDecoder().decode(body) });
      },
    });
    const deps: TickDeps = {
      clock: own,
      clockSkew: () => undefined,
      random,
      times: defaultTimes,
      rules: { maxAttempts: 8, repeatOrderedCart: true },
      gate: {
        take: async (lane) => gate.taken ?? { kind: 'permit', permit: { lane, notBefore: own.now() } },
        giveBack: () => {},
        report: async () => ({ kind: 'open' }),
        customerUntil: (id) => (gate.throttled.has(id) ? own.now() + minute : undefined),
        jobStarted: () => {},
        lastOkOfOthers: () => undefined,
        standing: async () => gate.standing,
      },
      tokens: { ready: async () => true },
      ...noCarts,
      partnerCenter: {
        ...never,
        async order(_, orderId) {
          asked.push(orderId);
          await clock.sleep(400);
          const body = orderBody(orderId, truth.get(orderId), selling);
          return { kind: 'answer', status: 200, body, ms: 400 };
        },
      },
      cartApi: {
        ...noCarts.cartApi,
        async subscriptions({ orderId = '' }) {
          askedDates.push(orderId);
          await clock.sleep(400);
          const item = { id: `sub-${orderId}`, cancellationAllowedUntilDate: '2026-12-07T01:00:00Z' };
          return { kind: 'answer', status: 200, body: JSON.stringify({ items: [item] }), ms: 400 };
        },
      },
      ...stores,
      joinBatch: batchJoiner({ ...stores, clock: own, times: defaultTimes }),
      wakeUps: { urgent: queueOf('urgent'), standard: queueOf('standard') },
      ledgerScan: ledgerScan(remote.checkouts, (why) => warnings.push(why)),
      fleet: {
        openAttention: () => openAttention(over(tables.attention)),
        gate: async () => ({ state: 'open' }),
      },
      // The storage's clock is the bed's own, whatever the instance's shows.
      heartbeats: heartbeatStore(over(tables.gate), () => clock.now(), random),
      events: {
        publish: async (more) => {
          events.push(...more);
        },
      },
      telemetry: {
        event: (name, fields) => told.push({ name, fields }),
        warn: (message) => warnings.push(message),
      },
      tracing: untraced,
    };
    return { deps, requests: () => requests };
  }

  /** A cart of this customer with these orders, all pending, due at `dueAt`: as a checkout leaves it. */
  async function seed(customerId: string, orderIds: readonly string[], dueAt: number): Promise<void> {
    const { ledger, schedule } = instance().deps;
    const cartId = random.guid();
    const fresh = aRecord({ customerId, cartId });
    const inserted = await ledger.insert(fresh, random.guid());
    if (inserted.kind === 'conflict') throw new Error('the record is there already');
    const orders = orderIds.map((id) => anOrder(id, 'pending'));
    await schedule.insert(
      orderIds.map((orderId) => ({
        key: pollEntryKey(dueAt, orderId),
        dueAt,
        orderId,
        since: dueAt,
        jobKey: jobKeyOf({ customerId, cartId }),
        polls: 0,
      })),
    );
    const record = withResult(fresh, { orders, failedGroups: [] }, { now: clock.now(), firstPoll: dueAt });
    await ledger.commit({ record, etag: inserted.etag, orders, writeId: random.guid() });
    for (const id of orderIds) truth.set(id, 'pending');
  }

  /** How many entries each order has. */
  const schedule = (): Map<string, number> => {
    const counts = new Map<string, number>();
    for (const { partition, properties } of tables.schedule.all())
      if (partition === 'due')
        counts.set(String(properties['orderId']), (counts.get(String(properties['orderId'])) ?? 0) + 1);
    return counts;
  };

  const states = (): string[] =>
    tables.checkouts
      .all()
      .filter(({ key }) => key.startsWith('cart:'))
      .map(({ properties }) => String(properties['state']));

  /** The attention rows of jobs. */
  const questions = () =>
    tables.attention
      .all()
      .filter(({ partition }) => partition === 'job')
      .map(({ properties }) => properties);

  /** The work of one tick, without the heartbeat that keeps others away. */
  const work = async (deps: TickDeps): Promise<TickReport> => (await workTick(deps, undefined)).report;

  return {
    clock,
    tables,
    truth,
    asked,
    askedDates,
    events,
    told,
    warnings,
    wakeUps,
    queues,
    seen,
    gate,
    instance,
    seed,
    schedule,
    states,
    questions,
    work,
  };
}

const unwanted = () => Promise.reject(new Error('the poll asks for orders by id alone'));
const never = { checkout: unwanted, cart: unwanted, orders: unwanted };

const orderBody = (id: string, status: OrderStatus | undefined, offerId: string): string =>
  JSON.stringify({
    id,
    status,
    billingCycle: 'monthly',
    lineItems: [
      {
        lineItemNumber: 0,
        offerId,
        quantity: 1,
        termDuration: 'P1Y',
        ...(status === 'completed' ? { subscriptionId: `sub-${id}` } : {}),
      },
    ],
  });
