import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
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
import { parseArgs } from 'node:util';
import * as z from 'zod/mini';
import { type Mutation, mutations } from './mutations.ts';
import { withoutGuard } from './without-guard.ts';

/**
 * Removes each guard of the protocol from the source in turn, in a copy of it, and lets the simulation find out, then the
 * unit tests. A guard whose removal nothing notices is either superfluous or not proved: both are worth knowing. What was
 * found out of this source is kept, so that the same command goes on where it stopped.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20000' },
    /** For one guard that neither a quarter of this time nor the unit tests notice. */
    minutes: { type: 'string', default: '2' },
    only: { type: 'string' },
    fresh: { type: 'boolean', default: false },
  },
});

const root = new URL('../../', import.meta.url).pathname;

interface Finding {
  readonly name: string;
  /** Schedules. */
  readonly tried: number;
  readonly schedule?: string;
  readonly violation?: string;
  /** The unit test that fails. */
  readonly test?: string;
}

/** Where the rules are tested one by one. */
const unitTests = [
  'test/unit/claim.test.ts',
  'test/unit/delivery.test.ts',
  'test/unit/events.test.ts',
  'test/unit/evidence.test.ts',
  'test/unit/overtaken.test.ts',
  'test/unit/poll-batch.test.ts',
  'test/unit/settle.test.ts',
  'test/unit/transitions.test.ts',
  'test/checkout',
  'test/orders',
  'test/storage/attention-store.test.ts',
  'test/storage/batch-store.test.ts',
  'test/storage/ledger-store.test.ts',
];
const stateFile = join(root, '.local/mutations.json');

const copy = mkdtempSync(join(tmpdir(), 'mutate-'));

async function tryOut(mutation: Mutation): Promise<Finding> {
  const path = join(copy, mutation.file);
  const whole = readFileSync(path, 'utf8');
  writeFileSync(path, withoutGuard(whole, mutation));
  try {
    const { name } = mutation;
    const minutes = Number(values.minutes);
    const soon = await simulateCopy(mutation, minutes / 4);
    if (soon.first !== undefined) return { name, tried: soon.tried, ...soon.first };
    const test = await failingTest();
    if (test !== undefined) return { name, tried: soon.tried, test };
    const { first, tried } = await simulateCopy(mutation, minutes);
    return { name, tried, ...first };
  } finally {
    writeFileSync(path, whole);
  }
}

interface Told {
  readonly tried: number;
  readonly first?: { readonly schedule: string; readonly violation: string };
}

