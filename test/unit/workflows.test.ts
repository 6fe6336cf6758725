/** Promise: the workflows test what is deployed, and deploy without a secret. */

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod/mini';

// That they are workflows at all is told by actionlint, in `npm run lint`.

const root = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

const step = z.object({ run: z.optional(z.string()) });
const job = z.object({
  permissions: z.optional(z.record(z.string(), z.string())),
  env: z.optional(z.record(z.string(), z.string())),
  strategy: z.optional(z.object({ matrix: z.object({ node: z.array(z.string()) }) })),
  steps: z.optional(z.array(step)),
});
const workflow = z.object({ permissions: z.record(z.string(), z.string()), jobs: z.record(z.string(), job) });

const jobOf = (file: string, name: string) => {
  const found = workflow.parse(parse(read(`.github/workflows/${file}`))).jobs[name];
  if (found === undefined) throw new Error(`${file} has no job ${name}`);
  return found;
};

test('both versions of Node that the app may run on are tested', () => {
  const allowed = /@allowed\(\[('22', '24')\]\)\nparam nodeVersion/.exec(read('infra/main.bicep'))?.[1];
  const { strategy, steps } = jobOf('ci.yml', 'test');
  expect(strategy?.matrix.node.map((version) => `'${version}'`).join(', ')).toBe(allowed);
  // Without this every version would be the Node 24 of the install.
  expect(steps?.map(({ run }) => run)).toContain('rm -f node_modules/.bin/node');
});

test('a deployment signs in without a secret', () => {
  const { permissions, env } = jobOf('azure-dev.yml', 'deploy');
  expect(permissions).toMatchObject({ 'id-token': 'write' });
  expect(read('.github/workflows/azure-dev.yml')).not.toContain('secrets.');
  expect(env).toHaveProperty('AZURE_CLIENT_ID');
});

test('a deployment hands over every parameter, with the same defaults', () => {
  const parameters = [
    ...read('infra/main.bicepparam').matchAll(/readEnvironmentVariable\('(\w+)'(?:, '([^']*)')?\)/g),
  ].map(([, name = '', fallback = '']) => [name, fallback] as const);
  const ofAzd = ['AZURE_CLIENT_ID', 'AZURE_TENANT_ID', 'AZURE_SUBSCRIPTION_ID'];
  const handed = Object.entries(jobOf('azure-dev.yml', 'deploy').env ?? {})
    .filter(([name]) => !ofAzd.includes(name))
    .map(([name, value]) => {
      const [, variable, fallback = ''] = /^\$\{\{ vars\.(\w+)(?: \|\| '([^']*)')? \}\}$/.exec(value) ?? [];
      expect(variable).toBe(name);
      return [name, fallback] as const;
    });
  expect(Object.fromEntries(handed)).toEqual(Object.fromEntries(parameters));
});

test('azd makes the variables of the repository that a deployment reads', () => {
  const { pipeline } = z
    .object({ pipeline: z.object({ variables: z.array(z.string()) }) })
    .parse(parse(read('azure.yaml')));
  const names = [...read('infra/main.bicepparam').matchAll(/readEnvironmentVariable\('(\w+)'/g)];
  expect(pipeline.variables).toEqual(
    names.map(([, name = '']) => name).filter((name) => !name.startsWith('AZURE_')),
  );
});

test('one workflow deploys, under the name that azd looks for, and only with an approval', () => {
  const files = globSync('.github/workflows/*.yml', { cwd: root }).filter((file) =>
    read(file).includes('azd deploy'),
  );
  expect(files.map((file) => file.replaceAll('\\', '/'))).toEqual(['.github/workflows/azure-dev.yml']);
  expect(read('.github/workflows/azure-dev.yml')).toMatch(/^ {4}environment: production$/m);
  expect(read('.github/workflows/azure-dev.yml')).toMatch(/^on:\n {2}workflow_dispatch:\n/m);
});
