/**
 * `npm run check:ui`: the operator's page in a browser. With `--json` it reports the figures, each beside its goal: pages, actions with
 * effect, violations of accessibility, refused attacks, layout shift, widths, and how a batch of 10,000 jobs is shown.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod/mini';

const testReport = z.object({ numPassedTests: z.number(), numFailedTests: z.number() });
const figures = z.object({
  pages: z.number(),
  axeViolations: z.number(),
  widths: z.array(z.number()),
  attacks: z.number(),
  attacksRefused: z.number(),
  actionsWithEffect: z.number(),
  clicksToRetry: z.number(),
  layoutShift: z.number(),
  jobs: z.number(),
  firstPageMs: z.number(),
  refreshes: z.number(),
  refreshP95Ms: z.number(),
  requestsOfARefresh: z.number(),
  requestsOfAnOverviewRefresh: z.number(),
});

const args = process.argv.slice(2);
process.exitCode = args.includes('--json') ? report() : test(args, {}, 'inherit');

function test(
  rest: readonly string[],
  env: Readonly<Record<string, string>>,
  stdout: 'inherit' | 'ignore',
): number {
  const vitest = join(import.meta.dirname, '../../node_modules/vitest/vitest.mjs');
  const run = ['run', '--config', 'test/ui/vitest.config.ts', ...rest];
  const stdio: ['ignore', 'inherit' | 'ignore', 'inherit'] = ['ignore', stdout, 'inherit'];
  return (
    spawnSync(process.execPath, [vitest, ...run], { stdio, env: { ...process.env, ...env } }).status ?? 1
  );
}

/** 0: every test passed and every goal is met. */
function report(): number {
  const folder = mkdtempSync(join(tmpdir(), 'ui-report-'));
  try {
    const [tests, measured] = [join(folder, 'tests.json'), join(folder, 'figures')];
    const status = test([], { TEST_REPORT: tests, UI_FIGURES: measured }, 'ignore');
    const { numPassedTests, numFailedTests } = testReport.parse(JSON.parse(readFileSync(tests, 'utf8')));
    const lines = readFileSync(measured, 'utf8').trim().split('\n');
    const found = figures.parse(Object.assign({}, ...lines.map((line): unknown => JSON.parse(line))));
    const goals = {
      axeViolations: found.axeViolations === 0,
      attacksRefused: found.attacksRefused === found.attacks,
      clicksToRetry: found.clicksToRetry <= 6,
      layoutShift: found.layoutShift < 0.001,
      firstPageMs: found.firstPageMs <= 3_000,
      refreshP95Ms: found.refreshP95Ms <= 200,
      requestsOfARefresh: found.requestsOfARefresh <= 5,
      requestsOfAnOverviewRefresh: found.requestsOfAnOverviewRefresh <= 5,
    };
    const missed = Object.entries(goals).flatMap(([name, isMet]) => (isMet ? [] : [name]));
    const counts = { passed: numPassedTests, failed: numFailedTests };
    const told = {
      ...found,
      tests: counts,
      missed,
      load: loadavg().map((load) => Math.round(load * 10) / 10),
    };
    process.stdout.write(`${JSON.stringify(told, null, 2)}\n`);
    return status === 0 && missed.length === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
