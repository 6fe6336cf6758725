import { openStores } from '../../src/adapters/azure-tables/stores.ts';
import { isFinal } from '../../src/domain/checkout/record.ts';
import { idIn, jobKeyOf } from '../../src/domain/message/job-key.ts';
import { planStop } from './batches.ts';
import type { Called, Schedule } from './blows.ts';
import type { BugCounts } from './bugs.ts';
import { openGate } from './gate.ts';
import { startFleet } from './host.ts';
import { planMischief } from './mischief.ts';
import { orderBody } from './order-plans.ts';
import { startPeople } from './people.ts';
import { checkEntries, checkEntryCount, checkInvariant, checkPromises, missingLines } from './promises.ts';
import { countQuestions, type Questions } from './questions.ts';
import type { MadeCartSend, Scenario, Send, WorldKind } from './setup.ts';
import type { Contract } from './truth.ts';
import { createWorld, type World } from './world.ts';

export interface Outcome {
  readonly violations: readonly string[];
  readonly portCalls: number;
  readonly calls: readonly Called[];
  readonly contract: Contract;
  readonly kinds: readonly WorldKind[];
  readonly questions: Questions;
  readonly bugs: BugCounts;
  /** Port calls that deliveries made: where bugs can hit. */
  readonly bugCalls: number;
  /** How long it took in the world, ms. */
  readonly virtualMs: number;
  readonly lines: readonly string[];
}

const hour = 3_600_000;
const day = 24 * hour;
/** A batch that does not end is looked at by then, and its missing lines are sent again. */
const linesMissed = day;
/** When faults have stopped, this is enough for reviews, slow orders, list lags and people. */
const limit = 4 * day;

/** Lives through one schedule, from the first message to the last entry, and says which promises were broken. */
export async function simulate(scenario: Scenario, schedule: Schedule, traced = false): Promise<Outcome> {
  const world = createWorld(scenario.setup, schedule.seed, schedule.blows, traced);
  const { setup, timeline, broker } = world;
  // Without faults, for those who look from outside: people, and the checks.
  const { ledger, schedule: entries } = openStores(world.tables, () => {});
  watchBooks(world);
  putUnreadable(world);
  if (setup.gate !== 'untested') openGate(world);
  const fleet = startFleet(world);
  const people = startPeople(world, ledger, entries);
  enqueue(world);
  planStop(world);
  planMischief(world);
  for (const at of setup.reissues) timeline.at(world.time(at), world.truth.catalogue.reissue);

  const allSent = lastSend(world);
  const isIdle = () =>
    timeline.now() > allSent &&
    timeline.now() > world.time(setup.newer?.to ?? 0) &&
    broker.count() === 0 &&
    world.tables.schedule.isEmpty() &&
    fleet.busy() === 0 &&
    !people.areBusy() &&
    !waitsForFix(world) &&
    world.removed.size === 0 &&
    missingLines(world).length === 0;
  const lookForCopies = () => {
    const isLong = timeline.now() > world.lastBlow() + 8 * hour;
    if (isLong && fleet.busy() === 0 && !people.areBusy()) checkEntries(world);
    timeline.at(timeline.now() + hour, lookForCopies);
  };
  // By then every copy that was scheduled while things failed has come.
  timeline.at(world.time(setup.calmAfter + 8 * hour), lookForCopies);
  // Whoever meets a bug at everything that it could write becomes a dead letter, and is requeued when the bug is fixed.
  timeline.at(world.time(setup.calmAfter), () => broker.requeue(({ body }) => metBug(world, body)));
  const end = world.time(setup.calmAfter + limit);
  await timeline.run(
    end,
    () => world.violations.length > 0 || world.portCalls() > setup.maxPortCalls || isIdle(),
  );
  if (world.violations.length === 0 && !isIdle())
    world.violated(
      `9 an end: after ${Math.round((timeline.now() - world.time(0)) / 3_600_000)} hours ${broker.count()} messages, ${fleet.busy()} runs and ${world.tables.schedule.all().length} entries are left`,
    );
  if (world.violations.length === 0) await checkPromises(world, ledger);
  if (world.violations.length === 0) setup.check?.(world);
  return {
    violations: world.violations,
    portCalls: world.portCalls(),
    calls: world.calls,
    contract: setup.nature.contract,
    kinds: setup.kinds,
    questions: countQuestions(world),
    bugs: world.bugs.counts(),
    bugCalls: world.bugs.portCalls(),
    virtualMs: timeline.now() - world.time(0),
    lines: world.lines,
  };
}

