/**
 * `npm run check:lint`: proves that `npm run lint`, `check:docs` and `check:prose` refuse what they promise to refuse. It copies the
 * project, plants one fault at a time in the copy, and wants each refused by name. The copy without a fault has to pass.
 */

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';

const root = join(import.meta.dirname, '../..');
const leftOut = ['node_modules', '.git', 'dist', '.local'];

interface Plant {
  readonly fault: string;
  readonly script?: 'lint' | 'check:docs' | 'check:prose';
  /** What is added at the end of each file; the file may be new. */
  readonly added: Readonly<Record<string, string>>;
  /** What the refusal has to say. */
  readonly says: string;
}

const opening = '/** A module of the test. */\n';
const plants: readonly Plant[] = [
  {
    fault: 'an import circle',
    added: {
      'src/domain/planted-one.ts': `${opening}export { two } from './planted-two.ts';\nexport const one = 1;\n`,
      'src/domain/planted-two.ts': `${opening}export { one } from './planted-one.ts';\nexport const two = 2;\n`,
    },
    says: 'noImportCycles',
  },
  {
    fault: 'an await in src/domain',
    added: {
      'src/domain/text.ts':
        '\nexport async function planted(answer: Promise<string>) {\n  return (await answer).trim();\n}\n',
    },
    says: 'src/domain is pure',
  },
  {
    fault: 'an SDK import in src/checkout',
    added: { 'src/checkout/claim.ts': "\nexport { TableClient } from '@azure/data-tables';\n" },
    says: 'SDKs stay in src/adapters',
  },
  {
    fault: 'an orphan file',
    added: { 'src/checkout/planted.ts': `${opening}export const planted = 1;\n` },
    says: 'Unused files',
  },
  {
    fault: 'the word ticket',
    added: { 'src/checkout/claim.ts': '\n// Each message has a ticket.\n' },
    says: '"ticket"',
  },
  {
    fault: 'a refused word in an identifier',
    added: { 'src/checkout/claim.ts': '\nexport const parkedUntil = 0;\n' },
    says: '"parked"',
  },
  {
    fault: 'a refused word in a page',
    added: { 'docs/runbook.md': '\nThe due rows are read.\n' },
    says: '"due rows"',
  },
  {
    fault: 'two files of one name',
    added: { 'src/polling/claim.ts': `${opening}export const planted = 1;\n` },
    says: 'src/polling/claim.ts: src/checkout/claim.ts has the same name',
  },
  {
    fault: 'a test without its promise',
    script: 'check:docs',
    added: { 'test/checkout/planted.test.ts': 'export {};\n' },
    says: 'test/checkout/planted.test.ts does not open with "Promise: "',
  },
  {
    fault: 'a module that does not say what it is for',
    script: 'check:docs',
    added: { 'src/checkout/planted.ts': 'export const planted = 1;\n' },
    says: 'src/checkout/planted.ts does not open with a doc comment',
  },
  {
    fault: 'a path in a page that does not exist',
    script: 'check:docs',
    added: { 'CONTRIBUTING.md': '\nSee `src/checkout/planted.ts`.\n' },
    says: 'CONTRIBUTING.md: src/checkout/planted.ts does not exist',
  },
  {
    fault: 'a link to a heading that does not exist',
    script: 'check:docs',
    added: { 'docs/architecture.md': '\nSee [the rules](protocol.md#planted).\n' },
    says: 'docs/architecture.md: protocol.md#planted does not exist',
  },
  {
    fault: 'a sentence of 31 words in a page',
    script: 'check:prose',
    added: { 'docs/runbook.md': `\nThis ${'very '.repeat(27)}long one ends.\n` },
    says: 'docs/runbook.md: a sentence of 31 words',
  },
  {
    fault: 'a sentence that readers did not understand',
    script: 'check:prose',
    added: { 'src/checkout/claim.ts': '\n// All is as it should be.\n' },
    says: 'src/checkout/claim.ts: unclear: "all is as it should be"',
  },
  {
    fault: 'a word that the speller does not know',
    script: 'check:prose',
    added: { 'docs/runbook.md': '\nThe worker plantedly waits.\n' },
    says: 'plantedly',
  },
];

const copy = mkdtempSync(join(tmpdir(), 'check-lint-'));
const run = (script: string): { readonly passed: boolean; readonly output: string } => {
  const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', script], {
    cwd: copy,
    encoding: 'utf8',
  });
  return { passed: status === 0, output: stdout + stderr };
};

function refusalOf({ script = 'lint', added, says }: Plant): string | undefined {
  const before = Object.keys(added).map((file) => [file, contentOf(file)] as const);
  for (const [file, text] of Object.entries(added))
    writeFileSync(join(copy, file), `${contentOf(file) ?? ''}${text}`);
  try {
    const { passed, output } = run(script);
    if (passed) return 'passed';
    return output.includes(says) ? undefined : `failed, but did not say ${says}:\n${output.slice(0, 2_000)}`;
  } finally {
    for (const [file, content] of before) {
      if (content === undefined) rmSync(join(copy, file));
      else writeFileSync(join(copy, file), content);
    }
  }
}

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(join(copy, file), 'utf8');
  } catch {
    return undefined;
  }
}

let wrong = 0;
try {
  cpSync(root, copy, {
    recursive: true,
    filter: (path) => !leftOut.includes(relative(root, path).split(sep)[0] ?? ''),
  });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction');
  for (const script of ['lint', 'check:docs', 'check:prose']) {
    const { passed, output } = run(script);
    console.log(
      `npm run ${script}, without a fault: ${passed ? 'passed' : `refused\n${output.slice(0, 2_000)}`}`,
    );
    if (!passed) wrong += 1;
  }
  for (const plant of plants) {
    const problem = refusalOf(plant);
    console.log(`npm run ${plant.script ?? 'lint'}, ${plant.fault}: ${problem ?? 'refused'}`);
    if (problem !== undefined) wrong += 1;
  }
  console.log(`${plants.length} faults planted, ${wrong} wrong`);
} finally {
  rmSync(copy, { recursive: true, force: true });
}
if (wrong > 0) process.exitCode = 1;
