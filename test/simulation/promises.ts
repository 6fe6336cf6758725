import { isOpen } from '../../src/domain/checkout/claim-rules.ts';
import { type CheckoutRecord, isFinal } from '../../src/domain/checkout/record.ts';
import { isOrderJob } from '../../src/domain/message/job.ts';
import { idIn, jobKeyOf } from '../../src/domain/message/job-key.ts';
import type { Ledger } from '../../src/ports/ledger.ts';
import { checkBatchesFinished } from './batches.ts';
import { isSameOrder } from './order-plans.ts';
import { mayFail, mayFailUnsent, mayMistake } from './questions.ts';
import type { Send } from './setup.ts';
import type { CartTruth, OrderTruth } from './truth.ts';
import type { World } from './world.ts';

/** At the end, every promise of the design is checked against what Partner Center really holds. */
export async function checkPromises(world: World, ledger: Ledger): Promise<void> {
  const { broker, setup, violated } = world;
  for (const message of broker.deadLetters)
    violated(
      `6 waiting costs no deliveries: message ${message.sequenceNumber} is a dead letter (${JSON.stringify(message.properties)})`,
    );
  for (const jobKey of new Set(setup.sends.map(jobKeyOf))) {
    const found = await ledger.read(jobKey);
    if (found === undefined) violated(`2 nothing lost: job ${jobKey} has no record`);
    else checkJob(world, found.value);
  }
  checkBatchesFinished(world);
  for (const row of world.tables.schedule.all()) violated(`9 an end: entry ${row.key} is left at the end`);
}

/** When nothing has failed for long, a job has one entry: whatever was written once too often has gone. */
export function checkEntries({ tables, violated, doubts, timeline }: World): void {
  // Each decision brings an entry; what it replaces may be due hours later.
  const decisionsOf = (jobKey: string): number =>
    doubts
      .records()
      .find((record) => record.jobKey === jobKey)
      ?.decisions.filter(({ at }) => at > timeline.now() - 8 * 3_600_000).length ?? 0;
  const counts = new Map<string, number>();
  for (const { properties } of tables.schedule.all()) {
    const { jobKey, orderId } = properties;
    if (orderId === undefined && typeof jobKey === 'string')
      counts.set(jobKey, (counts.get(jobKey) ?? 0) + 1);
  }
  // Each decision of a person brings a safety net of its own, which ends when its time comes.
  for (const [jobKey, count] of counts)
    if (count > 2 + decisionsOf(jobKey))
      violated(`6 waiting costs no deliveries: job ${jobKey} has ${count} entries`);
}

function checkJob(world: World, record: CheckoutRecord): void {
  const { violated, truth } = world;
  const cart = truth.carts.get(record.cartId ?? '');
  const name = `job ${record.jobKey} (${record.state})`;
  if (!isFinal(record.state)) {
    violated(`9 an end: ${name} is not final at the end`);
    return;
  }
  for (const other of truth.madeFor(record.jobKey))
    if (other !== cart && other.orders.length > 0)
      violated(`1 one purchase: ${name} has orders of cart ${other.plan.id}, which is not its cart`);
  if (cart === undefined) checkUnsent(world, record, name);
  else if (!isAbandoned(world, record)) checkResult(world, cart, record, name);
  if (record.lease !== undefined) violated(`2 nothing lost: ${name} is final and leased`);
  checkAttention(world, record, name);
  checkBatches(world, record, name);
  checkEvents(world, record, name);
}

/** No cart of it was ever stored, so nothing was bought, and something must say why. */
function checkUnsent(world: World, record: CheckoutRecord, name: string): void {
  if (record.orders.length > 0)
    world.violated(`3 books agree: ${name} has orders [${record.orders.map(({ id }) => id)}] and no cart`);
  if (record.state !== 'failed') world.violated(`3 books agree: ${name} has no cart, and should be failed`);
  else if (!mayFailUnsent(world, record.jobKey))
    world.violated(`5 a reason for each failure: ${name} failed, and nothing at Partner Center refused it`);
}

/** Somebody gave up on it though it was bought: its record says so, and may miss its orders. */
const isAbandoned = ({ watch }: World, record: CheckoutRecord): boolean =>
  watch.abandoned.has(record.cartId ?? '') && (record.state === 'failed' || record.state === 'partial');

