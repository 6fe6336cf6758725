import { fromRecordRow } from '../../src/adapters/azure-tables/record-rows.ts';
import { type CheckoutRecord, isSettled } from '../../src/domain/checkout/record.ts';
import { customerOf, idIn, type JobKey, recordKeyOf } from '../../src/domain/message/job-key.ts';
import type { Timeline } from '../support/timeline.ts';
import { type Blow, type BugKind, isBug } from './blows.ts';
import type { Broker } from './queue.ts';
import type { Random } from './random.ts';
import type { Tables } from './tables.ts';

/** What became of the jobs that a bug has hit. */
export interface BugCounts {
  /** Jobs that were hit, and those of them with a result or an attention row an hour later. */
  readonly hit: number;
  readonly heard: number;
  /** The most of one job within that hour; claims: those that followed one without an end. */
  readonly claims: number;
  readonly calls: number;
  readonly entries: number;
  /** Messages of these jobs that became dead letters: not even an entry could be written. */
  readonly deadLetters: number;
}

export const noBugs: BugCounts = { hit: 0, heard: 0, claims: 0, calls: 0, entries: 0, deadLetters: 0 };

export const addBugs = (a: BugCounts, b: BugCounts): BugCounts => ({
  hit: a.hit + b.hit,
  heard: a.heard + b.heard,
  claims: Math.max(a.claims, b.claims),
  calls: Math.max(a.calls, b.calls),
  entries: Math.max(a.entries, b.entries),
  deadLetters: a.deadLetters + b.deadLetters,
});

export interface Bugs {
  /** Counts a port call of a delivery, and says whether it throws. */
  hits(name: string, jobKey: JobKey | undefined): boolean;
  claimed(jobKey: JobKey): void;
  /** A person decided on the job: its counters begin anew. */
  decided(jobKey: JobKey): void;
  called(jobKey: JobKey): void;
  /** Port calls of deliveries so far. */
  portCalls(): number;
  counts(): BugCounts;
  /** The job met a bug: a person may be asked about it, and its messages may become dead letters. */
  hasMet(jobKey: JobKey | undefined): boolean;
}

/** What the world says of itself to whoever counts its bugs. */
interface BugWorld {
  readonly timeline: Timeline;
  readonly tables: Tables;
  readonly broker: Pick<Broker, 'deadLetters'>;
  struck(): void;
  isCalm(): boolean;
  entriesOf(jobKey: JobKey): number;
  violated(what: string): void;
}

const hour = 3_600_000;
/** Claims that followed one without an end: the sixth in a row is escalated, and a run that ends begins a new row. */
const mostClaims = 10;

interface Victim {
  claims: number;
  calls: number;
  entries: number;
}

