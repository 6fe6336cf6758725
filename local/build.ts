/**
 * `npm run build`: makes `dist/`, a folder that can be deployed as it is: one CommonJS file, those that it loads late, their
 * source maps, host.json, a package.json that names the first, and the licences of all that went in.
 */
import { copyFileSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';
import * as z from 'zod/mini';
import { thirdPartyNotices } from './third-party-notices.ts';

export interface Bundle {
  /** The one file that a start loads. */
  readonly file: string;
  readonly bytes: number;
  /** All files of code together. */
  readonly allBytes: number;
  /** Source files that went in. */
  readonly inputs: number;
}

/** A tenth more than it had when this was written, to notice a library that nobody meant to ship. */
const mostBytes = 2_000_000;

/**
 * What a start need not read: libraries that are used with the first token, or when functions are registered. Each is a
 * file of its own, with what it needs of its own; only what keeps no state that two files share may be one.
 */
const late = {
  identity: { name: /^@azure\/identity$/, source: '@azure/identity' },
  vault: { name: /^@azure\/keyvault-secrets$/, source: '@azure/keyvault-secrets' },
  telemetry: {
    name: /\/telemetry\/application-insights\.ts$/,
    source: './src/adapters/telemetry/application-insights.ts',
  },
} as const;
type Late = keyof typeof late;
const lateFiles = Object.keys(late) as Late[];

const identity = z.object({ name: z.string(), version: z.string() });

/**
 * Bundles `functions/main.ts` under `root` into a folder that can be deployed: `root/dist`, unless another is named.
 * @throws Error when a file cannot be bundled, something of `local/` or `test/` is in the bundle, a library comes without its
 * licence, or the bundle is too large; no `dist/` is left then
 */
export async function buildDist(root: string, dist = join(root, 'dist')): Promise<Bundle> {
  rmSync(dist, { recursive: true, force: true });
  const metafiles: Metafile[] = [];
  const wanted: (Late | undefined)[] = [undefined];
  // The list grows as it is read: a late file is made when another has named it.
  for (const own of wanted) {
    const { metafile } = await build({
      ...options(root),
      ...(own === undefined
        ? { entryPoints: ['functions/main.ts'] }
        : { stdin: { contents: `export * from '${late[own].source}';`, resolveDir: root } }),
      outfile: join(dist, `${own ?? 'main'}.cjs`),
      plugins: [
        lateElsewhere(own, (name) => {
          if (!wanted.includes(name)) wanted.push(name);
        }),
      ],
    });
    metafiles.push(metafile);
  }
  const strays = metafiles.flatMap(localInputs);
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
  copyFileSync(join(root, 'LICENSE'), join(dist, 'LICENSE'));
  try {
    writeFileSync(join(dist, 'THIRD-PARTY-NOTICES.txt'), thirdPartyNotices(root, metafiles));
  } catch (error) {
    rmSync(dist, { recursive: true, force: true });
    throw error;
  }
  const file = join(dist, 'main.cjs');
  const { size: bytes } = statSync(file);
  if (bytes > mostBytes) {
    rmSync(dist, { recursive: true, force: true });
    throw new Error(
      `The bundle has ${bytes} bytes, more than ${mostBytes}: every start of an instance loads it. Look for what came in; raise the limit if it must.`,
    );
  }
  const files = wanted.map((name) => join(dist, `${name ?? 'main'}.cjs`));
  return {
    file,
    bytes,
    allBytes: files.reduce((sum, each) => sum + statSync(each).size, 0),
    inputs: new Set(metafiles.flatMap(({ inputs }) => Object.keys(inputs))).size,
  };
}

const options = (root: string) =>
  ({
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    target: 'node22',
    // CommonJS, because the worker supplies the core by wrapping require; ESM output would need a banner for that.
    format: 'cjs',
    external: ['@azure/functions-core'],
    // By default a package that is both comes in twice: as CommonJS for the SDKs that require it, as a module for us.
    mainFields: ['module', 'main'],
    // What is imported late is required late.
    supported: { 'dynamic-import': false },
    sourcemap: true,
    // They are in the notices beside the bundle.
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  }) satisfies BuildOptions;

/** Leaves what belongs into another file to that file. */
function lateElsewhere(own: Late | undefined, named: (name: Late) => void): Plugin {
  return {
    name: 'late files',
    setup(builder) {
      for (const name of lateFiles.filter((each) => each !== own))
        builder.onResolve({ filter: late[name].name }, () => {
          named(name);
          return { path: `./${name}.cjs`, external: true };
        });
    },
  };
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
    const { file, bytes, allBytes, inputs } = await buildDist(join(import.meta.dirname, '..'));
    process.stdout.write(
      `${file}: ${bytes} bytes, with what it loads late ${allBytes}, from ${inputs} files\n`,
    );
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  }
}