function simulateCopy({ scenario }: Mutation, minutes: number): Promise<Told> {
  const options = ['--fresh', '--first', '--json', '--seeds', values.seeds, '--minutes', String(minutes)];
  if (scenario !== undefined) options.push('--scenario', scenario);
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      ['test/simulation/main.ts', ...options],
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

/** The first unit test that fails in the copy. Rejects when none was run: what is not asked notices nothing. */
function failingTest(): Promise<string | undefined> {
  const report = join(copy, 'report.json');
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const options = ['--bail', '1', '--reporter', 'json', '--outputFile', report];
  rmSync(report, { force: true });
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [vitest, 'run', '--config', 'test/simulation/vitest.config.ts', ...options, ...unitTests],
      { cwd: copy, maxBuffer: 64 * 1024 * 1024 },
      (_, stdout, stderr) => {
        if (!existsSync(report))
          return reject(new Error(`The unit tests did not run: ${`${stdout}${stderr}`.slice(-2_000)}`));
        const { testResults, numTotalTests } = reportShape.parse(JSON.parse(readFileSync(report, 'utf8')));
        const failed = testResults.flatMap(({ name, status, message, assertionResults }) => {
          const tests = assertionResults.flatMap((one) => (one.status === 'failed' ? [one.fullName] : []));
          // A file that does not load has no tests, and fails all the same.
          const told = status === 'failed' && tests.length === 0 ? [message.slice(0, 200)] : tests;
          return told.map((text) => `${relative(copy, name)}: ${text}`);
        });
        if (failed.length === 0 && numTotalTests === 0)
          return reject(new Error(`No unit test was run: ${`${stdout}${stderr}`.slice(-2_000)}`));
        resolve(failed[0]);
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

const told = ({ schedule, violation, test, tried }: Finding): string =>
  schedule !== undefined
    ? `${schedule} after ${tried} (${violation})`
    : (test ?? `SURVIVED ${tried} schedules and the unit tests`);

const keyOf = (mutation: Mutation): string =>
  createHash('sha256').update(JSON.stringify(mutation)).digest('hex');

function readFindings(source: string): Map<string, Finding> {
  if (!existsSync(stateFile)) return new Map();
  // Written by ourselves, for ourselves: whatever it is, a state of another source is not used.
  const state = JSON.parse(readFileSync(stateFile, 'utf8'));
  return new Map(state.source === source ? state.findings : []);
}

/** Of everything that decides what is noticed, the list of mutations aside. */
function hashOf(folder: string): string {
  const hash = createHash('sha256');
  for (const part of ['src', 'test'])
    for (const name of readdirSync(join(folder, part), { recursive: true, encoding: 'utf8' }).sort())
      if (name.endsWith('.ts') && !name.endsWith('mutations.ts'))
        hash.update(name).update(readFileSync(join(folder, part, name)));
  return hash.digest('hex');
}

function table(findings: ReadonlyMap<Mutation, Finding>): string {
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
  const rows = [...findings].map(([mutation, { schedule, violation, test, tried }]) => {
    const how =
      schedule !== undefined ? `\`${schedule}\`` : (test ?? `not noticed in ${tried} schedules: a finding`);
    const promise = violation?.split(':')[0] ?? '';
    return `| ${cell(mutation.name)} | \`${mutation.file.replace('src/', '')}\` | ${cell(how)} | ${cell(promise)} |`;
  });
  return `# Which guard is caught by what

Written by \`npm run mutate\`: each guard of the [protocol](protocol.md) is taken out of a copy of the source in turn, and the
simulation runs until a promise breaks; what it does not notice is for the unit tests. The schedule is the first one that noticed; \`npm run simulate -- --trace --replay
<schedule>\` tells it, once the guard is out.

| guard | file | noticed by | broken promise |
|---|---|---|---|
${rows.join('\n')}
`;
}

try {
  const copied = [
    'src',
    'docs',
    'local',
    'package.json',
    'test/simulation',
    'test/support',
    'test/fixtures',
    'test/storage',
  ];
  for (const path of [...copied, ...unitTests])
    cpSync(join(root, path), join(copy, path), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const wanted = mutations.filter(({ name }) => values.only === undefined || name.includes(values.only));
  for (const mutation of wanted) withoutGuard(readFileSync(join(copy, mutation.file), 'utf8'), mutation);
  const source = hashOf(copy);
  const broken = await failingTest();
  if (broken !== undefined) throw new Error(`With every guard in its place this test fails: ${broken}`);
  const known = values.fresh ? new Map<string, Finding>() : readFindings(source);
  const findings = new Map<Mutation, Finding>();
  for (const mutation of wanted) {
    const finding = known.get(keyOf(mutation)) ?? (await tryOut(mutation));
    findings.set(mutation, finding);
    known.set(keyOf(mutation), finding);
    mkdirSync(join(root, '.local'), { recursive: true });
    writeFileSync(stateFile, JSON.stringify({ source, findings: [...known] }));
    console.log(`${mutation.name}: ${told(finding)}`);
  }
  if (values.only === undefined) writeFileSync(join(root, 'docs/mutations.md'), table(findings));
  const survivors = [...findings.values()].filter((finding) => !isNoticed(finding));
  console.log(`${findings.size} guards removed, ${survivors.length} not noticed`);
  process.exitCode = survivors.length === 0 ? 0 : 1;
} finally {
  rmSync(copy, { recursive: true, force: true });
}
