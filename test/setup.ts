import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { buildDist } from '../local/build.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder with the built bundle: what is deployed. */
    readonly appRoot: string;
  }
}

const root = join(import.meta.dirname, '..');
const compiled = join(root, 'node_modules/.cache/tests');

/** Once for a run: the bundle, and a place where processes keep what they have compiled, for those that start after them. */
export async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  // Of the run before: the last processes write when the run is over.
  await rm(compiled, { recursive: true, force: true, maxRetries: 3 });
  process.env['NODE_COMPILE_CACHE'] = compiled;
  const folder = await mkdtemp(join(tmpdir(), 'checkout-tests-'));
  const appRoot = join(folder, 'dist');
  await buildDist(root, appRoot);
  provide('appRoot', appRoot);
  return () => rm(folder, { recursive: true, force: true });
}
