import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import * as z from 'zod/mini';
import { numberIn, readOptions } from '../../local/command-line.ts';
import { readSchedule } from './blows.ts';
import { addBugs, type BugCounts, noBugs } from './bugs.ts';
import {
  addQuestions,
  type Failure,
  pairUnits,
  pointUnits,
  type Report,
  randomUnits,
  throwUnits,
  type Unit,
  violationsOf,
  workedMs,
} from './explore.ts';
import { runUnits } from './pool.ts';
import { noQuestions, type Questions } from './questions.ts';
import { simulate } from './run.ts';
import { scenarioNamed, scenarios } from './scenarios.ts';
import { worldKinds } from './setup.ts';

const usage = `npm run simulate --                      every port call hit once, pairs of crashes, random worlds
  --seeds 100000                         how many random worlds (20000)
  --minutes 10                           stop then; the next run goes on where this one stopped. With --first, of the processor
  --replay random:42 [--trace]           tell one schedule again
  --only points|pairs|random|throws      one kind alone; throws: an exception at every port call of a delivery
  --scenario people-replay               that scenario first, its pairs too
  --first                                stop at the first broken promise
  --fresh                                begin anew
  --json                                 print the figures as JSON too, with the schedules of each kind of world`;

const values = readOptions(
  usage,
  {
    seeds: { type: 'string', default: '20000' },
    minutes: { type: 'string', default: '10' },
    replay: { type: 'string' },
    trace: { type: 'boolean', default: false },
    only: { type: 'string' },
    fresh: { type: 'boolean', default: false },
    first: { type: 'boolean', default: false },
    scenario: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
  z.object({
    seeds: numberIn(1, 10_000_000),
    minutes: z.coerce.number().check(z.gt(0)),
    replay: z.optional(z.string()),
    trace: z.boolean(),
    only: z.optional(z.enum(['points', 'pairs', 'random', 'throws'])),
    fresh: z.boolean(),
    first: z.boolean(),
    scenario: z.optional(z.enum(scenarios.map(({ name }) => name))),
    json: z.boolean(),
  }),
);

interface State {
  /** The state is of this source; another one begins anew. */
  readonly source: string;
  readonly left: readonly Unit[];
  readonly totals: Totals;
}

interface Totals {
  readonly points: number;
  readonly pairs: number;
  readonly random: number;
  readonly throws: number;
  readonly bugs: BugCounts;
  readonly portCalls: number;
  readonly cpuMs: number;
  /** Schedules of each kind of world; those that no kind names are in none. */
  readonly worlds: Readonly<Record<string, number>>;
  readonly questions: Readonly<Record<string, Questions>>;
  readonly failures: readonly Failure[];
}

const noTotals: Totals = {
  points: 0,
  pairs: 0,
  random: 0,
  throws: 0,
  bugs: noBugs,
  portCalls: 0,
  cpuMs: 0,
  worlds: Object.fromEntries(worldKinds.map((kind) => [kind, 0])),
  questions: {},
  failures: [],
};
/** In so many rounds through all scenarios; prime to the number of kinds of blows, so that each round has every kind. */
const shares = 20;
const toldOf = new Map<string, number>();
const stateFile = new URL('../../.local/simulation.json', import.meta.url);

if (values.replay !== undefined) await replay(values.replay, values.trace);
else await exploreAll();

async function replay(text: string, traced: boolean): Promise<void> {
  const schedule = readSchedule(text);
  const outcome = await simulate(scenarioNamed(schedule.scenario), schedule, traced);
  for (const line of outcome.lines) console.log(line);
  const violations = violationsOf(outcome);
  console.log(
    `${outcome.portCalls} port calls, ${(outcome.virtualMs / 3_600_000).toFixed(1)} h of virtual time, contract ${outcome.contract}: ${violations.length === 0 ? 'all promises kept' : 'BROKEN'}`,
  );
  for (const violation of violations) console.log(`  ${violation}`);
  process.exitCode = violations.length === 0 ? 0 : 1;
}

async function exploreAll(): Promise<void> {
  const source = sourceHash();
  const known = values.fresh ? undefined : readState(source);
  const units = known?.left ?? (await allUnits());
  let totals = known?.totals ?? noTotals;
  if (known !== undefined) console.log(`going on: ${units.length} units left`);
  const started = Date.now();
  const limitMs = values.minutes * 60_000;
  let told = started;
  const left = await runUnits(
    units,
    (report) => {
      totals = add(totals, report);
      tellFailures(report.failures);
      if (Date.now() - told > 15_000) {
        told = Date.now();
        console.log(summary(totals));
      }
      const spentMs = values.first ? workedMs() : Date.now() - started;
      return spentMs < limitMs && !(values.first && totals.failures.length > 0);
    },
    values.first ? { workMs: limitMs, failures: 1 } : undefined,
  );
  totals = { ...totals, cpuMs: totals.cpuMs + Date.now() - started };
  writeState({ source, left, totals });
  console.log(summary(totals));
  for (const [kind, count] of Object.entries(totals.worlds)) console.log(`worlds with ${kind}: ${count}`);
  for (const [contract, questions] of Object.entries(totals.questions))
    console.log(`questions to people, contract ${contract}: ${JSON.stringify(questions)}`);
  if (left.length > 0) console.log(`${left.length} units are left: run it again to go on`);
  if (values.json) console.log(JSON.stringify(totals));
  process.exitCode = totals.failures.length === 0 ? 0 : 1;
}

async function allUnits(): Promise<readonly Unit[]> {
  const { only, scenario } = values;
  const wanted = (kind: Unit['kind']) => only === undefined || only === kind;
  const first =
    scenario === undefined || !wanted('points')
      ? []
      : pointUnits(1, shares).filter((unit) => unit.scenario === scenario);
  return [
    ...first,
    ...alternately(
      wanted('points') ? pointUnits(1, shares) : [],
      wanted('random') ? randomUnits(1, 1 + values.seeds, 50) : [],
    ),
    ...(scenario === undefined || !wanted('pairs') ? [] : await pairUnits(1, [scenario])),
    ...(wanted('throws') ? throwUnits(1, scenario === undefined ? undefined : [scenario]) : []),
    ...(wanted('pairs') ? await pairUnits(1) : []),
  ];
}

/** One of the one, one of the other: each finds what the other takes long for. */
function alternately<T>(some: readonly T[], others: readonly T[]): readonly T[] {
  return Array.from({ length: Math.max(some.length, others.length) }, (_, nth) => [
    ...some.slice(nth, nth + 1),
    ...others.slice(nth, nth + 1),
  ]).flat();
}

/** The first few of each kind: one cause breaks many schedules. */
function tellFailures(failures: readonly Failure[]): void {
  for (const { schedule, violations } of failures) {
    const kind = `${schedule.split(':')[0]} ${violations[0]?.slice(0, 30)}`;
    const times = (toldOf.get(kind) ?? 0) + 1;
    toldOf.set(kind, times);
    if (times <= 2)
      console.log(`BROKEN ${violations[0]}\n  npm run simulate -- --trace --replay ${schedule}`);
  }
}

function add(totals: Totals, report: Report): Totals {
  const questions = { ...totals.questions };
  for (const [contract, asked] of Object.entries(report.questions))
    questions[contract] = addQuestions(questions[contract] ?? noQuestions, asked);
  return {
    ...totals,
    [report.kind]: totals[report.kind] + report.schedules,
    portCalls: totals.portCalls + report.portCalls,
    worlds: addCounts(totals.worlds, report.kinds),
    questions,
    bugs: addBugs(totals.bugs, report.bugs),
    failures: [...totals.failures, ...report.failures].slice(0, 1_000),
  };
}

function addCounts(
  totals: Readonly<Record<string, number>>,
  more: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const sums = Object.entries(more).map(([name, count]) => [name, (totals[name] ?? 0) + count] as const);
  return { ...totals, ...Object.fromEntries(sums) };
}

function summary({ points, pairs, random, throws, bugs, portCalls, cpuMs, failures }: Totals): string {
  const all = points + pairs + random + throws;
  const speed = cpuMs === 0 ? '' : `, ${Math.round(all / (cpuMs / 1000))} schedules/s on all cores`;
  const met =
    bugs.hit === 0
      ? ''
      : ` (of ${bugs.hit} jobs that met a bug, ${bugs.heard} had a result or attention within an hour; at most ${bugs.claims} claims, ${bugs.calls} calls, ${bugs.entries} entries of one; ${bugs.deadLetters} dead letters)`;
  return `${points} single hits, ${pairs} pairs of crashes, ${throws} exceptions${met}, ${random} random worlds; ${portCalls} port calls${speed}; ${failures.length} failures`;
}

function readState(source: string): State | undefined {
  if (!existsSync(stateFile)) return undefined;
  // Written by ourselves, for ourselves: whatever it is, a state of another source is not used.
  const state: State = JSON.parse(readFileSync(stateFile, 'utf8'));
  return state.source === source && state.left.length > 0 ? state : undefined;
}

function writeState(state: State): void {
  mkdirSync(new URL('.', stateFile), { recursive: true });
  writeFileSync(stateFile, JSON.stringify(state));
}

function sourceHash(): string {
  const hash = createHash('sha256').update(JSON.stringify([values.seeds, values.only]));
  for (const folder of ['../../src/', './']) {
    const base = new URL(folder, import.meta.url);
    for (const name of readdirSync(base, { recursive: true, encoding: 'utf8' }).sort())
      if (name.endsWith('.ts')) hash.update(name).update(readFileSync(new URL(name, base)));
  }
  return hash.digest('hex');
}
