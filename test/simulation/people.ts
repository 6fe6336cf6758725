import type { Decision } from '../../src/domain/checkout/decisions.ts';
import { type CheckoutRecord, cartIdOf } from '../../src/domain/checkout/record.ts';
import { type JobIdentity, type JobKey, jobKeyOf, readJobKey } from '../../src/domain/message/job-key.ts';
import { type DecideDeps, decideJob, giveUpUnbegun } from '../../src/operator/jobs/decide-job.ts';
import type { Ledger } from '../../src/ports/ledger.ts';
import type { Schedule } from '../../src/ports/schedule.ts';
import type { StoredRow } from '../../src/ports/table.ts';
import { depsOf } from './deps.ts';
import { startProcess } from './process.ts';
import type { CartTruth } from './truth.ts';
import type { World } from './world.ts';

/** Of the open rows, those whose jobs somebody may still retry. The others have a message, or are settled. */
const canRetry = ['failed', 'partial'];
const lookEvery = 25 * 60_000;
const hour = 3_600_000;

export interface People {
  /** Somebody is about to send a decision, or will be when they look next. */
  areBusy(): boolean;
}

/** People who look at the attention table now and then, and act on what they see. They know Partner Center's own books. */
export function startPeople(world: World, ledger: Ledger, schedule: Schedule): People {
  const { timeline, random, setup, truth } = world;
  const people = random.fork();
  const jobs: readonly JobIdentity[] = [
    ...setup.carts.map(({ customerId, id: cartId }) => ({ customerId, cartId })),
    ...setup.orders,
  ];
  const isSent = (key: JobKey): boolean => jobs.some((job) => jobKeyOf(job) === key);
  let retriesLeft = setup.people.retries;
  let sending = 0;
  const queue: DecideDeps['wakeUps'] extends infer T ? (T extends { standard: infer Q } ? Q : never) : never =
    {
      send: async (messages, at) => {
        for (const message of messages) world.broker.send(message, at);
      },
    };
  const deps: DecideDeps = {
    ledger,
    schedule: {
      ensure: async (entry) => {
        await schedule.ensure(entry);
        world.onDueEntries();
      },
      moveJobs: (moves) => schedule.moveJobs(moves),
      remove: (key) => schedule.remove(key),
    },
    times: world.times,
    wakeUps: { urgent: queue, standard: queue },
    now: timeline.now,
    random: people,
  };

  const look = async (): Promise<void> => {
    for (const row of world.tables.attention.all()) {
      const key = openJob(row);
      // A record that cannot be read is fixed by hand.
      if (key === undefined) continue;
      const found = isSent(key) ? await ledger.read(key).catch(() => undefined) : undefined;
      if (found === undefined) continue;
      const decided = decide(found.value, truth.carts.get(found.value.cartId ?? ''));
      if (decided !== undefined) act(found.value.jobKey, decided, found.value);
    }
    for (const job of jobs) await tire(job);
    timeline.at(timeline.now() + lookEvery, () => void look());
  };
  timeline.at(timeline.now() + lookEvery, () => void look());

  function decide(
    record: CheckoutRecord,
    cart: CartTruth | undefined,
  ): Pick<Decision, 'decision' | 'orderIds'> | undefined {
    // The worker tries again every hour. After some hours nobody expects the price or the document to come.
    if (
      record.state === 'waiting' &&
      record.asked?.kind === 'needs-decision' &&
      record.asked.code === undefined
    )
      return record.asked.since < timeline.now() - 3 * hour
        ? { decision: 'give-up', orderIds: [] }
        : undefined;
    if (cart !== undefined && record.state === 'unresolved' && record.asked?.kind === 'needs-decision') {
      // Somebody who sees that Partner Center is still at it waits.
      if (cart.busyUntil > timeline.now()) return undefined;
      const orderIds = cart.orders.map(({ id }) => id);
      if (orderIds.length > 0 && people.happens(setup.people.rash(cartIdOf(record)))) {
        world.watch.abandoned.add(cartIdOf(record));
        return { decision: 'give-up', orderIds: [] };
      }
      // With a part of it bought under lines that are to be changed, the wrong word buys twice: docs/ways-to-fail.md.
      const isPartly = cart.stale > 0;
      if (orderIds.length > 0 && !isPartly && people.happens(setup.people.wrong)) {
        // It is not sent again, so the wrong word ends it.
        if (
          record.repeated?.as === 'refused' ||
          record.job.notAfter !== undefined ||
          cart.goneAt < Number.POSITIVE_INFINITY ||
          cart.made !== undefined ||
          record.batches.length > 0
        )
          world.watch.abandoned.add(cartIdOf(record));
        return { decision: 'not-bought', orderIds: [] };
      }
      if (orderIds.length > 0) return { decision: 'orders', orderIds };
      if (cart.plan.refused !== undefined || truth.isGone(cart)) return { decision: 'give-up', orderIds: [] };
      return { decision: 'not-bought', orderIds: [] };
    }
    if ((record.state === 'failed' || record.state === 'partial') && retriesLeft > 0) {
      retriesLeft -= 1;
      return { decision: 'retry', orderIds: [] };
    }
    return undefined;
  }

  /** The message of a job without a record is its producer's own. */
  async function tire(job: JobIdentity): Promise<void> {
    if (!people.happens(setup.people.weary)) return;
    const found = await ledger.read(jobKeyOf(job)).catch(() => undefined);
    if (found?.value.state === 'waiting')
      act(found.value.jobKey, { decision: 'give-up', orderIds: [] }, found.value);
    const sent = setup.sends.find((send) => jobKeyOf(send) === jobKeyOf(job));
    // A job with lines that has no record has no body to keep either.
    if (found !== undefined || sent === undefined || !('cartId' in job)) return;
    const message = { job, body: JSON.stringify(job), firstEnqueued: timeline.now(), urgent: false };
    await giveUpUnbegun(deps, message, 'ann').catch(() => undefined);
  }

  function act(jobKey: JobKey, decided: Omit<Decision, 'who'>, seen: CheckoutRecord): void {
    const send = (who: string, after: number) => {
      sending += 1;
      timeline.at(timeline.now() + after, () => {
        // The tool is a process of its own: its requests are hit like any other's, and it may die between two of them.
        const over = (text: string) => {
          sending -= 1;
          world.trace(who, `${decided.decision} for ${jobKey}: ${text}`);
        };
        const tool = startProcess(who, people.between(-15_000, 15_000), people.fork(), {
          timeline,
          onDeath: (_, why) => over(`the tool died ${why}`),
        });
        const { ledger: itsLedger, schedule: itsSchedule, queue: itsQueue } = depsOf(world, tool);
        const own = {
          ...deps,
          ledger: itsLedger,
          schedule: itsSchedule,
          wakeUps: { urgent: itsQueue, standard: itsQueue },
        };
        void decideJob(own, jobKey, { ...decided, who }, seen)
          .then(
            ({ kind }) => {
              if (kind === 'decided') world.bugs.decided(jobKey);
              return kind;
            },
            (error) => String(error),
          )
          .then(over);
      });
    };
    send('ann', people.between(0, 20_000));
    // Somebody else decides at the same moment, or minutes later.
    if (people.happens(setup.people.twice))
      send('ben', people.pick([people.between(0, 400_000), people.between(0, 20_000)]));
  }

  return {
    areBusy: () =>
      sending > 0 ||
      (retriesLeft > 0 &&
        world.tables.attention
          .all()
          .some((row) => openJob(row) !== undefined && canRetry.includes(String(row.properties['kind'])))),
  };
}

function openJob(row: StoredRow): JobKey | undefined {
  if (row.partition !== 'job' || row.properties['open'] !== true) return undefined;
  return readJobKey(row.key);
}