function checkResult(world: World, cart: CartTruth, record: CheckoutRecord, name: string): void {
  const { violated } = world;
  // What a person bought after the call, with the same content, may stand in place of the cart's own where nothing tells them apart.
  const taken = record.orders.filter(({ id }) => mayMistake(world, cart, id));
  if (taken.length > 0) return;
  checkBooks(world, cart, record, name);
  const bought = new Set(cart.orders.map((order) => order.plan.group));
  const complete =
    cart.plan.groups.every((plan) => bought.has(plan.group)) &&
    cart.orders.every((order) => order.plan.end === 'completed');
  const should = cart.orders.length === 0 ? 'failed' : complete ? 'completed' : 'partial';
  // Nobody ever read what the cart holds: then nobody can tell whether something of it is missing.
  const isUnreadable = world.truth.isGone(cart) || world.watch.saidGone.has(cart.plan.id);
  const unsure = record.groups === undefined && cart.orders.length > 0 && isUnreadable;
  if (record.state !== should && !unsure) violated(`3 books agree: ${name} should be ${should}`);
  if (record.state === 'failed' && !mayFail(world, cart))
    violated(`5 a reason for each failure: ${name} failed, and nothing at Partner Center refused it`);
}

function checkBooks(world: World, cart: CartTruth, record: CheckoutRecord, name: string): void {
  const { violated, truth } = world;
  const books = (orders: readonly { readonly id: string; readonly status: string }[]) =>
    orders
      .map(({ id, status }) => `${id}=${status}`)
      .sort()
      .join(' ');
  const real = books(
    cart.orders.map((order: OrderTruth) => ({ id: order.id, status: truth.statusOf(order) })),
  );
  if (books(record.orders) !== real)
    violated(`3 books agree: ${name} has [${books(record.orders)}], Partner Center [${real}]`);
  const rows = world.tables.checkouts
    .all()
    .filter((row) => row.key.startsWith('order:') && row.properties['cartId'] === cart.plan.id);
  const table = books(
    rows.map((row) => ({ id: row.key.slice('order:'.length), status: String(row.properties['status']) })),
  );
  if (table !== real)
    violated(`3 books agree: the order rows of ${name} are [${table}], Partner Center has [${real}]`);
}

function checkAttention(world: World, record: CheckoutRecord, name: string): void {
  if (world.robbed.has(record.jobKey)) return;
  const row = world.tables.attention
    .all()
    .find(({ partition, key }) => partition === 'job' && key === record.jobKey);
  const isOpen = row?.properties['open'] === true;
  const kind = String(row?.properties['kind']);
  const needs = record.state === 'failed' || record.state === 'partial';
  if (needs && !isOpen) world.violated(`2 nothing lost: ${name} has no open attention row`);
  if (needs && isOpen && kind !== record.state)
    world.violated(`2 nothing lost: ${name} has an attention row of kind ${kind}`);
  if (!needs && isOpen) world.violated(`2 nothing lost: ${name} has an open attention row of kind ${kind}`);
  if (isOpen && row?.properties['revision'] !== record.revision)
    world.violated(
      `2 nothing lost: the attention row of ${name} tells of revision ${row?.properties['revision']}, the record has ${record.revision}`,
    );
}

function checkBatches(world: World, record: CheckoutRecord, name: string): void {
  const named = new Set(
    world.setup.sends.flatMap((send) =>
      jobKeyOf(send) === record.jobKey && send.batchId !== undefined && !isRefused(send, record)
        ? [send.batchId]
        : [],
    ),
  );
  for (const batchId of named) {
    const row = world.tables.batches
      .all()
      .find(({ partition, key }) => partition === batchId && key === record.jobKey);
    const state = row?.properties['state'];
    if (state !== record.state)
      world.violated(`2 nothing lost: ${name} stands as ${String(state)} in batch ${batchId}`);
  }
}

/**
 * Sends whose job has ended, and has no line in its batch: the entry that would have finalized the job was removed, and nothing else knows
 * of the line. Whoever sends it again brings it into its batch: docs/ways-to-fail.md.
 */
export const missingLines = ({ setup, robbed, doubts, tables }: World): readonly Send[] =>
  robbed.size === 0
    ? []
    : setup.sends.filter((send) => {
        const { batchId } = send;
        const record = doubts.records().find(({ jobKey }) => jobKey === jobKeyOf(send));
        if (record === undefined || batchId === undefined || !robbed.has(record.jobKey)) return false;
        if (!isFinal(record.state) || !record.batches.includes(batchId)) return false;
        if ('lines' in send && isOrderJob(record.job) && !isSameOrder(send, record.job)) return false;
        return tables.batches
          .all()
          .every(({ partition, key }) => partition !== batchId || key !== record.jobKey);
      });

/** Its lines are others than those of its job, so it is a rejected line of its batch; unless they were replaced later. */
const isRefused = (send: Send, { job, batches }: CheckoutRecord): boolean =>
  'lines' in send &&
  isOrderJob(job) &&
  !isSameOrder(send, job) &&
  (send.batchId === undefined || !batches.includes(send.batchId));

