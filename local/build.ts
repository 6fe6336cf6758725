/**
 * `npm run build`: makes `dist/`, a folder that can be deployed as it is: one CommonJS file, its source map, host.json
 * and a package.json that names the file.
 */
import { copyFileSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import * as z from 'zod/mini';

export interface Bundle {
  /** The one file that is loaded in Azure. */
  readonly file: string;
  readonly bytes: number;
  /** Source files that went in. */
  readonly inputs: number;
}

/** Half as much again as it had when this was written, to notice a library that nobody meant to ship. */
const mostBytes = 5_000_000;

const identity = z.object({ name: z.string(), version: z.string() });

/**
 * Bundles `functions/main.ts` under `root` into a folder that can be deployed: `root/dist`, unless another is named.
 * @throws Error when a file cannot be bundled, something of `local/` or `test/` is in the bundle, or it is too large; no
 * `dist/` is left then
 */
export async function buildDist(root: string, dist = join(root, 'dist')): Promise<Bundle> {
  rmSync(dist, { recursive: true, force: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['functions/main.ts'],
    outfile: join(dist, 'main.cjs'),
    bundle: true,
    platform: 'node',
    target: 'node22',
    // CommonJS, because the worker supplies the core by wrapping require; ESM output would need a banner for that.
    format: 'cjs',
    external: ['@azure/functions-core'],
    sourcemap: true,
    metafile: true,
    logLevel: 'warning',
  });
  const strays = localInputs(metafile);
  if (strays.length > 0) {
    rmSync(dist, { recursive: true, force: true });
    throw new Error(
      `What is never deployed got into the bundle:\n${strays.map((stray) => `  ${stray}`).join('\n')}`,
    );
  }
  const { name, version } = identity.parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
  writeFileSync(
    join(dist, 'package.json'),
    `${JSON.stringify({ name, version, private: true, main: 'main.cjs' }, null, 2)}\n`,
  );
  copyFileSync(join(root, 'host.json'), join(dist, 'host.json'));
  const file = join(dist, 'main.cjs');
  const { size: bytes } = statSync(file);
  if (bytes > mostBytes) {
    rmSync(dist, { recursive: true, force: true });
    throw new Error(
      `The bundle has ${bytes} bytes, more than ${mostBytes}: every start of an instance loads it. Look for what came in; raise the limit if it must.`,
    );
  }
  return { file, bytes, inputs: Object.keys(metafile.inputs).length };
}

/** Inputs under local/ or test/, each with the files that import it. */
function localInputs({ inputs }: Metafile): string[] {
  const strays = Object.keys(inputs).filter((path) => /^(local|test)\//.test(path));
  return strays.map((stray) => {
    const importers = Object.entries(inputs)
      .filter(([, input]) => input.imports.some(({ path }) => path === stray))
      .map(([path]) => path);
    return `${stray}, imported by ${importers.join(', ')}`;
  });
}

if (import.meta.main) {
  try {
    const { file, bytes, inputs } = await buildDist(join(import.meta.dirname, '..'));
    process.stdout.write(`${file}: ${bytes} bytes from ${inputs} files\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  }
}
