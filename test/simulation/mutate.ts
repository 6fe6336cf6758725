import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import * as z from 'zod/mini';
import { numberIn, readOptions } from '../../local/command-line.ts';
import { guardScenarios } from './guard-scenarios.ts';
import { type Guard, guardsOf, placeOf } from './guards.ts';
import { withoutGuard } from './without-guard.ts';

/**
 * Removes each guard of the protocol from the source in turn, in a copy of it, and lets the simulation find out, then the
 * unit tests. A guard whose removal nothing notices is either superfluous or not proved: both are worth knowing. What was
 * found out of this source is kept, so that the same command goes on where it stopped.
 */
const usage = `npm run mutate --           takes each guard out of a copy of the source in turn, and says what notices that; writes docs/mutations.md
  --only <text>             only the guards with this text in their name; writes no file
  --minutes 2               of the processor, for one guard that neither a quarter of this time nor the unit tests notice
  --seeds 20000             of random schedules for one guard, at most
  --fresh                   forgets what was found out of this source before
  --list                    names the guards and where they are marked, and ends
  --list --json             the same as JSON: name, file, line, operator`;

const root = new URL('../../', import.meta.url).pathname;
const guards = guardsOf(root);

const options = readOptions(
  usage,
  {
    seeds: { type: 'string', default: '20000' },
    minutes: { type: 'string', default: '2' },
    only: { type: 'string', default: '' },
    fresh: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
  z
    .object({
      seeds: numberIn(1, 100_000_000),
      minutes: z.coerce.number().check(z.positive(), z.lte(600)),
      only: z.string().check(
        z.refine((text) => guards.some(({ name }) => name.includes(text)), {
          error: ({ input }) => `no guard has "${input}" in its name; --list names them`,
        }),
      ),
      fresh: z.boolean(),
      list: z.boolean(),
      json: z.boolean(),
    })
    .check(z.refine(({ json, list }) => list || !json, { error: 'only with --list', path: ['json'] })),
);
const wanted = guards.filter(({ name }) => name.includes(options.only));

interface Finding {
  readonly name: string;
  /** Schedules. */
  readonly tried: number;
  readonly schedule?: string;
  readonly violation?: string;
  /** The unit test that fails. */
  readonly test?: string;
  /** Where none fails: how many were asked, and whether they came to an end. */
  readonly asked?: string;
}

/** What the tests of a file may take, on a busy machine too. */
const testMinutes = 10;

const stateFile = join(root, '.local/mutations.json');

async function tryOut(copy: string, guard: Guard): Promise<Finding> {
  const path = join(copy, guard.file);
  const whole = readFileSync(path, 'utf8');
  writeFileSync(path, withoutGuard(whole, guard));
  try {
    const { name, file } = guard;
    const { minutes } = options;
    const soon = await simulateCopy(copy, name, minutes / 4);
    if (soon.first !== undefined) return { name, tried: soon.tried, ...soon.first };
    const { failing, asked } = await unitTests(copy, [file]);
    if (failing !== undefined) return { name, tried: soon.tried, test: failing };
    const { first, tried } = await simulateCopy(copy, name, minutes);
    return { name, tried, asked, ...first };
  } finally {
    writeFileSync(path, whole);
  }
}

interface Told {
  readonly tried: number;
  readonly first?: { readonly schedule: string; readonly violation: string };
}

function simulateCopy(copy: string, name: string, minutes: number): Promise<Told> {
  const limits = ['--seeds', String(options.seeds), '--minutes', String(minutes)];
  const scenario = guardScenarios[name];
  if (scenario !== undefined) limits.push('--scenario', scenario);
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      ['test/simulation/main.ts', '--fresh', '--first', '--json', ...limits],
      { cwd: copy, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        const last = stdout.trimEnd().split('\n').at(-1) ?? '';
        // Exit code 1 is what we hope for: a promise was broken.
        if (!last.startsWith('{'))
          return reject(error ?? new Error(`The simulation said nothing: ${stderr.slice(0, 2_000)}`));
        const { failures, points, pairs, random } = totalsShape.parse(JSON.parse(last));
        const [failure] = failures;
        resolve({
          tried: points + pairs + random,
          ...(failure === undefined
            ? {}
            : { first: { schedule: failure.schedule, violation: failure.violations[0] ?? '' } }),
        });
      },
    );
  });
}

interface Tested {
  /** How many were asked, in words. */
  readonly asked: string;
  /** The first one that fails. */
  readonly failing?: string;
  /** They were all asked, and there was one at least. */
  readonly isWhole: boolean;
}

/** Runs the tests in the copy that import any of the files, however far away, until one fails. */
function unitTests(copy: string, files: readonly string[]): Promise<Tested> {
  const report = join(copy, 'report.json');
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const reported = ['--bail', '1', '--reporter', 'json', '--outputFile', report];
  rmSync(report, { force: true });
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [vitest, 'related', ...files, '--run', '--config', 'test/simulation/vitest.config.ts', ...reported],
      { cwd: copy, maxBuffer: 64 * 1024 * 1024, timeout: testMinutes * 60_000 },
      (error, stdout, stderr) => {
        if (error?.killed === true)
          return resolve({ asked: `tests that took over ${testMinutes} minutes`, isWhole: false });
        if (!existsSync(report))
          return reject(new Error(`The unit tests did not run: ${`${stdout}${stderr}`.slice(-2_000)}`));
        const { testResults, numTotalTests } = reportShape.parse(JSON.parse(readFileSync(report, 'utf8')));
        const failed = testResults.flatMap(({ name, status, message, assertionResults }) => {
          const tests = assertionResults.flatMap((one) => (one.status === 'failed' ? [one.fullName] : []));
          // A file that does not load has no tests, and fails all the same.
          const told = status === 'failed' && tests.length === 0 ? [message.slice(0, 200)] : tests;
          return told.map((text) => `${relative(copy, name)}: ${text}`);
        });
        const [failing] = failed;
        const asked = `${numTotalTests} unit tests`;
        const isWhole = numTotalTests > 0 && failing === undefined;
        resolve({ asked, isWhole, ...(failing === undefined ? {} : { failing }) });
      },
    );
  });
}