const metBug = ({ bugs, setup }: World, body: Uint8Array): boolean => {
  const text = new TextDecoder().decode(body);
  const jobs = [
    ...setup.carts.map(({ customerId, id: cartId }) => ({ customerId, cartId })),
    ...setup.orders,
  ];
  return jobs.map(jobKeyOf).some((jobKey) => bugs.hasMet(jobKey) && text.includes(idIn(jobKey)));
};

const waitsForFix = (world: World): boolean =>
  world.broker.deadLetters.some(({ body }) => metBug(world, body));

const lastSend = ({ setup, time }: World): number =>
  time(
    Math.max(
      ...[...setup.sends, ...setup.madeCartSends].map((send) => send.at),
      (setup.purge?.at ?? 0) + (setup.purge?.resendAfter ?? 0),
    ),
  );

function enqueue(world: World): void {
  const { setup, timeline, time, broker, random } = world;
  const send = (what: Send) => {
    const iso = (ms: number | undefined) => (ms === undefined ? undefined : new Date(time(ms)).toISOString());
    const body = {
      customerId: what.customerId,
      ...('cartId' in what ? { cartId: what.cartId } : orderBody(what)),
      batchId: what.batchId,
      batchSize: what.batchSize,
      notBefore: iso(what.notBefore),
      notAfter: iso(what.notAfter),
    };
    world.trace('producer', `sends ${idIn(jobKeyOf(what))}`);
    broker.send(
      { messageId: random.guid(), body: new TextEncoder().encode(JSON.stringify(body)), properties: {} },
      timeline.now(),
    );
  };
  /** Who reads the ledger sees which cart the worker has made, and sends that cart as a job of its own. */
  const sendMade = (what: MadeCartSend, tries = 0) => {
    const jobKey = jobKeyOf(what);
    const cartId = world.doubts.records().find((record) => record.jobKey === jobKey)?.cartId;
    if (cartId !== undefined) send({ at: what.at, customerId: what.customerId, cartId });
    else if (tries < 30) timeline.at(timeline.now() + 10_000, () => sendMade(what, tries + 1));
  };
  for (const what of setup.madeCartSends) timeline.at(time(what.at), () => sendMade(what));
  for (const what of setup.sends) {
    timeline.at(time(what.at), () => send(what));
  }
  timeline.at(time(setup.calmAfter + linesMissed), () => {
    for (const what of missingLines(world)) send(what);
  });
  const { purge } = setup;
  if (purge === undefined) return;
  const isLost = (send: Send) => purge.carts === undefined || purge.carts.includes(idIn(jobKeyOf(send)));
  const jobs = setup.sends.filter(isLost);
  timeline.at(time(purge.at), () =>
    broker.purge(({ body }) => {
      const text = new TextDecoder().decode(body);
      return purge.carts === undefined || jobs.some((send) => text.includes(idIn(jobKeyOf(send))));
    }),
  );
  timeline.at(time(purge.at + purge.resendAfter), () => {
    for (const what of jobs) send(what);
  });
}

/** Looks at the books after every write to them. */
function watchBooks(world: World): void {
  world.onBooks = () => {
    world.doubts.see(world.tables.checkouts.all());
    checkEntryCount(world);
    checkInvariant(world);
  };
  const { endBy } = world.setup;
  if (endBy === undefined) return;
  world.timeline.at(world.time(endBy.at), () => {
    for (const record of world.doubts.records())
      if (endBy.carts.includes(idIn(record.jobKey)) && !isFinal(record.state))
        world.violated(`9 an end: job ${record.jobKey} is ${record.state} ${endBy.at} ms after the start`);
  });
}

/** Rows that a person edited into nonsense, or that a program wrote which is no more. */
function putUnreadable({ setup, tables }: World): void {
  for (const { customerId, cartId } of setup.unreadable)
    tables.checkouts.put({
      partition: customerId,
      key: `cart:${cartId}`,
      properties: { version: 1, state: 'unresolved', record: '{"state":"unresolved","orders":' },
    });
}
