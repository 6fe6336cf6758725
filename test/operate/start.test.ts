/** Promise: a command loads no SDK that it does not need. */

import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

/** SDKs that are loaded together with src/cli/session/`name`.ts; those that its functions import when they are called do not count. */
async function sdksWith(name: string): Promise<readonly string[]> {
  const { metafile } = await build({
    absWorkingDir: join(import.meta.dirname, '../..'),
    entryPoints: [`src/cli/session/${name}.ts`],
    outdir: 'out',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    write: false,
    metafile: true,
  });
  const packagesOf = (output: string): readonly string[] =>
    (metafile.outputs[output]?.imports ?? [])
      .filter(({ kind }) => kind === 'import-statement')
      .flatMap(({ path, external }) => (external === true ? path : packagesOf(path)));
  const packages = packagesOf(`out/${name}.js`);
  // It would be empty, and the tests true, if nothing had been found.
  expect(packages.some((path) => path.startsWith('node:') || path.startsWith('@azure/'))).toBe(true);
  return [...new Set(packages.filter((path) => path.startsWith('@azure/')))].sort();
}

test('the command line starts without any: --help and wrong usage need none', async () => {
  expect(await sdksWith('program')).toEqual([]);
});

test('who reads tables alone waits neither for the queue’s nor for the one that signs in', async () => {
  expect(await sdksWith('operator')).toEqual(['@azure/data-tables']);
  expect(await sdksWith('queues')).toEqual(['@azure/service-bus']);
});
