/**
 * `npm run check:infra`: the tests that need the Bicep compiler. With `--json` it reports what was compiled, as figures: each variant,
 * the warnings, and the same with a clock of years from now. With `--recent` it refuses API versions that have become old.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { clockAt, copyTemplates } from './bicep.ts';
import { variants } from './variants.ts';

/** When the newest API versions of today have become two years old: then the linter would call them old. */
const laterDate = '2028-03-05';

const testReport = z.object({ numPassedTests: z.number(), numFailedTests: z.number() });

const args = process.argv.slice(2);
if (args.includes('--json')) process.exitCode = await report();
else if (args.includes('--recent')) process.exitCode = await refuseOld();
else process.exitCode = test(args);

function test(rest: readonly string[], env: Readonly<Record<string, string>> = {}, quiet = false): number {
  const vitest = join(import.meta.dirname, '../../node_modules/vitest/vitest.mjs');
  const run = ['run', '--config', 'test/infra/vitest.config.ts', ...rest];
  // With --json nothing but the report may stand on stdout.
  const stdio: ['ignore', 'ignore' | 'inherit', 'inherit'] = [
    'ignore',
    quiet ? 'ignore' : 'inherit',
    'inherit',
  ];
  return (
    spawnSync(process.execPath, [vitest, ...run], { stdio, env: { ...process.env, ...env } }).status ?? 1
  );
}

async function report(): Promise<number> {
  const templates = copyTemplates({ recent: false });
  const compiled: { variant: string; resources: number; warnings: number }[] = [];
  const clock = clockAt(laterDate);
  let later: readonly string[] | undefined;
  try {
    for (const [variant, env] of Object.entries(variants)) {
      const warnings = await templates.warnings(env);
      const { predictedResources } = await templates.evaluate(env);
      compiled.push({ variant, resources: predictedResources.length, warnings: warnings.length });
    }
    if (clock !== undefined) later = await templates.warnings({ ...variants.private, ...clock });
  } finally {
    templates.remove();
  }
  const tests = testFigures();
  const warnings = compiled.reduce((sum, each) => sum + each.warnings, 0);
  const figures = {
    variants: compiled,
    warnings,
    later: { date: laterDate, warnings: later?.length ?? 'not run: libfaketime is not installed' },
    tests,
  };
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
  return warnings + (later?.length ?? 0) + tests.failed === 0 && tests.passed > 0 ? 0 : 1;
}

function testFigures(): { readonly passed: number; readonly failed: number } {
  const folder = mkdtempSync(join(tmpdir(), 'infra-report-'));
  try {
    const file = join(folder, 'report.json');
    const status = test([], { TEST_REPORT: file }, true);
    const { numPassedTests, numFailedTests } = testReport.parse(JSON.parse(readFileSync(file, 'utf8')));
    // A file that does not load has no tests that could fail.
    return { passed: numPassedTests, failed: status === 0 ? 0 : Math.max(1, numFailedTests) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function refuseOld(): Promise<number> {
  const templates = copyTemplates({ recent: true });
  try {
    const warnings = await templates.warnings(variants.private);
    process.stdout.write(
      warnings.length === 0 ? 'All API versions are recent.\n' : `${warnings.join('\n')}\n`,
    );
    return warnings.length === 0 ? 0 : 1;
  } finally {
    templates.remove();
  }
}
