import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Mutation, mutations } from './mutations.ts';

/**
 * Removes each guard of the protocol from the source in turn, in a copy of it, and lets the simulation find out. A guard
 * whose removal nothing notices is either superfluous or not proved: both are worth knowing.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20000' },
    minutes: { type: 'string', default: '3' },
    only: { type: 'string' },
  },
});

const root = new URL('../../', import.meta.url).pathname;

interface Caught {
  readonly schedule: string;
  readonly violation: string;
  readonly after: number;
}

interface Finding {
  readonly mutation: Mutation;
  readonly caught: Caught | undefined;
  readonly tried: number;
}

const copy = mkdtempSync(join(tmpdir(), 'mutate-'));
try {
  for (const folder of ['src', 'test/simulation', 'test/support', 'package.json'])
    cpSync(join(root, folder), join(copy, folder), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const wanted = mutations.filter(({ name }) => values.only === undefined || name.includes(values.only));
  for (const mutation of wanted) patched(mutation);
  const findings: Finding[] = [];
  for (const mutation of wanted) {
    const finding = await tryOut(mutation);
    findings.push(finding);
    console.log(
      `${mutation.name}: ${finding.caught === undefined ? `SURVIVED ${finding.tried} schedules` : `${finding.caught.schedule} after ${finding.tried} (${finding.caught.violation})`}`,
    );
  }
  if (values.only === undefined) writeFileSync(join(root, 'docs/mutations.md'), table(findings));
  const survivors = findings.filter(
    ({ caught, mutation }) => caught === undefined && mutation.precaution === undefined,
  );
  console.log(`${findings.length} guards removed, ${survivors.length} not noticed`);
  process.exitCode = survivors.length === 0 ? 0 : 1;
} finally {
  rmSync(copy, { recursive: true, force: true });
}

/** The source without the guard. Throws when a text to be replaced is not there exactly once: the list is out of date. */
function patched({ name, file, find, replace, also = [] }: Mutation): string {
  let source = readFileSync(join(root, file), 'utf8');
  for (const edit of [{ find, replace }, ...also]) {
    const parts = source.split(edit.find);
    if (parts.length !== 2)
      throw new Error(
        `The mutation "${name}" no longer applies: "${edit.find}" is ${parts.length - 1} times in ${file}`,
      );
    source = parts.join(edit.replace);
  }
  return source;
}

async function tryOut(mutation: Mutation): Promise<Finding> {
  const path = join(copy, mutation.file);
  const whole = readFileSync(path, 'utf8');
  writeFileSync(path, patched(mutation));
  try {
    const { failures, tried } = await simulateCopy(mutation);
    const [first] = failures;
    const caught =
      first === undefined
        ? undefined
        : { schedule: first.schedule, violation: first.violations[0] ?? '', after: tried };
    return { mutation, caught, tried };
  } finally {
    writeFileSync(path, whole);
  }
}

interface Told {
  readonly failures: readonly { readonly schedule: string; readonly violations: readonly string[] }[];
  readonly tried: number;
}

function simulateCopy(mutation: Mutation): Promise<Told> {
  const options = ['--fresh', '--first', '--json', '--seeds', values.seeds, '--minutes', values.minutes];
  if (mutation.scenario !== undefined) options.push('--scenario', mutation.scenario);
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
        const { failures, points, pairs, random } = JSON.parse(last);
        resolve({ failures, tried: points + pairs + random });
      },
    );
  });
}

function table(findings: readonly Finding[]): string {
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
  const rows = findings.map(({ mutation, caught, tried }) => {
    const how =
      caught === undefined
        ? `not noticed in ${tried} schedules${mutation.precaution === undefined ? '' : `: ${mutation.precaution}`}`
        : `\`${caught.schedule}\``;
    const promise = caught === undefined ? '' : caught.violation.split(':')[0];
    return `| ${cell(mutation.name)} | \`${mutation.file.replace('src/', '')}\` | ${cell(how)} | ${cell(promise ?? '')} |`;
  });
  return `# Which guard is caught by what

Written by \`npm run mutate\`: each guard of the [protocol](protocol.md) is taken out of a copy of the source in turn, and the
simulation runs until a promise breaks. The schedule is the first one that noticed; \`npm run simulate -- --trace --replay
<schedule>\` tells it, once the guard is out.

| guard | file | noticed by | broken promise |
|---|---|---|---|
${rows.join('\n')}
`;
}
