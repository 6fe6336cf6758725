import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { type Blow, bugKinds, type Schedule, scheduleText, singleBlows } from './blows.ts';
import { addBugs, type BugCounts, noBugs } from './bugs.ts';
import { noQuestions, type Questions } from './questions.ts';
import { type Outcome, simulate } from './run.ts';
import { scenarioNamed, scenarios } from './scenarios.ts';
import type { WorldKind } from './setup.ts';

/** A share of the work that one core does in a few seconds. */
export type Unit =
  /** One scenario, hit once at every port call, in every way; of these schedules every `shares`-th, from the `share`-th on. */
  | {
      readonly kind: 'points';
      readonly scenario: string;
      readonly seed: number;
      readonly share: number;
      readonly shares: number;
    }
  /** After this first crash, a second one at every later port call. */
  | { readonly kind: 'pairs'; readonly scenario: string; readonly seed: number; readonly first: Blow }
  /** One scenario, hit by a bug at every port call that its deliveries make, once and for long. */
  | { readonly kind: 'throws'; readonly scenario: string; readonly seed: number }
  /** Random worlds with these seeds. */
  | { readonly kind: 'random'; readonly from: number; readonly to: number };

export interface Failure {
  readonly schedule: string;
  readonly violations: readonly string[];
}

export interface Report {
  readonly kind: Unit['kind'];
  readonly schedules: number;
  readonly portCalls: number;
  readonly failures: readonly Failure[];
  /** Schedules of each kind of world. */
  readonly kinds: Readonly<Partial<Record<WorldKind, number>>>;
  /** By contract. */
  readonly questions: Readonly<Record<string, Questions>>;
  readonly bugs: BugCounts;
}

/** The core path: what every job goes through, with and without a doubt. */
export const coreScenarios = [
  'plain-replay',
  'one-lost-replay',
  'one-lost-refuse',
  'half-lost-refuse',
  'people-replay',
];

/** The ways of a job: bought, in doubt, partly refused, throttled, sent by a batch, too late, asked about, made of lines, repaired. */
const throwScenarios = [
  'plain-replay',
  'one-lost-replay',
  'lost-refuse',
  'half-replay',
  'half-lost-refuse',
  'throttled-replay',
  'batch-replay',
  'refused-refuse',
  'not-before',
  'lines-happy',
  'lines-stale-checkout-replay',
];

export const throwUnits = (seed: number, names: readonly string[] = throwScenarios): readonly Unit[] =>
  names.map((scenario) => ({ kind: 'throws', scenario, seed }));

const isCrash = ({ kind }: Blow): boolean => kind === 'before' || kind === 'after';
const maxFailures = 50;

const systematic = scenarios.map(({ name }) => name).filter((name) => !name.startsWith('random'));

/** The first share of every scenario comes first: what breaks a promise at all then shows early. */
export const pointUnits = (seed: number, shares = 1): readonly Extract<Unit, { kind: 'points' }>[] =>
  Array.from({ length: shares }, (_, share) =>
    systematic.map((scenario) => ({ kind: 'points' as const, scenario, seed, share, shares })),
  ).flat();

export function randomUnits(from: number, to: number, size = 200): readonly Unit[] {
  const units: Unit[] = [];
  for (let start = from; start < to; start += size)
    units.push({ kind: 'random', from: start, to: Math.min(to, start + size) });
  return units;
}

export async function pairUnits(
  seed: number,
  names: readonly string[] = coreScenarios,
): Promise<readonly Unit[]> {
  const units: Unit[] = [];
  for (const scenario of names) {
    const { calls } = await simulate(scenarioNamed(scenario), { scenario, seed, blows: [] });
    for (const first of singleBlows(calls).filter(isCrash))
      units.push({ kind: 'pairs', scenario, seed, first });
  }
  return units;
}

