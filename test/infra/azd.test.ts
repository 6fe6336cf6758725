/** Promise: azd deploys what `npm run build` writes. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod/mini';
import { only } from './deployed.ts';

const service = z.object({
  project: z.string(),
  host: z.string(),
  dist: z.string(),
  remoteBuild: z.boolean(),
});
const azure = z
  .object({
    infra: z.object({ path: z.string(), module: z.string() }),
    services: z.record(z.string(), service),
  })
  .parse(parse(readFileSync(join(import.meta.dirname, '../../azure.yaml'), 'utf8')));

test('azd deploys what `npm run build` writes, as it is, to the app that carries the service’s name', () => {
  expect(Object.entries(azure.services)).toEqual([
    [
      z.record(z.string(), z.string()).parse(only('least', 'Microsoft.Web/sites')['tags'])[
        'azd-service-name'
      ],
      { project: '.', host: 'function', dist: 'dist', remoteBuild: false },
    ],
  ]);
  expect(azure.infra).toEqual({ path: 'infra', module: 'main' });
});
