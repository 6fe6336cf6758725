import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

/** What other people's program needs, none of which is a dependency of the project. */
export interface Foreign {
  /** With their exact versions. */
  readonly packages: readonly string[];
  /** Files that are copied beside them. */
  readonly files: readonly string[];
  /** Says what is missing on this machine. */
  readonly missing: () => Promise<string | undefined>;
}

/**
 * Installs packages into a folder that is removed again. Where they or their server are missing, the figure is left out,
 * and says why.
 */
export async function withPackages<T>(
  { packages, files, missing }: Foreign,
  work: (folder: string) => Promise<T>,
): Promise<T | { readonly leftOut: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'checkout-bench-'));
  try {
    const leftOut = (await missing()) ?? (await install(folder, packages));
    if (leftOut !== undefined) return { leftOut };
    for (const file of files) await copyFile(file, join(folder, basename(file)));
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function install(folder: string, packages: readonly string[]): Promise<string | undefined> {
  await writeFile(join(folder, 'package.json'), '{"private":true,"type":"module"}');
  const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...packages];
  try {
    await promisify(execFile)('npm', args, { cwd: folder });
  } catch (error) {
    return `npm could not install ${packages.join(' and ')}: ${String(error).slice(0, 200)}`;
  }
  return undefined;
}
