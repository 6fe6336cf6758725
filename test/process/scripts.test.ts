/** Promise: each script says its options, and refuses wrong ones in words. */

import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const run = (script: string, ...args: string[]) =>
  spawnSync(process.execPath, [join(root, script), ...args], { encoding: 'utf8' });

test('a script tells its options, and starts nothing', () => {
  const { status, stdout, stderr } = run('local/chaos.ts', '--help');
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toContain('--contract');
});

test.each([
  ['local/chaos.ts', ['--contract', 'none'], '--contract: Invalid option: expected one of "replay"'],
  ['local/night.ts', ['--jobs', 'many'], '--jobs: Invalid input: expected number'],
  ['local/dev.ts', ['--fast'], "Unknown option '--fast'"],
])('%s with wrong options says which, and how it is used', (script, args, reason) => {
  const { status, stdout, stderr } = run(script, ...args);
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toContain(reason);
  expect(stderr).toContain('npm ');
});

test('a script that calls a function of its own has all its constants by then', () => {
  const tooEarly = globSync('{local,test,src}/**/*.ts', { cwd: root }).flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    return [...text.matchAll(/^(?:await )?(\w+)\(/gm)].flatMap(({ 0: call, 1: name, index }) => {
      const isItsOwn = new RegExp(`^(?:async )?function ${name}\\(`, 'm').test(text);
      const later = /^(?:export )?(?:const|let|class) \w+/m.exec(text.slice(index))?.[0];
      return isItsOwn && later !== undefined ? [`${file}: ${call}) before ${later}`] : [];
    });
  });
  expect(tooEarly).toEqual([]);
});
