/** Promise: nothing is done that a person did not agree to. */

import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { confirm } from '../../src/cli/session/confirm.ts';

const aTerminal = (isTTY: boolean) => {
  const [stdin, stderr] = [new PassThrough(), new PassThrough()].map((stream) =>
    Object.assign(stream, { isTTY }),
  );
  if (stdin === undefined || stderr === undefined) throw new Error('no stream');
  return { stdin, stderr };
};

test.each([
  ['y', true],
  ['YES ', true],
  ['n', false],
  ['', false],
  ['yesterday', false],
])('the answer "%s" is %s', async (answer, agreed) => {
  const terminal = aTerminal(true);
  const asked = confirm('Close 2 rows?', {}, terminal);
  terminal.stdin.write(`${answer}\n`);
  expect(await asked).toBe(agreed);
  expect(String(terminal.stderr.read())).toContain('Close 2 rows? [y/N] ');
});

test('without a terminal nobody is asked, and nothing is agreed: --yes must say it', async () => {
  const terminal = aTerminal(false);
  await expect(confirm('Close 2 rows?', {}, terminal)).rejects.toThrow('add --yes. Nothing was changed');
  expect(await confirm('Close 2 rows?', { yes: true }, terminal)).toBe(true);
  expect(terminal.stderr.read()).toBeNull();
});
