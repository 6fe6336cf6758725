import type { CheckoutEvent } from '../../src/domain/events/event.ts';
import { type JobKey, recordKeyOf } from '../../src/domain/message/job-key.ts';
import { defaultTimes } from '../../src/domain/times.ts';
import { createTimeline, type Timeline } from '../support/timeline.ts';
import { type Blow, type BlowKind, type Called, isBug } from './blows.ts';
import { type Bugs, createBugs } from './bugs.ts';
import { checkStopped } from './check-stopped.ts';
import { createDoubts, type Doubts } from './doubts.ts';
import { type ApiFault, listFaults, refusals } from './faults.ts';
import { createLinesWatch } from './lines-watch.ts';
import type { Api, ApiCall } from './partner-center.ts';
import type { Process } from './process.ts';
import { type Broker, createBroker } from './queue.ts';
import { type Random, seeded } from './random.ts';
import type { Setup } from './setup.ts';
import { createTables, type Tables } from './tables.ts';
import { createTruth, type Truth } from './truth.ts';
import { createWatch, type Watch } from './watch.ts';

export const worldStart = Date.UTC(2026, 10, 24, 2);

/** Everything outside of the processes, and the books of what happened. */
export interface World extends Api {
  readonly setup: Setup;
  readonly timeline: Timeline;
  readonly truth: Truth;
  readonly tables: Tables;
  readonly broker: Broker;
  readonly random: Random;
  readonly events: CheckoutEvent[];
  readonly watch: Watch;
  readonly doubts: Doubts;
  readonly violations: string[];
  readonly lines: string[];
  violated(what: string): void;
  readonly bugs: Bugs;
  /** Something was hit just now. */
  struck(): void;
  /** How often something was hit so far. */
  strikes(): number;
  /** A message of this job was delivered that may add an entry: a producer's, or a wake-up that was overtaken. */
  delivered(jobKey: JobKey): void;
  /** How often that was so. */
  deliveries(jobKey: JobKey): number;
  /** Entries that wake this job. */
  entriesOf(jobKey: JobKey): number;
  hasEntry(jobKey: JobKey): boolean;
  /** Somebody removed an entry of this job, and nothing has written it again yet. */
  isRemoved(jobKey: JobKey): boolean;
  readonly removed: Set<string>;
  /** Jobs of which somebody ever removed an entry. A result that was not finalized yet then stays so: docs/ways-to-fail.md. */
  readonly robbed: Set<string>;
  /** Port calls so far. */
  portCalls(): number;
  readonly calls: readonly Called[];
  /** When a port call was last hit. */
  lastBlow(): number;
  /** Nothing fails any more. */
  isCalm(): boolean;
  isOut(what: 'storage' | 'queue' | 'events'): boolean;
  /** ms after the start, as a time. */
  time(ms: number): number;
  /** Called when something may be there to receive. */
  onVisible: () => void;
  onDueEntries: () => void;
  /** Called after every write to the ledger or to the entries. */
  onBooks: () => void;
}

/** Blows that a message pays for with a delivery; ten of them would dead-letter it, rightly. */
const costly: readonly BlowKind[] = ['before', 'after', 'unlock', 'freeze', 'delay', 'stop'];
const maxCostly = 5;

