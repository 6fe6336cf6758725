import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

let copy: string;
beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), 'import-rules-'));
  for (const file of ['biome.json', '.gitignore']) copyFileSync(join(root, file), join(copy, file));
});
afterEach(() => rmSync(copy, { recursive: true, force: true }));

interface Diagnostic {
  readonly category: string;
  readonly location: { readonly path: string };
}

/** What `biome lint` reports of these files under the project's own settings: `file: rule`. */
async function lint(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  for (const [file, source] of Object.entries(files)) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    writeFileSync(join(copy, file), source);
  }
  const { diagnostics } = await new Promise<{ readonly diagnostics: readonly Diagnostic[] }>(
    (resolve, reject) => {
      const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
      execFile(
        process.execPath,
        [biome, 'lint', '--reporter=json', '.'],
        { cwd: copy },
        (error, out, err) => {
          try {
            resolve(JSON.parse(out));
          } catch {
            reject(new Error(`biome printed no report: ${error?.message ?? ''}${out}${err}`));
          }
        },
      );
    },
  );
  return diagnostics.map(({ category, location }) => `${location.path}: ${category}`).sort();
}

const restricted = 'lint/style/noRestrictedImports';
const circle = 'lint/suspicious/noImportCycles';

describe('refused is', () => {
  test.each([
    ['src/domain/wake-up.ts', `export { b } from '../ports/b.ts';`],
    ['src/domain/checkout/record.ts', `export type { B } from '../../ports/b.ts';`],
    ['src/domain/order/order.ts', `export { b } from '@azure/data-tables';`],
    ['src/ports/clock.ts', `export { b } from '../checkout/b.ts';`],
    ['src/ports/gate.ts', `export { b } from '../adapters/azure-tables/b.ts';`],
    ['src/ports/random.ts', `export { b } from '../../local/b.ts';`],
    ['src/checkout/run.ts', `export { TableClient } from '@azure/data-tables';`],
    ['src/checkout/run.ts', `export type { TableClient } from '@azure/data-tables';`],
    ['src/checkout/run.ts', `export { b } from '../adapters/partner-center/b.ts';`],
    ['src/checkout/run.ts', `export { b } from '../../functions/b.ts';`],
    ['src/gate/circuit.ts', `export { b } from '../checkout/b.ts';`],
    ['src/polling/tick.ts', `export { b } from '../adapters/service-bus/b.ts';`],
    ['src/operator/jobs/retry.ts', `export { b } from '../../adapters/service-bus/b.ts';`],
    ['src/operator/doctor.ts', `export { b } from '@azure/service-bus';`],
    ['src/api/health.ts', `export { b } from '../checkout/b.ts';`],
    ['src/adapters/azure-tables/stores.ts', `export { b } from '../../checkout/b.ts';`],
    ['src/config/config.ts', `export { b } from '../ports/b.ts';`],
    ['src/cli/commands/job-command.ts', `export { b } from '../../../local/b.ts';`],
    ['functions/main.ts', `export { startAzurite } from '../local/b.ts';`],
    ['functions/main.ts', `export { fake } from '../test/unit/b.ts';`],
    ['functions/main.ts', `export { ServiceBusClient } from '@azure/service-bus';`],
    ['local/partner-center/carts.ts', `export { b } from '../../src/checkout/b.ts';`],
    ['local/functions-host/host.ts', `export { app } from '@azure/functions';`],
    ['local/service-bus/broker.ts', `export { b } from '../azurite.ts';`],
    ['test/unit/a.test.ts', `export { app } from '@azure/functions';`],
  ])('%s with %s', async (file, source) => {
    expect(await lint({ [file]: source })).toEqual([`${file}: ${restricted}`]);
  });

  test('a circle of imports', async () => {
    const files = {
      'src/domain/a.ts': `import { b } from './b.ts';\nexport const a = () => b();`,
      'src/domain/b.ts': `import { c } from './c.ts';\nexport const b = () => c();`,
      'src/domain/c.ts': `import { a } from './a.ts';\nexport const c = () => a();`,
    };
    expect(await lint(files)).toEqual(Object.keys(files).map((file) => `${file}: ${circle}`));
  });

  test('a circle of types alone', async () => {
    const files = {
      'local/a.ts': `import type { B } from './b.ts';\nexport interface A {\n  readonly b?: B;\n}`,
      'local/b.ts': `import type { A } from './a.ts';\nexport interface B {\n  readonly a?: A;\n}`,
    };
    expect(await lint(files)).toEqual(Object.keys(files).map((file) => `${file}: ${circle}`));
  });
});

test('allowed is what the layout allows', async () => {
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
