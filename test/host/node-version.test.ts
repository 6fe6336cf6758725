/** Promise: a Node that is too old is named in a sentence. */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const guard = join(import.meta.dirname, '../../local/node-version.cjs');

function onNode(version: string) {
  const pretend = `Object.defineProperty(process.versions, 'node', { value: '${version}' });`;
  const { status, stderr } = spawnSync(
    process.execPath,
    ['-e', `${pretend} require(${JSON.stringify(guard)})`],
    {
      encoding: 'utf8',
    },
  );
  return { status, stderr };
}

test.for(['18.0.0', '22.15.0', '24.1.0'])('Node %s is told to be too old, in a sentence', (version) => {
  const { status, stderr } = onNode(version);
  expect(status).toBe(1);
  expect(stderr).toMatch(new RegExp(`^This runs on Node 24.2 or newer, and this is ${version}: .+\n$`));
});

test.for(['24.2.0', '26.0.0'])('Node %s will do', (version) => {
  expect(onNode(version)).toEqual({ status: 0, stderr: '' });
});

test.for(['20.20.2', '24.1.0'])('the command line on Node %s says the same, and how to run it', (version) => {
  const main = new URL('../../src/cli/main.js', import.meta.url).href;
  const pretend = `Object.defineProperty(process.versions, 'node', { value: '${version}' });`;
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', `${pretend} await import(${JSON.stringify(main)})`],
    { encoding: 'utf8' },
  );
  expect(status).toBe(3);
  expect(stderr).toBe(
    `The command line runs on Node 24.2 or newer, and this is ${version}. Run it as npx partner-checkout, after npm ci: that brings Node 24 along for Linux and Windows. Elsewhere install Node 24.\n`,
  );
});
