/** Promise: the path of a file says what it may import, and Biome refuses every other import, circles among them. */

import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import * as z from 'zod/mini';

const root = join(import.meta.dirname, '../..');
const report = z.object({
  diagnostics: z.array(z.object({ category: z.string(), location: z.object({ path: z.string() }) })),
});

/** What `biome lint` reports of these files under the project's own settings: `file: rule`. One run serves all of them. */
async function lint(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const copy = mkdtempSync(join(tmpdir(), 'import-rules-'));
  try {
    for (const path of ['biome.json', '.gitignore', '.biome'])
      cpSync(join(root, path), join(copy, path), { recursive: true });
    for (const [file, source] of Object.entries(files)) {
      mkdirSync(dirname(join(copy, file)), { recursive: true });
      writeFileSync(join(copy, file), source);
    }
    const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
    const given = [biome, 'lint', '--reporter=json', '--max-diagnostics=none', '.'];
    // What it refuses makes it end with 1: its report counts.
    const { stdout } = await promisify(execFile)(process.execPath, given, { cwd: copy }).catch(
      (error) => error,
    );
    const { diagnostics } = report.parse(JSON.parse(stdout));
    return diagnostics.map(({ category, location }) => `${location.path}: ${category}`).sort();
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

const restricted = {
  'src/domain/a.ts': `export { b } from '../ports/b.ts';`,
  'src/domain/checkout/a.ts': `export type { B } from '../../ports/b.ts';`,
  'src/domain/order/a.ts': `export { b } from '@azure/data-tables';`,
  'src/ports/a.ts': `export { b } from '../checkout/b.ts';`,
  'src/ports/b.ts': `export { b } from '../adapters/azure-tables/b.ts';`,
  'src/ports/c.ts': `export { b } from '../../local/b.ts';`,
  'src/checkout/a.ts': `export { TableClient } from '@azure/data-tables';`,
  'src/checkout/b.ts': `export type { TableClient } from '@azure/data-tables';`,
  'src/checkout/c.ts': `export { b } from '../adapters/partner-center/b.ts';`,
  'src/checkout/d.ts': `export { b } from '../../functions/b.ts';`,
  'src/gate/a.ts': `export { b } from '../checkout/b.ts';`,
  'src/polling/a.ts': `export { b } from '../adapters/service-bus/b.ts';`,
  'src/operator/jobs/a.ts': `export { b } from '../../adapters/service-bus/b.ts';`,
  'src/operator/a.ts': `export { b } from '@azure/service-bus';`,
  'src/api/a.ts': `export { b } from '../checkout/b.ts';`,
  'src/adapters/azure-tables/a.ts': `export { b } from '../../checkout/b.ts';`,
  'src/config/a.ts': `export { b } from '../ports/b.ts';`,
  'src/cli/commands/a.ts': `export { b } from '../../../local/b.ts';`,
  'functions/a.ts': `export { startAzurite } from '../local/b.ts';`,
  'functions/b.ts': `export { fake } from '../test/unit/b.ts';`,
  'functions/c.ts': `export { ServiceBusClient } from '@azure/service-bus';`,
  'local/partner-center/a.ts': `export { b } from '../../src/checkout/b.ts';`,
  'local/functions-host/a.ts': `export { app } from '@azure/functions';`,
  'local/service-bus/a.ts': `export { b } from '../azurite.ts';`,
  'test/unit/a.test.ts': `export { app } from '@azure/functions';`,
};

const circles = {
  'src/domain/one.ts': `import { b } from './two.ts';\nexport const a = () => b();`,
  'src/domain/two.ts': `import { c } from './three.ts';\nexport const b = () => c();`,
  'src/domain/three.ts': `import { a } from './one.ts';\nexport const c = () => a();`,
  // A circle of types alone.
  'local/one.ts': `import type { B } from './two.ts';\nexport interface A {\n  readonly b?: B;\n}`,
  'local/two.ts': `import type { A } from './one.ts';\nexport interface B {\n  readonly a?: A;\n}`,
};

const impure = {
  'src/domain/await.ts': 'export async function a(text: Promise<string>) {\n  return (await text).trim();\n}',
  'src/domain/checkout/clock.ts': 'export const now = () => Date.now();',
  'src/domain/order/chance.ts': 'export const half = () => Math.random() < 0.5;',
};

test('what the layout forbids is refused, each by its rule', async () => {
  const found = await lint({ ...restricted, ...circles, ...impure });
  const wanted = [
    ...Object.keys(restricted).map((file) => `${file}: lint/style/noRestrictedImports`),
    ...Object.keys(circles).map((file) => `${file}: lint/suspicious/noImportCycles`),
    ...Object.keys(impure).map((file) => `${file}: plugin`),
  ];
  expect(found).toEqual(wanted.sort());
});

test('what the layout allows is not refused', async () => {
  const value = 'export const b = 1;';
  const files = {
    'src/domain/b.ts': value,
    'src/domain/order/order.ts': `export { b } from '../b.ts';`,
    'src/ports/clock.ts': `export { b } from '../domain/b.ts';`,
    'src/checkout/run.ts': `export { b } from '../ports/clock.ts';`,
    'src/polling/tick.ts': `export { b } from '../checkout/run.ts';`,
    'src/adapters/azure-tables/stores.ts': `export { b } from '../../ports/clock.ts';\nexport { TableClient } from '@azure/data-tables';`,
    'functions/main.ts': `export { app } from '@azure/functions';\nexport { b } from '../src/checkout/run.ts';`,
    'local/night/list.ts': `export { b } from '../../src/domain/b.ts';`,
    'test/unit/a.test.ts': `export { b } from '../../src/checkout/run.ts';`,
  };
  expect(await lint(files)).toEqual([]);
});