const totalsShape = z.object({
  points: z.number(),
  pairs: z.number(),
  random: z.number(),
  failures: z.array(z.object({ schedule: z.string(), violations: z.array(z.string()) })),
});

const reportShape = z.object({
  numTotalTests: z.number(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string(),
      assertionResults: z.array(z.object({ status: z.string(), fullName: z.string() })),
    }),
  ),
});

const isNoticed = ({ schedule, test }: Finding): boolean => schedule !== undefined || test !== undefined;

const told = ({ schedule, violation, test, tried, asked }: Finding): string =>
  schedule !== undefined
    ? `${schedule} after ${tried} (${violation})`
    : (test ?? `SURVIVED ${tried} schedules and ${asked}`);

/** Of all that decides what is left out, and where the search begins. A guard that has moved is the same one. */
const keyOf = ({ name, file, operator, replacement }: Guard): string =>
  createHash('sha256')
    .update(JSON.stringify([name, file, operator, replacement, guardScenarios[name]]))
    .digest('hex');

function readEvidenceOf(source: string): Map<string, Finding> {
  if (!existsSync(stateFile)) return new Map();
  // Written by ourselves, for ourselves: whatever it is, a state of another source is not used.
  const state = JSON.parse(readFileSync(stateFile, 'utf8'));
  return new Map(state.source === source ? state.evidence : []);
}

/** Of everything that decides what is noticed, the markers and the scenarios to begin with aside. */
function hashOf(folder: string): string {
  const hash = createHash('sha256');
  for (const name of globSync('{src,functions,test,local}/**/*.ts', { cwd: folder }).sort())
    if (!name.endsWith('/guard-scenarios.ts'))
      hash
        .update(name)
        .update(readFileSync(join(folder, name), 'utf8').replaceAll(/^ *\/\/ guard: .*\n/gm, ''));
  return hash.digest('hex');
}

function table(evidence: ReadonlyMap<Guard, Finding>): string {
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
  const rows = [...evidence].map(([guard, { schedule, violation, test, tried, asked }]) => {
    const how =
      schedule !== undefined
        ? `\`${schedule}\``
        : (test ?? `not noticed by ${tried} schedules and ${asked}: a finding`);
    const promise = violation?.split(':')[0] ?? '';
    return `| ${cell(guard.name)} | \`${guard.file.replace('src/', '')}\` | ${cell(how)} | ${cell(promise)} |`;
  });
  return `# Which guard is caught by what

\`npm run mutate\` writes this page. The source marks each guard of the [protocol](protocol.md) with \`// guard: name\`. The command takes
one guard after the other out of a copy, and runs the simulation until a promise breaks. If the simulation does not notice, the unit tests
that import the file run. The table names the first schedule that noticed. To see it, take the guard out and run
\`npm run simulate -- --trace --replay SCHEDULE\`.

| guard | file | noticed by | broken promise |
|---|---|---|---|
${rows.join('\n')}
`;
}

/** All but what is generated, or of no account for a test. */
function copyTo(copy: string): void {
  for (const name of readdirSync(root))
    if (!['node_modules', 'dist', 'coverage'].includes(name) && !name.startsWith('.'))
      cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  // A test asks git which files there are.
  execFileSync('git', ['init', '--quiet', copy]);
}

async function mutate(copy: string): Promise<void> {
  copyTo(copy);
  for (const guard of wanted) withoutGuard(readFileSync(join(copy, guard.file), 'utf8'), guard);
  const source = hashOf(copy);
  const known = options.fresh ? new Map<string, Finding>() : readEvidenceOf(source);
  const files = new Set(wanted.filter((guard) => !known.has(keyOf(guard))).map(({ file }) => file));
  if (files.size > 0) {
    const { asked, failing, isWhole } = await unitTests(copy, [...files]);
    // Tests that fail or do not run with every guard in its place say nothing about a guard.
    if (!isWhole) throw new Error(`With every guard in its place: ${failing ?? asked}`);
  }
  const evidence = new Map<Guard, Finding>();
  for (const guard of wanted) {
    const finding = known.get(keyOf(guard)) ?? (await tryOut(copy, guard));
    evidence.set(guard, finding);
    known.set(keyOf(guard), finding);
    mkdirSync(join(root, '.local'), { recursive: true });
    writeFileSync(stateFile, JSON.stringify({ source, evidence: [...known] }));
    console.log(`${guard.name}: ${told(finding)}`);
  }
  if (options.only === '') writeFileSync(join(root, 'docs/mutations.md'), table(evidence));
  const survivors = [...evidence.values()].filter((finding) => !isNoticed(finding));
  console.log(`${evidence.size} guards removed, ${survivors.length} not noticed`);
  process.exitCode = survivors.length === 0 ? 0 : 1;
}

if (options.json)
  console.log(
    JSON.stringify(
      wanted.map(({ name, file, line, operator }) => ({ name, file, line, operator })),
      undefined,
      2,
    ),
  );
else if (options.list)
  for (const guard of wanted) console.log(`${guard.name} [${guard.operator}] ${placeOf(guard)}`);
else {
  const copy = mkdtempSync(join(tmpdir(), 'mutate-'));
  try {
    await mutate(copy);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
