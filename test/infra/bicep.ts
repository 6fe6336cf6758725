/** The Bicep compiler on a copy of `infra/`: compiles, lints and evaluates the templates; nothing is left beside them. */
import { execFile } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod/mini';

/** What would be deployed: every expression is worked out, but those that ask Azure stay as `[reference(…)]`. */
const snapshot = z.object({
  predictedResources: z.array(
    z.looseObject({
      id: z.string(),
      type: z.string(),
      name: z.string(),
      properties: z.optional(z.unknown()),
    }),
  ),
  outputs: z.record(z.string(), z.unknown()),
});
export type Snapshot = z.infer<typeof snapshot>;

export interface Templates {
  /** What the compiler and its linter say of `main.bicep` and `main.bicepparam`, one line each. */
  warnings(env: Environment): Promise<readonly string[]>;
  /** Files that `bicep format` would change. */
  unformatted(): Promise<readonly string[]>;
  evaluate(env: Environment): Promise<Snapshot>;
  /** One module by itself, with what a `.bicepparam` file in infra/ would say; its outputs are worked out too. */
  evaluateModule(parameters: string): Promise<Snapshot>;
  remove(): void;
}

type Environment = Readonly<Record<string, string>>;

const root = join(import.meta.dirname, '../..');
const where = ['--subscription-id', '00000000-0000-4000-8000-000000000001', '--location', 'westeurope'];
const tenant = ['--tenant-id', '00000000-0000-4000-8000-000000000002'];
const inGroup = [...where.slice(0, 2), '--resource-group', 'rg-night'];

/** `recent`: API versions that are two years old are errors. Not in what is deployed: an old commit must stay deployable. */
export function copyTemplates({ recent }: { readonly recent: boolean }): Templates {
  const folder = mkdtempSync(join(tmpdir(), 'infra-'));
  cpSync(join(root, 'infra'), join(folder, 'infra'), { recursive: true });
  copyFileSync(join(root, 'host.json'), join(folder, 'host.json'));
  const rules = join(folder, 'infra/bicepconfig.json');
  const config = readFileSync(rules, 'utf8');
  if (recent)
    writeFileSync(
      rules,
      config.replace(
        '"use-recent-api-versions": { "level": "off" }',
        '"use-recent-api-versions": { "level": "error" }',
      ),
    );
  return {
    async warnings(env) {
      const built = await Promise.all([
        bicep(['build', 'infra/main.bicep', '--stdout'], folder, env),
        bicep(['build-params', 'infra/main.bicepparam', '--stdout'], folder, env),
      ]);
      return built.flatMap(({ stderr }) =>
        stderr.split('\n').filter((line) => / : (Warning|Error) /.test(line)),
      );
    },
    async unformatted() {
      await bicep(['format', '--pattern', 'infra/**/*.{bicep,bicepparam}'], folder, {});
      return globSync('infra/**/*.{bicep,bicepparam}', { cwd: folder }).filter(
        (file) => readFileSync(join(folder, file), 'utf8') !== readFileSync(join(root, file), 'utf8'),
      );
    },
    async evaluate(env) {
      await bicep(
        ['snapshot', 'infra/main.bicepparam', '--mode', 'overwrite', ...where, ...tenant],
        folder,
        env,
      );
      return snapshot.parse(JSON.parse(readFileSync(join(folder, 'infra/main.snapshot.json'), 'utf8')));
    },
    async evaluateModule(parameters) {
      writeFileSync(join(folder, 'infra/module.bicepparam'), parameters);
      await bicep(
        ['snapshot', 'infra/module.bicepparam', '--mode', 'overwrite', ...inGroup, ...tenant],
        folder,
        {},
      );
      return snapshot.parse(JSON.parse(readFileSync(join(folder, 'infra/module.snapshot.json'), 'utf8')));
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

const clockLibraries = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1',
];

/** Lets the compiler believe that it is this date; undefined: libfaketime is not installed (Debian's package `libfaketime`). */
export function clockAt(date: string): Environment | undefined {
  const library = clockLibraries.find((path) => existsSync(path));
  return library === undefined ? undefined : { LD_PRELOAD: library, FAKETIME: `@${date} 00:00:00` };
}

const run = promisify(execFile);

async function bicep(args: readonly string[], cwd: string, env: Environment) {
  const command = process.env['BICEP'] ?? 'bicep';
  try {
    return await run(command, args, { cwd, env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      throw new Error(
        `There is no Bicep compiler ("${command}"). Install it (https://aka.ms/bicep-install) so that \`bicep\` is on the PATH, or name one in the variable BICEP.`,
      );
    throw error;
  }
}
