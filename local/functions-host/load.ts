import { globSync, readFileSync } from 'node:fs';
import { createRequire, Module } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Core } from './core.ts';
import { HostStartError, textOf } from './errors.ts';
import { parseJson } from './settings.ts';

/**
 * Puts the core in place the way Azure's Node worker does: it wraps `Module.prototype.require` and compares the id.
 * So an app that bundles a stub of that name, or loads it by `import`, fails here as it fails there.
 */
export function provideCore(core: Core): void {
  const original = Module.prototype.require;
  Module.prototype.require = Object.assign(function (this: Module, id: string) {
    return id === '@azure/functions-core' ? core.api : original.call(this, id);
  }, original);
}

/**
 * Loads the app's entry files: `main` of package.json, a glob, each match in turn, as the worker does. Files are ESM
 * by `.mjs`, or by `.js` under `"type": "module"`.
 */
export async function loadApp(appRoot: string, core: Core): Promise<void> {
  const main = entryGlob(appRoot);
  const files = globSync(main, { cwd: appRoot });
  if (files.length === 0) {
    throw new HostStartError(
      `No file matches "main": "${main}" of ${join(appRoot, 'package.json')}. Run the build first.`,
    );
  }
  const require = createRequire(join(appRoot, 'package.json'));
  for (const name of files) {
    const file = join(appRoot, name);
    try {
      await (isModule(file) ? import(pathToFileURL(file).href) : require(file));
    } catch (error) {
      throw new HostStartError(`Loading ${file} failed: ${textOf(error)}`, { cause: error });
    }
  }
  if (core.functions.length === 0) {
    throw new HostStartError(
      `${main} registered no function. Was @azure/functions-core bundled instead of left external, or @azure/functions never called?`,
    );
  }
}

function entryGlob(appRoot: string): string {
  const main = packageJson(appRoot)?.['main'];
  if (typeof main !== 'string' || main === '') {
    throw new HostStartError(
      `${join(appRoot, 'package.json')} has no "main" that names the app's entry file.`,
    );
  }
  return main;
}

function isModule(file: string): boolean {
  if (file.endsWith('.mjs')) return true;
  if (!file.endsWith('.js')) return false;
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const found = packageJson(folder);
    if (found) return found['type'] === 'module';
    if (folder === dirname(folder)) return false;
  }
}

function packageJson(folder: string): Record<string, unknown> | undefined {
  const file = join(folder, 'package.json');
  const json = parseJson(readIfThere(file) ?? 'null', file);
  return typeof json === 'object' && json !== null ? { ...json } : undefined;
}

/** The text of a file; undefined when there is none. */
export function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
