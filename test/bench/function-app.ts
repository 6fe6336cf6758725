import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';

/** Bundles a function for the local host, into a new folder under `.local` that the caller removes. Its host.json is still missing. */
export async function functionApp(
  root: string,
  prefix: string,
  source: Pick<BuildOptions, 'entryPoints' | 'stdin'>,
): Promise<string> {
  await mkdir(join(root, '.local'), { recursive: true });
  const appRoot = await mkdtemp(join(root, '.local', prefix));
  await build({
    ...source,
    absWorkingDir: root,
    outfile: join(appRoot, 'main.cjs'),
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    mainFields: ['module', 'main'],
    external: ['@azure/functions-core'],
  });
  await writeFile(join(appRoot, 'package.json'), '{"main":"main.cjs"}');
  return appRoot;
}
