import { execFile } from 'node:child_process';
import { copyFileSync, cpSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import * as z from 'zod/mini';
import { variants } from './variants.ts';

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

declare module 'vitest' {
  interface ProvidedContext {
    readonly snapshots: Readonly<Record<string, Snapshot>>;
  }
}

const root = join(import.meta.dirname, '../..');

/** Compiles, lints and evaluates the templates in a copy, so that nothing is left beside them. */
export async function setup(project: TestProject): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'infra-'));
  try {
    cpSync(join(root, 'infra'), join(folder, 'infra'), { recursive: true });
    copyFileSync(join(root, 'host.json'), join(folder, 'host.json'));
    await refuseWarnings(folder);
    await refuseOtherFormat(folder);
    const snapshots: Record<string, Snapshot> = {};
    for (const [name, env] of Object.entries(variants)) snapshots[name] = await evaluate(folder, env);
    project.provide('snapshots', snapshots);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The rules stand in bicepconfig.json; the compiler's own warnings have no level there. */
async function refuseWarnings(folder: string): Promise<void> {
  const { stderr } = await bicep(['build', 'infra/main.bicep', '--stdout'], folder);
  if (stderr.trim() !== '') throw new Error(`The Bicep compiler warns:\n${stderr}`);
}

async function refuseOtherFormat(folder: string): Promise<void> {
  await bicep(['format', '--pattern', 'infra/**/*.{bicep,bicepparam}'], folder);
  const other = globSync('infra/**/*.{bicep,bicepparam}', { cwd: folder }).filter(
    (file) => readFileSync(join(folder, file), 'utf8') !== readFileSync(join(root, file), 'utf8'),
  );
  if (other.length > 0)
    throw new Error(`Not formatted; mend it with: bicep format FILE\n  ${other.join('\n  ')}`);
}

async function evaluate(folder: string, env: Readonly<Record<string, string>>): Promise<Snapshot> {
  const where = ['--subscription-id', '00000000-0000-4000-8000-000000000001', '--location', 'westeurope'];
  const tenant = ['--tenant-id', '00000000-0000-4000-8000-000000000002'];
  await bicep(['snapshot', 'infra/main.bicepparam', '--mode', 'overwrite', ...where, ...tenant], folder, env);
  return snapshot.parse(JSON.parse(readFileSync(join(folder, 'infra/main.snapshot.json'), 'utf8')));
}

const run = promisify(execFile);

async function bicep(args: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}) {
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
