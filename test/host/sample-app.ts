import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { type HostChild, type HostChildOptions, startHost } from '../../local/functions-host/child.ts';

const projectRoot = join(import.meta.dirname, '../..');

export interface SampleApp {
  readonly root: string;
  [Symbol.dispose](): void;
}

export interface SampleFiles {
  readonly hostJson?: object;
  readonly settings?: object;
  /** How the entry is bundled and named; CommonJS in `main.cjs` when absent. */
  readonly esm?: boolean;
  readonly main?: string;
}

/** Bundles an app from its source text, as the build does, into a folder of its own. */
export async function sampleApp(source: string, files: SampleFiles = {}): Promise<SampleApp> {
  const root = mkdtempSync(join(tmpdir(), 'sample-app-'));
  const entry = files.esm ? 'main.mjs' : 'main.cjs';
  await build({
    stdin: {
      contents: `import { app } from '@azure/functions';\n${prelude}\n${source}`,
      resolveDir: projectRoot,
    },
    outfile: join(root, entry),
    bundle: true,
    platform: 'node',
    format: files.esm ? 'esm' : 'cjs',
    external: ['@azure/functions-core'],
    ...(files.esm ? { banner: { js: requireBanner } } : {}),
  });
  const json = (name: string, content: object): void =>
    writeFileSync(join(root, name), JSON.stringify(content));
  json('package.json', { main: files.main ?? entry });
  json('host.json', files.hostJson ?? { version: '2.0' });
  if (files.settings) json('local.settings.json', files.settings);
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) };
}

/** `say(name, value)` tells the test something. */
const prelude = `const say = (name, value) => console.log('SAID ' + JSON.stringify([name, value ?? null]));`;
const requireBanner = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`;

export interface RunningApp extends AsyncDisposable {
  readonly host: HostChild;
  readonly lines: readonly string[];
  /** Everything said under `name` so far. */
  said(name: string): unknown[];
  /** Resolves once something was said under `name` `times` times; with all that was said. */
  heard(name: string, times?: number): Promise<unknown[]>;
}

/** Runs the app in a host of its own. */
export async function runApp(
  app: SampleApp,
  options: Omit<HostChildOptions, 'appRoot' | 'onLine'> = {},
): Promise<RunningApp> {
  const lines: string[] = [];
  const words = new Map<string, unknown[]>();
  const listeners = new Set<() => void>();
  const host = await startHost({
    ...options,
    appRoot: app.root,
    onLine: (line) => {
      lines.push(line);
      if (line.startsWith('SAID ')) {
        const [name, value] = JSON.parse(line.slice(5));
        words.set(name, [...(words.get(name) ?? []), value]);
      }
      for (const listener of listeners) listener();
    },
  });
  const said = (name: string): unknown[] => words.get(name) ?? [];
  return {
    host,
    lines,
    said,
    heard: (name, times = 1) => {
      const { promise, resolve, reject } = Promise.withResolvers<unknown[]>();
      const look = (): void => {
        if (said(name).length >= times) resolve(said(name));
      };
      listeners.add(look);
      look();
      const timer = setTimeout(
        () =>
          reject(
            new Error(`"${name}" was said ${said(name).length} times, not ${times}:\n${lines.join('\n')}`),
          ),
        15_000,
      );
      return promise.finally(() => {
        clearTimeout(timer);
        listeners.delete(look);
      });
    },
    [Symbol.asyncDispose]: async () => void (await host.kill()),
  };
}