export function createBugs(
  blows: readonly Blow[],
  random: Random,
  drawn: (name: string, random: Random) => BugKind | undefined,
  worldOf: () => BugWorld,
): Bugs {
  const planned = new Map(blows.flatMap(({ at, kind }) => (isBug(kind) ? [[at, kind] as const] : [])));
  const standing: { readonly name: string; readonly jobKey: JobKey | undefined }[] = [];
  const victims = new Map<JobKey, Victim>();
  let calls = 0;
  let heard = 0;
  let deadLetters = 0;

  function hit(jobKey: JobKey | undefined): true {
    const { timeline, struck } = worldOf();
    struck();
    if (jobKey === undefined || victims.has(jobKey)) return true;
    victims.set(jobKey, { claims: 0, calls: 0, entries: 0 });
    timeline.at(timeline.now() + hour, () => {
      judge(jobKey);
      standStill.add(jobKey);
    });
    return true;
  }
  /** An hour is over for them: what is counted is what happened in it. */
  const standStill = new Set<JobKey>();

  function judge(jobKey: JobKey): void {
    const world = worldOf();
    const claims = victims.get(jobKey)?.claims ?? 0;
    if (claims > mostClaims)
      world.violated(
        `5 within budget: job ${jobKey} met a bug, and was claimed ${claims} times after a claim without an end within an hour`,
      );
    // In a random world it may wait for a day, for a review say, and have met one exception on the way.
    if (hasEnd(jobKey) || planned.size === 0) {
      heard += 1;
      return;
    }
    // A job that gets on between two crashes, as it waits for the order list, is counted anew: the hour begins again.
    world.timeline.at(world.timeline.now() + 50 * 60_000, () => {
      if (!hasEnd(jobKey) && !getsOn(world, jobKey) && !isSilenced(jobKey))
        world.violated(`2 nothing lost: job ${jobKey} met a bug, and nobody has heard of it`);
    });
  }

  /** Each write of an attention row throws: then nothing but the log can tell of it. */
  const isSilenced = (jobKey: JobKey): boolean =>
    standing.some((bug) => bug.name === 'attention.write' && (bug.jobKey ?? jobKey) === jobKey);

  function hasEnd(jobKey: JobKey): boolean {
    const world = worldOf();
    const isDead = world.broker.deadLetters.some(({ body }) =>
      new TextDecoder().decode(body).includes(idIn(jobKey)),
    );
    if (isDead) deadLetters += 1;
    return isDead || hasResult(world, jobKey) || hasAttention(world, jobKey);
  }

  return {
    hits(name, jobKey) {
      const index = calls;
      calls += 1;
      const world = worldOf();
      if (planned.size === 0 && world.isCalm()) return false;
      const kind = planned.get(index) ?? (world.isCalm() ? undefined : drawn(name, random));
      if (kind === 'bug' || kind === 'bugs')
        standing.push({ name, jobKey: kind === 'bug' ? jobKey : undefined });
      if (kind !== undefined) return hit(jobKey);
      if (world.isCalm()) return false;
      const isStanding = standing.some(
        (bug) => bug.name === name && (bug.jobKey === undefined || bug.jobKey === jobKey),
      );
      return isStanding ? hit(jobKey) : false;
    },
    claimed: (jobKey) => count(jobKey, 'claims'),
    decided(jobKey) {
      const victim = victims.get(jobKey);
      if (victim !== undefined && !standStill.has(jobKey)) victim.claims = 0;
    },
    called: (jobKey) => count(jobKey, 'calls'),
    portCalls: () => calls,
    hasMet: (jobKey) => jobKey !== undefined && victims.has(jobKey),
    counts: () => ({
      hit: victims.size,
      heard: heard + [...victims.keys()].filter((jobKey) => !standStill.has(jobKey) && hasEnd(jobKey)).length,
      claims: Math.max(0, ...[...victims.values()].map((one) => one.claims)),
      calls: Math.max(0, ...[...victims.values()].map((one) => one.calls)),
      entries: Math.max(0, ...[...victims.values()].map((one) => one.entries)),
      deadLetters,
    }),
  };

  function count(jobKey: JobKey, what: 'claims' | 'calls'): void {
    const victim = victims.get(jobKey);
    if (victim === undefined || standStill.has(jobKey)) return;
    victim[what] += 1;
    victim.entries = Math.max(victim.entries, worldOf().entriesOf(jobKey));
  }
}

function recordOf({ tables }: BugWorld, jobKey: JobKey): CheckoutRecord | undefined {
  const row = tables.checkouts
    .all()
    .find(({ partition, key }) => partition === customerOf(jobKey) && key === recordKeyOf(jobKey));
  return row === undefined ? undefined : fromRecordRow(row);
}

function hasResult(world: BugWorld, jobKey: JobKey): boolean {
  const record = recordOf(world, jobKey);
  return record !== undefined && isSettled(record.state);
}

/** Its last run came to an end by itself: the bug was met once, and the job goes its way. */
const getsOn = (world: BugWorld, jobKey: JobKey): boolean => recordOf(world, jobKey)?.unfinishedClaims === 0;

const hasAttention = ({ tables }: BugWorld, jobKey: JobKey): boolean =>
  tables.attention.all().some(({ key, properties }) => key === jobKey && properties['open'] === true);
