import { fromRecordRow } from '../../src/adapters/azure-tables/record-rows.ts';
import type { Deps } from '../../src/checkout/deps.ts';
import type { Completed } from '../../src/checkout/run.ts';
import { isOpen } from '../../src/domain/checkout/claim-rules.ts';
import { otherLines } from '../../src/domain/checkout/other-lines.ts';
import { type CheckoutRecord, isSettled } from '../../src/domain/checkout/record.ts';
import { eventsOf } from '../../src/domain/events/event-list.ts';
import { type Delivery, decodeDelivery } from '../../src/domain/message/delivery.ts';
import { customerOf, type JobKey, readJobKey, recordKeyOf } from '../../src/domain/message/job-key.ts';
import type { QueueMessage } from '../../src/domain/message/queue-message.ts';
import type { StoredRow } from '../../src/ports/table.ts';
import type { Process } from './process.ts';
import type { World } from './world.ts';

/** An exception of our own, which nobody planned for: a bug. */
export class InjectedBug extends Error {
  override readonly name = 'InjectedBug';
}

/** One delivery, from its first line to its last, and what it did through its ports. */
export interface WatchedDelivery {
  readonly deps: Deps;
  /** It returned: what it says must be true now, and what it wrote must keep the rules. */
  completed(why: Completed): void;
  /** It threw. */
  threw(error: unknown): void;
}

/**
 * Wake-ups come after the next ones of their job, and each may find its entry gone: a worker's clock is far off, or they waited for a worker
 * of another version.
 */
const wakesOvertake = ({ setup, times }: World): boolean =>
  Math.abs(setup.ahead ?? 0) > times.wakeRetry || setup.newer !== undefined;

/**
 * Watches one delivery through ports of its own. It counts claims and calls of its job, and permits; it throws bugs where the
 * schedule says so; and when the delivery returns, rules R1 and R3 are checked against the tables.
 */
