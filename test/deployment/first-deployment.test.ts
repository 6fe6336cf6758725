/** Promise: the lead through the first deployment keeps answers, and it and the probe say what is wrong with their input. */

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lead } from '../../local/first-deployment/lead.ts';
import { steps } from '../../local/first-deployment/steps.ts';

const root = join(import.meta.dirname, '../..');
const guid = '7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10';
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'first-deployment-'));
});
afterAll(() => rm(folder, { recursive: true }));

function command(...args: string[]): Promise<{ code: number; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [join(root, 'local/first-deployment.ts'), ...args],
      { cwd: folder },
      (error, _, stderr) => resolve({ code: Number(error?.code ?? 0), stderr }),
    );
    child.stdin?.end();
  });
}

test('the probe says which option is wrong, and buys nothing unless somebody agrees', {
  timeout: 60_000,
}, async () => {
  const settings = join(folder, 'sandbox.env');
  await writeFile(settings, 'PARTNER_TENANT_ID=x\n');
  const right = join(folder, 'right.env');
  await writeFile(
    right,
    `PARTNER_TENANT_ID=${guid}\nPARTNER_CLIENT_ID=${guid}\nPARTNER_CREDENTIAL=secret\nPARTNER_CLIENT_SECRET=s\n`,
  );
  const probe = (...args: string[]) => command('probe', ...args);
  const answers = await Promise.all([
    command('nonsense'),
    probe('--nope'),
    probe('--settings', settings, '--customer', 'contoso', '--item', 'i'),
    probe('--settings', settings, '--customer', guid),
    probe('--settings', join(folder, 'none.env'), '--customer', guid, '--item', 'i'),
    probe('--settings', settings, '--customer', guid, '--item', 'i'),
    probe('--settings', right, '--customer', guid, '--item', 'i'),
  ]);
  const said = answers.map(({ code, stderr }) => `${code} ${stderr}`);
  expect(said[0]).toMatch(/^2 .*(unknown command|too many arguments)/);
  expect(said[1]).toMatch(/^2 .*(required option|unknown option)/);
  expect(said[2]).toMatch(/^2 --customer must be a GUID/);
  expect(said[3]).toMatch(/^2 Name a cart with --cart/);
  expect(said[4]).toMatch(/^2 --settings must name a file that can be read/);
  expect(said[5]).toMatch(/^3 PARTNER_TENANT_ID is /);
  expect(said[6]).toMatch(
    /^2 This buys a cart .* Is that an integration sandbox\? Nobody can be asked here: add --yes/,
  );
  for (const each of said) expect(each).not.toMatch(/^ {4}at /m);
});

/** A terminal at which somebody types these lines, each when it is asked. */
function person(lines: readonly string[]) {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const stdout = new PassThrough();
  const left = [...lines];
  stdout.on('data', (asked) => {
    if (!/(\] |Note: )$/.test(String(asked))) return;
    const line = left.shift();
    if (line === undefined) stdin.end();
    else stdin.write(`${line}\n`);
  });
  return { stdin, stdout };
}

test('answers are kept; a step that was not as expected is asked again', async () => {
  const file = join(folder, 'answers/first-deployment.json');
  const said: string[] = [];
  const say = (text: string) => void said.push(text);
  // Neither yes nor no is asked again; then the person leaves at the second step.
  expect(await lead(file, say, person(['perhaps', 'n', 'a type was refused']))).toBe(130);
  expect(said.join('\n')).toContain(`1 of ${steps.length} steps are answered`);
  expect(said.join('\n')).toContain(steps[0]?.otherwise);
  const all = steps.flatMap((_, index) => ['y', `note ${index}`]);
  expect(await lead(file, say, person(all))).toBe(0);
  const kept = JSON.parse(await readFile(file, 'utf8'));
  expect(kept).toHaveLength(steps.length);
  expect(kept[0]).toMatchObject({ step: steps[0]?.title, asExpected: true, note: 'note 0' });
  expect(await lead(file, say, person([]))).toBe(0);
});

test('without a terminal every open step is shown and nothing is answered; a broken file of answers is named', async () => {
  const file = join(folder, 'none.json');
  const said: string[] = [];
  const say = (text: string) => void said.push(text);
  expect(await lead(file, say, { stdin: new PassThrough(), stdout: new PassThrough() })).toBe(3);
  for (const { title } of steps) expect(said.join('\n')).toContain(title);
  for (const broken of ['junk', '{"a":1}']) {
    await writeFile(file, broken);
    await expect(lead(file, say, person([]))).rejects.toThrow(`${file} does not hold answers`);
  }
});