function checkEvents(world: World, record: CheckoutRecord, name: string): void {
  const published = new Set(world.events.map((event) => event.id));
  const owed = world.robbed.has(record.jobKey) ? [] : world.doubts.owed(record.jobKey);
  for (const event of owed)
    if (!published.has(event)) world.violated(`9 events: ${name} never told ${event}`);
  // An id that differs on a repeat would be a second event to its subscribers: an order ends but once.
  const ends = world.events.filter(
    ({ type, data }) => type.startsWith('order.') && data['jobKey'] === record.jobKey,
  );
  const ids = new Map<string, Set<string>>();
  for (const event of ends) ids.set(event.subject, (ids.get(event.subject) ?? new Set()).add(event.id));
  for (const [subject, all] of ids)
    if (all.size > 1)
      world.violated(`9 events: ${subject} ended under ${all.size} ids: ${[...all].join(' ')}`);
}

/** At every instant: an order that the books call pending has an entry, or the poller would never look again. */
export function checkEntryCount(world: World): void {
  const due = new Set(world.tables.schedule.all().map((row) => row.properties['orderId']));
  for (const { jobKey, orders } of world.doubts.records())
    for (const orderSummary of orders) {
      const isSafe =
        (orderSummary.status !== 'pending' && orderSummary.status !== 'unknown') || due.has(orderSummary.id);
      if (isSafe) world.removed.delete(`order:${orderSummary.id}`);
      else if (!world.removed.has(`order:${orderSummary.id}`))
        world.violated(`8 entries: pending order ${orderSummary.id} of job ${jobKey} has none`);
    }
}

/** Entries of a job that has met no trouble: its own, the one that it replaces, and one that a wake-up is about to move. */
const fewEntries = 3;

/** At every instant: entries do not multiply. Each delivery of a message, each decision and each fault may add one, which then goes again. */
function checkBound(world: World, { jobKey, decisions }: CheckoutRecord, entries: number): void {
  if (entries <= fewEntries) return;
  // One standstill loses the locks of many deliveries, and each comes again.
  const most = fewEntries + world.deliveries(jobKey) + decisions.length + world.strikes();
  if (entries > most)
    world.violated(
      `6 waiting costs no deliveries: job ${jobKey} has ${entries} entries, ${most} can be explained`,
    );
}

/** After every step: an open record without a live lease has an entry with an origin that is not earlier than its next try, or a message. */
export function checkInvariant(world: World): void {
  // An operator who empties the queue takes the promise of a message with it: repair gives it back.
  if (world.setup.purge !== undefined) return;
  const now = world.timeline.now();
  const origins = new Map<unknown, number>();
  const counts = new Map<unknown, number>();
  for (const { properties } of world.tables.schedule.all()) {
    const { origin, jobKey } = properties;
    if (typeof origin !== 'number') continue;
    origins.set(jobKey, Math.max(origins.get(jobKey) ?? 0, origin));
    counts.set(jobKey, (counts.get(jobKey) ?? 0) + 1);
  }
  for (const record of world.doubts.records()) {
    // Clocks differ: a lease is over for sure when the slowest of them says so.
    checkBound(world, record, counts.get(record.jobKey) ?? 0);
    const leasedUntil = record.lease?.until ?? 0;
    const origin = origins.get(record.jobKey);
    const isSafe = !isOpen(record) || (origin !== undefined && origin >= (record.nextTry ?? 0));
    if (isSafe) world.removed.delete(record.jobKey);
    if (isSafe || leasedUntil > now - 20_000 - Math.max(0, world.setup.ahead ?? 0)) continue;
    if (world.removed.has(record.jobKey)) continue;
    // The tool stood still for so long that its entry came and went before its decision: repair writes it again.
    if (record.decision !== undefined && record.decision.at < now - 4 * 60_000) {
      world.removed.add(record.jobKey);
      world.onDueEntries();
      continue;
    }
    // Whoever could not even write an entry, for a bug, is a dead letter by now.
    const messages = world.bugs.hasMet(record.jobKey)
      ? [...world.broker.messages(), ...world.broker.deadLetters]
      : world.broker.messages();
    const hasMessage = messages.some(
      ({ body }) => new TextDecoder().decode(body).includes(idIn(record.jobKey)) && body[2] !== 0x77,
    );
    if (!hasMessage)
      world.violated(
        `2 nothing lost: job ${record.jobKey} (${record.state}) has neither entry nor message; next try ${record.nextTry}, entry ${origin}`,
      );
  }
}