export function watchDelivery(
  world: World,
  process: Process,
  deps: Deps,
  message: QueueMessage,
): WatchedDelivery {
  const decoded = decodeDelivery(message);
  const delivery = decoded.kind === 'delivery' ? decoded.delivery : undefined;
  const jobKey = delivery === undefined ? undefined : jobOf(world, delivery.jobKey);
  const startedAt = world.timeline.now();
  if (jobKey !== undefined && (delivery?.from.kind === 'producer' || wakesOvertake(world)))
    world.delivered(jobKey);
  // The times of a message beside a result hold for nobody: a person's retry goes by those of the record.
  const found = jobKey === undefined ? undefined : recordIn(world, jobKey);
  const besideResult = found !== undefined && found !== 'unreadable' && isSettled(found.state);
  const did = { ensured: 0, removed: 0, taken: 0, calls: 0, troubled: false };
  const hit = async (name: string): Promise<void> => {
    if (!world.bugs.hits(name, jobKey)) return;
    did.troubled = true;
    world.trace(process.name, `${name} throws a bug`);
    throw new InjectedBug(`a bug in ${name}`);
  };
  /** Whatever goes wrong with a port call, from a lost answer to a conflict, excuses an entry too many. */
  const around = async <T>(name: string, call: () => Promise<T>): Promise<T> => {
    await hit(name);
    try {
      const result = await call();
      if (isConflict(result)) did.troubled = true;
      return result;
    } catch (error) {
      did.troubled = true;
      throw error;
    }
  };
  const watched: Deps = {
    ...deps,
    ledger: {
      read: (key) => around('ledger.read', () => deps.ledger.read(key)),
      orders: deps.ledger.orders,
      customer: (id) => around('ledger.customer', () => deps.ledger.customer(id)),
      insert: (record, writeId) =>
        around('ledger.insert', () => deps.ledger.insert(record, writeId)).then((written) => {
          wrote(written.kind === 'written', false);
          return written;
        }),
      replace: (record, etag, writeId) => {
        const before = rowOf(world, record.jobKey);
        return around('ledger.replace', () => deps.ledger.replace(record, etag, writeId)).then((written) => {
          if (written.kind === 'written' && isNewer(before))
            world.violated(
              `1 one purchase: the record of job ${record.jobKey} of a newer version was written over`,
            );
          // A claim after one that came to no end. Reads that fail bring claims too, each with an end.
          wrote(written.kind === 'written', record.lease?.id === writeId && record.unfinishedClaims > 1);
          return written;
        });
      },
      storeCart: (store) => around('ledger.storeCart', () => deps.ledger.storeCart(store)),
      commit: (commit) => around('ledger.commit', () => deps.ledger.commit(commit)),
    },
    schedule: {
      ...deps.schedule,
      insert: (entries) => around('schedule.insert', () => deps.schedule.insert(entries)),
      moveJobs: (moves) => around('schedule.moveJobs', () => deps.schedule.moveJobs(moves)),
      ensure: async (entry) => {
        did.ensured += 1;
        await around('schedule.ensure', () => deps.schedule.ensure(entry));
      },
      remove: async (key) => {
        did.removed += 1;
        await around('schedule.remove', () => deps.schedule.remove(key));
      },
    },
    attention: {
      ...deps.attention,
      write: (row, when) => around('attention.write', () => deps.attention.write(row, when)),
      close: (...row) => around('attention.close', () => deps.attention.close(...row)),
    },
    batches: {
      ...deps.batches,
      write: (row, when) => around('batches.write', () => deps.batches.write(row, when)),
    },
    joinBatch: (...batch) => around('batches.join', () => deps.joinBatch(...batch)),
    queue: { send: (...sent) => around('queue.send', () => deps.queue.send(...sent)) },
    events: { publish: (events) => around('events.publish', () => deps.events.publish(events)) },
    gate: {
      ...deps.gate,
      async take(...asked) {
        const taken = await around('gate.take', () => deps.gate.take(...asked));
        if (taken.kind === 'permit') did.taken += 1;
        return taken;
      },
      giveBack(permit) {
        did.taken -= 1;
        deps.gate.giveBack(permit);
      },
      report: (report) => around('gate.report', () => deps.gate.report(report)),
    },
    partnerCenter: {
      checkout: (...call) => used('api.checkout', () => deps.partnerCenter.checkout(...call)),
      cart: (...call) => used('api.cart', () => deps.partnerCenter.cart(...call)),
      order: (...call) => used('api.order', () => deps.partnerCenter.order(...call)),
      orders: (...call) => used('api.orders', () => deps.partnerCenter.orders(...call)),
    },
    cartApi: {
      ...deps.cartApi,
      availabilities: (...call) => used('api.availabilities', () => deps.cartApi.availabilities(...call)),
      createCart: (...call) => used('api.create-cart', () => deps.cartApi.createCart(...call)),
      putCart: (...call) => used('api.put-cart', () => deps.cartApi.putCart(...call)),
    },
  };

  function wrote(isWritten: boolean, isClaimAgain: boolean): void {
    if (!isWritten || delivery === undefined) return;
    if (isClaimAgain) world.bugs.claimed(delivery.jobKey);
    if (message.properties['checkout-version'] === '2')
      world.violated(
        `1 one purchase: a message of a newer version changed the record of job ${delivery.jobKey}`,
      );
    if (!besideResult) accept(world, delivery);
  }

  /** Permits are held by the delivery until its call has left or they are given back. */
  async function used<T extends object>(name: string, call: () => Promise<T>): Promise<T> {
    await hit(name);
    if (jobKey !== undefined) world.bugs.called(jobKey);
    if (name === 'api.checkout') checkOwnTimes();
    const exchange = await call();
    if (!('stale' in exchange && exchange.stale === true)) {
      did.taken -= 1;
      did.calls += 1;
    }
    return exchange;
  }

  /** Whatever the ledger says: a message's own call obeys its own times. */
  function checkOwnTimes(): void {
    if (delivery?.from.kind !== 'producer' || besideResult) return;
    const { notBefore = 0, notAfter = Number.POSITIVE_INFINITY } = delivery.from.job;
    const local = process.clock.now();
    if (local < notBefore || local > notAfter)
      world.violated(
        `4 not before its time: checkout of ${delivery.jobKey} outside of the times of its own message`,
      );
  }

  return {
    deps: watched,
    completed(why) {
      checkCompleted(world, message, delivery, why);
      if (delivery === undefined) return;
      if (did.taken > 0 && !did.troubled)
        world.violated(
          `5 within budget: a delivery of job ${delivery.jobKey} kept ${did.taken} permits that it did not use`,
        );
      // A decision sends a wake-up of an entry that is due in five minutes: it stays if the job is due again before that.
      const isEarly = delivery.from.kind === 'wake-up' && delivery.from.origin > startedAt - 20_000;
      // What outlasts its lease removes nothing: others may come back by that entry.
      const outlasts = world.timeline.now() >= startedAt + world.times.lease;
      const isUsual = !isEarly && !outlasts && !did.troubled;
      if (delivery.from.kind === 'wake-up' && isUsual && did.ensured > did.removed)
        world.violated(
          `2 nothing lost: R3: a wake-up of job ${delivery.jobKey} wrote ${did.ensured} entries and removed ${did.removed}`,
        );
      // A message that was sent again is not accepted yet: its times hold for nobody but itself before they are in the record.
      if (!besideResult && why !== 'redelivered') accept(world, delivery);
    },
    threw(error) {
      world.trace(process.name, `handleDelivery threw ${String(error)}`);
    },
  };
}

const isConflict = (result: unknown): boolean =>
  typeof result === 'object' && result !== null && 'kind' in result && result.kind === 'conflict';

