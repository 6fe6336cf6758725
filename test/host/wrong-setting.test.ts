/** Promise: with a wrong setting every trigger fails with the one line that names it. */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, inject, test } from 'vitest';
import * as z from 'zod/mini';
import { startHost } from '../../local/functions-host/child.ts';

/** All that a start needs, without a place to connect to. */
const right = {
  ServiceBusConnection__fullyQualifiedNamespace: 'contoso.servicebus.windows.net',
  TablesConnection__tableServiceUri: 'https://contoso.table.core.windows.net',
  PARTNER_TENANT_ID: '7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10',
  PARTNER_CLIENT_ID: '7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10',
  // A message is held before it is handed back; so briefly here.
  CHECKOUT_TIME_FACTOR: '1000',
};
const names = [
  'checkout',
  'checkoutUrgent',
  'submitJobs',
  'readJob',
  'readBatch',
  'health',
  'pollPendingOrders',
];

const told = z.object({
  functions: z.array(z.string()),
  answers: z.record(
    z.string(),
    z.object({
      status: z.optional(z.string()),
      body: z.optional(z.string()),
      thrown: z.optional(z.string()),
    }),
  ),
  hookData: z.record(z.string(), z.unknown()),
});

/** The bundle in a process of its own, driven as the worker of Azure's host drives it. */
async function drive(env: Record<string, string>, node?: string) {
  const child = join(import.meta.dirname, './wrong-setting-child.ts');
  const args = [child, inject('appRoot'), ...(node === undefined ? [] : [node])];
  const { PATH = '', NODE_COMPILE_CACHE = '' } = process.env;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, {
    env: { PATH, NODE_COMPILE_CACHE, ...env },
  });
  return { ...told.parse(JSON.parse(stdout)), log: stderr.trimEnd().split('\n') };
}

/** What the real host keeps of the console under host.json's `"Host": "Warning"`. */
const kept = (log: readonly string[]) => log.filter((line) => /error|fail/i.test(line));

describe('a setting is wrong', () => {
  const env = { ...right, PARTNER_TENANT_ID: 'Zq8Q~S3cr3tValue', MAX_ATTEMPTS: 'many' };

  test('every function is registered, health says why, and each trigger fails with the one line', async () => {
    const { functions, answers, log } = await drive(env);
    expect(functions).toEqual(names);
    expect(kept(log)).toHaveLength(1);
    const [line = ''] = kept(log);
    for (const name of ['PARTNER_TENANT_ID', 'MAX_ATTEMPTS']) expect(line).toContain(name);
    expect(log.join()).not.toContain('S3cr3t');
    const reason = line.replace(/^error: /, '');

    expect(answers['health']?.status).toBe('503');
    expect(JSON.parse(answers['health']?.body ?? '')).toEqual({
      healthy: false,
      tables: 'not-asked',
      reason,
    });
    for (const name of ['checkout', 'checkoutUrgent', 'pollPendingOrders'])
      expect(answers[name]).toEqual({ thrown: reason });
    for (const name of ['submitJobs', 'readJob', 'readBatch']) {
      expect(answers[name]?.status).toBe('503');
      expect(JSON.parse(answers[name]?.body ?? '')).toMatchObject({ status: 503, detail: reason });
    }
  });

  test('the local host, which a person starts, ends with the line', async () => {
    const local = { ...env, ServiceBusConnection: 'x', AZURE_FUNCTIONS_ENVIRONMENT: 'Development' };
    const start = startHost({ appRoot: inject('appRoot'), env: local });
    await expect(start).rejects.toThrow(
      /^The worker does not start: \d settings are wrong: .*PARTNER_TENANT_ID/m,
    );
  });
});

test('a Node that is too old gets one clear line, and the functions are there to tell it', async () => {
  const { functions, answers, log } = await drive(right, '20.20.2');
  expect(functions).toEqual(names);
  expect(log).toHaveLength(1);
  expect(log[0]).toMatch(/^error: The worker does not start: Node 20\.20\.2 is too old; expected: Node 22/);
  expect(answers['health']?.status).toBe('503');
  expect(answers['health']?.body).toContain('Node 20.20.2 is too old');
});
