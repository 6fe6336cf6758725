/** Promise: a file that cannot be used is named, with the reason; other failures are not called one of the file. */

import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CommandFailure, exit } from '../../src/cli/session/cli-failure.ts';
import { withFile } from '../../src/cli/session/file-failure.ts';

test('a folder, a file that is not there, and one in a folder that is not there', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'file-failure-'));
  const failing = async (file: string, use: () => Promise<unknown>) => {
    const failure: unknown = await withFile(file, use).catch((error: unknown) => error);
    if (!(failure instanceof CommandFailure)) throw new Error('no CommandFailure');
    return [failure.code, failure.message];
  };
  const none = join(folder, 'none/export.jsonl');
  expect(await failing(folder, () => readFile(folder))).toEqual([
    exit.usage,
    `${folder} cannot be used: it is a folder.`,
  ]);
  const missing = [exit.usage, `${none} cannot be used: there is no such file or folder.`];
  expect(await failing(none, () => readFile(none))).toEqual(missing);
  expect(await failing(none, () => open(none, 'w'))).toEqual(missing);
  await rm(folder, { recursive: true });
});

test('a lost connection stays what it is', async () => {
  const lost = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  await expect(withFile('export.jsonl', () => Promise.reject(lost))).rejects.toBe(lost);
});