/** R1: why a message was completed is true in the instant in which the worker says so. */
function checkCompleted(
  world: World,
  message: QueueMessage,
  delivery: Delivery | undefined,
  why: Completed,
): void {
  const { violated } = world;
  const who = `message ${message.sequenceNumber} of job ${delivery?.jobKey ?? '?'} was completed as "${why}"`;
  if (why === 'redelivered' || why === 'rejected' || delivery === undefined) return;
  const jobKey = jobOf(world, delivery.jobKey);
  const record = recordIn(world, jobKey);
  if (record === 'unreadable') return;
  if (why === 'entry') {
    const isSafe =
      world.hasEntry(jobKey) ||
      (record !== undefined && !isOpen(record) && isFinalized(world, record)) ||
      hasMessage(world, jobKey, message.sequenceNumber);
    // Its wake-up came too often, and its attention row says so.
    const isMissing = record === undefined && delivery.from.kind === 'wake-up';
    if (!isSafe && !isMissing && !world.isRemoved(jobKey))
      violated(`2 nothing lost: R1: ${who}, and nothing wakes it (${record?.state ?? 'no record'})`);
    return;
  }
  // It had a result, and somebody has decided to retry it since.
  if (record !== undefined && record.decisions.length > 0) return;
  if (record === undefined || !isSettled(record.state)) {
    violated(`2 nothing lost: R1: ${who}, and it is ${record?.state ?? 'not there'}`);
    return;
  }
  const { from, redelivered, source } = delivery;
  const isResponsible = from.kind === 'wake-up' || redelivered || record.claimedBy === source;
  if (isResponsible && !isFinalized(world, record) && !world.hasEntry(jobKey))
    violated(`2 nothing lost: R1: ${who}, and nobody will finalize it`);
}

/** Batch rows, attention and events of this result, or of a later one, are there. */
function isFinalized({ tables, events, robbed }: World, record: CheckoutRecord): boolean {
  const published = new Set(events.map(({ id }) => id));
  // Polled orders are finalized by the poller, and their entries stay until it has.
  const own = eventsOf(record).filter(({ type }) => !type.startsWith('order.'));
  const isPolled = tables.schedule
    .all()
    .some(({ properties }) => properties['orderId'] !== undefined && properties['jobKey'] === record.jobKey);
  if (isPolled || robbed.has(record.jobKey)) return true;
  const isTold = own.every(({ id }) => published.has(id));
  const batches = record.batches.every((batchId) =>
    tables.batches.all().some((row) => row.partition === batchId && row.key === record.jobKey),
  );
  const needs = record.state === 'failed' || record.state === 'partial';
  const attention = tables.attention.all().find(({ key }) => key === record.jobKey);
  return (
    isTold && batches && (!needs || attention?.properties['open'] === true || record.decision !== undefined)
  );
}

const isNewer = (row: StoredRow | undefined): boolean => row?.properties['version'] === 2;

const rowOf = ({ tables }: World, jobKey: JobKey): StoredRow | undefined =>
  tables.checkouts
    .all()
    .find(({ partition, key }) => partition === customerOf(jobKey) && key === recordKeyOf(jobKey));

/** A message for a cart that the worker made is one of the job that made it. */
const jobOf = (world: World, jobKey: JobKey): JobKey =>
  readJobKey(rowOf(world, jobKey)?.properties['madeBy']) ?? jobKey;

function recordIn(world: World, named: JobKey): CheckoutRecord | undefined | 'unreadable' {
  const row = rowOf(world, jobOf(world, named));
  if (row === undefined) return undefined;
  try {
    return fromRecordRow(row);
  } catch {
    return 'unreadable';
  }
}

const hasMessage = (world: World, jobKey: JobKey, but: string): boolean =>
  world.broker.messages().some((other) => {
    if (other.sequenceNumber === but) return false;
    const decoded = decodeDelivery(other);
    return (
      decoded.kind === 'delivery' &&
      [decoded.delivery.jobKey, jobOf(world, decoded.delivery.jobKey)].includes(jobKey) &&
      other.body[2] !== 0x77
    );
  });

/** The times of a message hold for every claim after it was accepted, if its job had no result yet. */
function accept(world: World, { from, jobKey }: Delivery): void {
  if (from.kind !== 'producer') return;
  const record = recordIn(world, jobKey);
  if (record === undefined || record === 'unreadable' || isSettled(record.state)) return;
  // Other lines are refused, and the times of their message with them.
  if (otherLines(record, from.job) !== undefined) return;
  const { notBefore, notAfter } = from.job;
  world.watch.accept(record.jobKey, {
    ...(notBefore === undefined ? {} : { notBefore }),
    ...(notAfter === undefined ? {} : { notAfter }),
  });
}
