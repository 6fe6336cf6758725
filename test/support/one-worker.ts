import { ledgerScan } from '../../src/adapters/azure-tables/ledger-scan-store.ts';
import { openStores } from '../../src/adapters/azure-tables/stores.ts';
import type { Deps } from '../../src/checkout/deps.ts';
import { handleDelivery } from '../../src/checkout/handle-delivery.ts';
import { batchJoiner } from '../../src/checkout/join-batch.ts';
import type { CheckoutEvent } from '../../src/domain/events/event.ts';
import type { OutgoingMessage, QueueMessage } from '../../src/domain/message/queue-message.ts';
import type { TickReport } from '../../src/domain/tick-report.ts';
import { defaultTimes } from '../../src/domain/times.ts';
import { workTick } from '../../src/polling/tick.ts';
import type { TickWorkDeps } from '../../src/polling/tick-deps.ts';
import type { CheckoutQueue } from '../../src/ports/checkout-queue.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Gate } from '../../src/ports/gate.ts';
import type { PartnerCenter } from '../../src/ports/partner-center.ts';
import { untraced } from '../../src/ports/tracing.ts';
import { memoryTable } from './memory-table.ts';
import { noCarts } from './no-carts.ts';
import { seededRandom } from './seeded-random.ts';
import type { LeapingClock } from './virtual-clock.ts';

export type OneWorker = ReturnType<typeof oneWorker>;

interface Queued {
  readonly message: OutgoingMessage;
  readonly name: QueueMessage['queue'];
  readonly at: number;
  deliveries: number;
  readonly sequence: number;
}

/** The use cases over tables, two queues and a topic in memory: deliveries and ticks one after the other, time in leaps. */
export function oneWorker(
  partnerCenter: PartnerCenter,
  clock: LeapingClock,
  change: Partial<TickWorkDeps & Deps> = {},
) {
  const tables = {
    checkouts: memoryTable(),
    schedule: memoryTable(),
    attention: memoryTable(),
    batches: memoryTable(),
  };
  const queue: Queued[] = [];
  const events: CheckoutEvent[] = [];
  const warnings: string[] = [];
  let sequence = 0;
  const queueOf = (name: Queued['name']): CheckoutQueue => ({
    async send(messages, at) {
      for (const message of messages)
        queue.push({ message, name, at: Math.max(at, clock.now()), deliveries: 0, sequence: ++sequence });
    },
  });
  const wakeUps = { standard: queueOf('standard'), urgent: queueOf('urgent') };
  const stores = openStores(tables, (key, why) => warnings.push(`entry ${key}: ${why}`));
  const deps: TickWorkDeps & Deps = {
    clock,
    clockSkew: () => undefined,
    random: seededRandom(1),
    times: defaultTimes,
    rules: { maxAttempts: 6, repeatOrderedCart: true },
    gate: openGate(clock),
    partnerCenter,
    ...noCarts,
    tokens: { ready: async () => true },
    ...stores,
    joinBatch: batchJoiner({ ...stores, clock, times: defaultTimes }),
    queue: wakeUps.standard,
    wakeUps,
    ledgerScan: ledgerScan(tables.checkouts, (why) => warnings.push(why)),
    events: {
      publish: async (more) => {
        events.push(...more);
      },
    },
    telemetry: {
      event: () => {},
      warn: (message) => {
        warnings.push(message);
      },
    },
    tracing: untraced,
    ...change,
  };
  const depsOf = { standard: deps, urgent: { ...deps, queue: deps.wakeUps.urgent } };

  /** Hands out the message that is due first. A throw gives it back, as the host does. False: there is none. */
  async function deliver(): Promise<boolean> {
    queue.sort((a, b) => a.at - b.at || a.sequence - b.sequence);
    const [next] = queue;
    if (next === undefined) return false;
    clock.leapTo(next.at);
    next.deliveries += 1;
    const { body, messageId, properties } = next.message;
    await handleDelivery(depsOf[next.name], {
      body,
      messageId,
      properties,
      queue: next.name,
      sequenceNumber: String(next.sequence),
      deliveryCount: next.deliveries,
      enqueuedAt: next.at,
    });
    queue.splice(queue.indexOf(next), 1);
    return true;
  }

  /** One tick: wakes jobs, counts batches, polls orders, repairs. */
  const tick = async (): Promise<TickReport> => (await workTick(deps, undefined)).report;

  let lastTick = 0;

  /** One delivery; where there is none, a tick when the next entry is due. False: nothing is left to do. */
  async function step(): Promise<boolean> {
    if (await deliver()) return true;
    const due = tables.schedule.all().map(({ properties }) => Number(properties['dueAt']));
    const next = due.filter(Number.isFinite).sort((one, other) => one - other)[0];
    if (next === undefined) return false;
    // The timer ticks once a minute: what a tick left undone, the next one does.
    clock.leapTo(Math.max(next + 1, lastTick + 60_000));
    lastTick = clock.now();
    await tick();
    return true;
  }

  return {
    deps,
    stores,
    tables,
    queue,
    events,
    warnings,
    clock,
    deliver,
    tick,
    enqueue: (body: unknown, name: Queued['name'] = 'standard') =>
      queueOf(name).send(
        [
          {
            messageId: 'm',
            body: typeof body === 'string' ? Buffer.from(body) : Buffer.from(JSON.stringify(body)),
            properties: {},
          },
        ],
        clock.now(),
      ),
    step,
    /** Deliveries and ticks until nothing is left to do, or too many were made. */
    async settle(most = 60): Promise<void> {
      for (let count = 0; count < most; count += 1) if (!(await step())) return;
    },
    /** Deliveries and ticks until this time. */
    async until(time: number): Promise<void> {
      while (clock.now() < time) if (!(await step())) return;
    },
  };
}

/** A gate that is always open, and never busy. */
export function openGate(clock: Clock): Gate {
  return {
    take: async (lane) => ({ kind: 'permit', permit: { lane, notBefore: clock.now() } }),
    giveBack: () => {},
    report: async (report) =>
      report.kind === 'throttled'
        ? {
            kind: 'closed',
            until: clock.now() + Math.min(report.retryAfterMs ?? 60_000, 3_600_000),
            reason: '429',
          }
        : { kind: 'open' },
    customerUntil: () => undefined,
    jobStarted: () => {},
    lastOkOfOthers: () => undefined,
    standing: async () => ({ kind: 'open', permitsPerMinute: 60 }),
  };
}