/** Every schedule of a unit. The ones that depend on how long a run is are found out by running it. */
async function* schedulesOf(unit: Unit): AsyncGenerator<Schedule> {
  switch (unit.kind) {
    case 'random':
      for (let seed = unit.from; seed < unit.to; seed++) yield { scenario: 'random', seed, blows: [] };
      return;
    case 'points': {
      const { share, shares } = unit;
      const base: Schedule = { scenario: unit.scenario, seed: unit.seed, blows: [] };
      if (share === 0) yield base;
      const scenario = scenarioNamed(unit.scenario);
      if (scenario.large === true) return;
      const blows = singleBlows((await simulate(scenario, base)).calls);
      for (let nth = share; nth < blows.length; nth += shares)
        yield { ...base, blows: blows.slice(nth, nth + 1) };
      return;
    }
    case 'throws': {
      const base: Schedule = { scenario: unit.scenario, seed: unit.seed, blows: [] };
      const { bugCalls } = await simulate(scenarioNamed(unit.scenario), base);
      for (let at = 0; at < bugCalls; at++)
        for (const kind of bugKinds) yield { ...base, blows: [{ at, kind }] };
      return;
    }
    case 'pairs': {
      const base: Schedule = { scenario: unit.scenario, seed: unit.seed, blows: [unit.first] };
      const { calls } = await simulate(scenarioNamed(unit.scenario), base);
      for (const second of singleBlows(calls).filter(isCrash))
        if (second.at > unit.first.at) yield { ...base, blows: [unit.first, second] };
    }
  }
}

/** For who wants to know only whether a promise breaks: at the first one, or after so much work, it is enough. */
export interface Limits {
  /** See `workedMs`. */
  readonly workMs: number;
  readonly failures: number;
}

export async function explore(unit: Unit, limits?: Limits): Promise<Report> {
  const failures: Failure[] = [];
  const questions: Record<string, Questions> = {};
  const kinds: Partial<Record<WorldKind, number>> = {};
  let schedules = 0;
  let portCalls = 0;
  let bugs = noBugs;
  for await (const schedule of schedulesOf(unit)) {
    const outcome = await simulate(scenarioNamed(schedule.scenario), schedule);
    // A world lives in next ticks alone: between two of them it is the turn of whoever else is in this process.
    await setImmediate();
    schedules += 1;
    portCalls += outcome.portCalls;
    for (const kind of outcome.kinds) kinds[kind] = (kinds[kind] ?? 0) + 1;
    bugs = addBugs(bugs, outcome.bugs);
    questions[outcome.contract] = addQuestions(questions[outcome.contract] ?? noQuestions, outcome.questions);
    const violations = violationsOf(outcome);
    if (violations.length > 0) failures.push({ schedule: scheduleText(schedule), violations });
    if (failures.length >= (limits?.failures ?? maxFailures)) break;
    if (limits !== undefined && workedMs() > limits.workMs) break;
  }
  return { kind: unit.kind, schedules, portCalls, failures, kinds, questions, bugs };
}

/** What all cores of this process have worked, as the time of a machine that does nothing else, ms. A busy machine tries no less. */
export function workedMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000 / availableParallelism();
}

/** A question that nothing made necessary is a failure too. */
export const violationsOf = ({ violations, questions }: Outcome): readonly string[] =>
  questions.needless === 0 ? violations : [...violations, '9 an end: a person was asked without need'];

export function addQuestions(a: Questions, b: Questions): Questions {
  return {
    goneOrRefused: a.goneOrRefused + b.goneOrRefused,
    tooLate: a.tooLate + b.tooLate,
    outOfAttempts: a.outOfAttempts + b.outOfAttempts,
    equalUnknown: a.equalUnknown + b.equalUnknown,
    placedByPeople: a.placedByPeople + b.placedByPeople,
    partlyTold: a.partlyTold + b.partlyTold,
    otherLines: a.otherLines + b.otherLines,
    noList: a.noList + b.noList,
    repeatsOver: a.repeatsOver + b.repeatsOver,
    mayNotRepeat: a.mayNotRepeat + b.mayNotRepeat,
    unpriced: a.unpriced + b.unpriced,
    partlyStale: a.partlyStale + b.partlyStale,
    needless: a.needless + b.needless,
  };
}