export function createWorld(
  setupOf: (random: Random) => Setup,
  seed: number,
  blows: readonly Blow[],
  traced: boolean,
): World {
  const random = seeded(seed);
  const setup = setupOf(random.fork());
  const timeline = createTimeline(worldStart);
  const violations: string[] = [];
  const told: string[] = [];
  const latency = random.fork();
  const blowRandom = random.fork();
  const faultRandom = random.fork();
  const deathCounts = random.fork();
  const planned = new Map(blows.flatMap(({ at, kind }) => (isBug(kind) ? [] : [[at, kind] as const])));
  const requests = new Map<string, number>();
  const calls: Called[] = [];
  let costs = 0;
  let struckAt = 0;
  let strikes = 0;
  const removed = new Set<string>();
  /** When a cart was first said to be gone that is not. */
  const falselyGone = new Map<string, number>();
  const deliveries = new Map<JobKey, number>();

  const sinceStart = () => timeline.now() - worldStart;
  const trace = (process: string, text: string) => {
    if (traced) told.push(`${(sinceStart() / 1000).toFixed(3).padStart(10)} ${process.padEnd(8)} ${text}`);
  };
  const violated = (what: string) => {
    trace('!', what);
    if (!violations.includes(what)) violations.push(what);
  };
  const isCalm = () => sinceStart() >= setup.calmAfter;
  const isOut = (what: string) =>
    setup.outages.some(
      (outage) => outage.what === what && sinceStart() >= outage.from && sinceStart() < outage.to,
    );

  const watch = createWatch(
    timeline.now,
    violated,
    (text) => trace('watch', text),
    (cartId) => truth.jobOf(cartId),
  );
  const truth = createTruth(
    setup.carts,
    setup.placed,
    setup.nature,
    timeline.now,
    random.fork(),
    violated,
    setup.orders,
  );
  const doubts = createDoubts(timeline.now, truth, (before, record) => lines.changed(before, record));
  const lines = createLinesWatch(truth, doubts, watch.replace, violated);

  function blowAt(process: Process, name: string): BlowKind | undefined {
    const schedules = planned.get(calls.length);
    calls.push({ process: process.name, name });
    if (schedules !== undefined) return schedules;
    if (isCalm()) return undefined;
    const drawn = setup.blow(name, blowRandom);
    if (drawn === undefined || !costly.includes(drawn)) return drawn;
    if (costs >= maxCostly || process.frozenUntil() > timeline.now()) return undefined;
    costs += 1;
    return drawn;
  }

  /** ms until the end of the customer's own limit, if it is in force. */
  function limitEnd({ customerId }: ApiCall): number | undefined {
    const limit = setup.customerLimits.find(
      (one) => one.customerId === customerId && sinceStart() >= one.from && sinceStart() < one.to,
    );
    return limit === undefined ? undefined : limit.to - sinceStart();
  }

  const ownOf = (name: string): 'storage' | 'queue' | 'events' | undefined => {
    if (name.startsWith('api.')) return undefined;
    return name.startsWith('queue.') ? 'queue' : name.startsWith('events.') ? 'events' : 'storage';
  };

  const world: World = {
    setup,
    timeline,
    truth,
    tables: createTables(),
    broker: createBroker(
      timeline,
      defaultTimes.lockRenewed,
      () => world.onVisible(),
      () => deathCounts.happens(0.5),
    ),
    random,
    events: [],
    watch,
    doubts,
    violations,
    lines: told,
    violated,
    trace,
    traced,
    latency,
    // This API remembers every answer for ever.
    times: { ...defaultTimes, repeatWithin: 30 * 24 * 3_600_000 },
    portCalls: () => calls.length,
    calls,
    lastBlow: () => struckAt,
    bugs: createBugs(blows, random.fork(), setup.bug ?? (() => undefined), () => world),
    struck() {
      struckAt = timeline.now();
      strikes += 1;
    },
    strikes: () => strikes,
    delivered: (jobKey) => deliveries.set(jobKey, (deliveries.get(jobKey) ?? 0) + 1),
    deliveries: (jobKey) => deliveries.get(jobKey) ?? 0,
    entriesOf: (jobKey) => {
      let count = 0;
      for (const { key } of world.tables.schedule.all()) if (key.endsWith(jobKey)) count += 1;
      return count;
    },
    hasEntry: (jobKey) => world.entriesOf(jobKey) > 0,
    removed,
    robbed: new Set(),
    isRemoved: (jobKey) => removed.has(jobKey),
    isCalm,
    isOut,
    time: (ms) => worldStart + ms,
    onVisible: () => {},
    onDueEntries: () => {},
    onBooks: () => {},
    retryAfterMs: (call) => limitEnd(call) ?? faultRandom.pick([5_000, 30_000, 57_000, 300_000, 1_200_000]),
    next(process, name) {
      if (name === 'queue.send' && isOut('sends')) return 'fail';
      const own = ownOf(name);
      if (own !== undefined && isOut(own)) return 'fail';
      const blow = blowAt(process, name);
      if (blow === undefined) return undefined;
      world.struck();
      watch.obstacles.push(struckAt);
      trace(process.name, `${name} #${calls.length - 1} <- ${blow}`);
      strike(process, name, blow);
      return blow;
    },
    answered({ what, id }, ending) {
      const isWhole =
        ending.kind === 'answer' && ending.status === 201 && !ending.body?.includes('orderErrors');
      if (what === 'checkout' && isWhole) watch.answered.add(id);
    },
    leave(call) {
      if (call.what === 'checkout') lines.checkout(call.id);
      checkStopped(world, call);
      if (setup.watched) checkRequestId(world, call);
      return watch.beforeCall(call);
    },
    begin(call: ApiCall): ApiFault | undefined {
      const key = `${call.what}:${call.id}`;
      const nth = (requests.get(key) ?? 0) + 1;
      requests.set(key, nth);
      const drawn = isCalm()
        ? undefined
        : believable(call, setup.apiFault(call.what, call.id, nth, faultRandom));
      const fault = limitEnd(call) === undefined ? drawn : 'throttled';
      // What the first call of a cart meets is why it is in doubt; whether it is repeated in time is the worker's to see to.
      const isCause =
        call.what === 'checkout' && nth === 1 && fault !== 'throttled' && fault !== 'throttled-bare';
      if (fault !== undefined && !isCause) watch.obstacles.push(timeline.now());
      if (call.what === 'checkout' && refusals.includes(fault)) watch.denied.add(call.id);
      if (call.what === 'checkout' && fault === 'partner-wide') {
        if (watch.refusedAsPartner.has(call.id)) watch.denied.add(call.id);
        watch.refusedAsPartner.add(call.id);
      }
      if (call.what === 'checkout' && nth > 1 && refusals.includes(fault)) watch.refused.add(call.id);
      if (call.what === 'orders' && listFaults.includes(fault)) watch.unlisted.add(call.customerId);
      return fault;
    },
  };

  /** A cart that is said to be gone twice, half an hour apart, is gone as far as any client can tell: docs/ways-to-fail.md. */
  function believable({ id }: ApiCall, fault: ApiFault | undefined): ApiFault | undefined {
    if (fault !== 'false-gone') return fault;
    const since = falselyGone.get(id) ?? timeline.now();
    falselyGone.set(id, since);
    if (timeline.now() - since >= defaultTimes.goneConfirm / 2) return undefined;
    watch.saidGone.add(id);
    return fault;
  }

  function strike(process: Process, name: string, blow: BlowKind): void {
    const standstill = () => blowRandom.pick([20_000, 200_000, 320_000, 700_000]);
    if (blow === 'before') process.kill(`before ${name}`);
    else if (blow === 'unlock') world.broker.dropLocks(process);
    else if (blow === 'freeze') process.freeze(standstill());
    // Between its fence and its socket a POST is assumed to be sent within seconds: docs/ways-to-fail.md.
    else if (blow === 'delay') process.freeze(name === 'api.checkout' ? 10_000 : standstill());
    else if (blow === 'stop')
      timeline.at(timeline.now() + blowRandom.between(1_000, 3_000), () => process.kill('stopped'));
  }

  return world;
}

/** A process may die in the instant after: then only the ledger knows under which id the cart was bought. */
function checkRequestId(world: World, { what, customerId, id, options }: ApiCall): void {
  const { requestId } = options.ids;
  if (what !== 'checkout' || requestId === undefined) return;
  const row = world.tables.checkouts
    .all()
    .find(({ partition, key }) => partition === customerId && key === recordKeyOf(world.truth.jobOf(id)));
  const isWritten = Object.values(row?.properties ?? {}).some(
    (value) => typeof value === 'string' && value.includes(requestId),
  );
  if (!isWritten)
    world.violated(`1 one purchase: the checkout of ${id} leaves, and its request id is not in the ledger`);
}
