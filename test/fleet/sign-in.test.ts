/** Promise: a person consents once, and the worker signs in with it. */

import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type KeyVault, startKeyVault } from '../../local/azure/key-vault.ts';
import { type ManagedIdentity, startManagedIdentity } from '../../local/azure/managed-identity.ts';
import { type Stack, startStack } from '../../local/stack.ts';
import { trustAlso } from '../../src/cli/session/trust.ts';
import { type CliResult, cli, startCli } from '../support/cli.ts';
import { startResourceManager } from '../support/resource-manager.ts';

/** What a person's own sign-in is needed for, over the wire of the token endpoint and the vault. */
const secretName = 'partner-refresh-token';
let stack: Stack;
let vault: KeyVault;
let identity: ManagedIdentity;
let settings: Record<string, string>;

beforeAll(async () => {
  stack = await startStack({ factor: 100, appRoot: inject('appRoot') });
  await stack.startWorker();
  trustAlso(stack.sandbox.caFile);
  vault = await startKeyVault(stack.sandbox.pem);
  identity = await startManagedIdentity((resource) => `token for ${resource}`);
  settings = {
    ...stack.settings,
    ...identity.env,
    PARTNER_SIGN_IN: 'app+user',
    PARTNER_VAULT: vault.address,
    // No `az` of this machine has a say in it.
    PATH: [dirname(process.execPath), '/bin', '/usr/bin'].join(delimiter),
  };
});
afterAll(() => Promise.all([stack?.stop(), vault?.stop(), identity?.stop()]));

/** Opens the address that the command shows, as a browser does. */
async function consent(
  change: Record<string, string>,
  browse: (address: string, port: string) => Promise<Response>,
): Promise<CliResult> {
  const port = await freePort();
  const { child, ended } = startCli({ ...settings, ...change }, ['credential', 'sign-in', '--port', port]);
  let shown = '';
  const { promise, resolve } = Promise.withResolvers<string>();
  child.stderr?.on('data', (text) => {
    shown += text;
    const address = /^https:\S+$/m.exec(shown)?.[0];
    if (address !== undefined) resolve(address);
  });
  const address = await Promise.race([promise, ended.then(() => undefined)]);
  try {
    if (address !== undefined) await browse(address, port);
  } catch (error) {
    child.kill();
    throw error;
  }
  return ended;
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, 'localhost');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? String(address.port) : '';
}

const browser = (address: string) => fetch(address);

test('a person consents in the browser, and the refresh token is in the vault, for the worker to use', async () => {
  const { code, stdout, stderr } = await consent({}, browser);
  expect(code, stdout + stderr).toBe(0);
  const [kept, ...more] = vault.versions(secretName);
  expect(more).toEqual([]);
  expect(stdout).toContain(`The refresh token is in secret ${secretName} of ${vault.address}`);
  expect(stdout + stderr).not.toContain(kept?.value);
  const doctor = await cli(settings, ['doctor']);
  expect(doctor.stdout).toMatch(/token/);
  expect(doctor.code, doctor.stdout + doctor.stderr).toBe(0);
});

test('doctor finds a right that no parameter asks for, with the settings of a deployment', async () => {
  const scope = '/subscriptions/s/resourceGroups/rg-night/providers/Microsoft.Storage/storageAccounts/st';
  const azure = await startResourceManager([
    [
      { name: 'ours', principalId: 'the worker', scope },
      { name: 'older', principalId: 'somebody who left', scope },
    ],
  ]);
  const deployment = {
    AZURE_SUBSCRIPTION_ID: 's',
    AZURE_RESOURCE_GROUP: 'rg-night',
    AZURE_RESOURCE_MANAGER: azure.endpoint,
  };
  const doctor = (ROLE_ASSIGNMENTS: string) =>
    cli({ ...settings, ...deployment, ROLE_ASSIGNMENTS }, ['doctor']);
  const [left, none] = [await doctor('ours'), await doctor('ours,older')];
  await azure.stop();
  expect(left.code, left.stdout + left.stderr).toBe(1);
  expect(left.stdout).toContain('somebody who left on providers/Microsoft.Storage/storageAccounts/st');
  expect(left.stdout).toContain(`az role assignment delete --ids ${scope}`);
  expect(none.code, none.stdout + none.stderr).toBe(0);
});

test('no consent, a code that somebody else made, a vault that takes nothing: told in words, with 3', async () => {
  const declined = await consent({ PARTNER_CLIENT_ID: '99999999-0000-4000-8000-000000000000' }, browser);
  expect(declined.code).toBe(3);
  expect(declined.stderr).toContain('AADSTS65004');
  const forged = await consent({}, async (address, port) => {
    const state = new URL(address).searchParams.get('state') ?? '';
    expect((await fetch(`http://localhost:${port}/?code=x&state=guessed`)).status).toBe(404);
    return fetch(`http://localhost:${port}/?code=forged&state=${state}`);
  });
  expect(forged.code).toBe(3);
  expect(forged.stderr).toContain('the code was refused');
  vault.refuseWrites(403);
  const refused = await consent({}, browser);
  vault.refuseWrites(undefined);
  expect(refused.code).toBe(3);
  expect(refused.stderr).toContain('Key Vault Secrets Officer');
  expect(vault.versions(secretName)).toHaveLength(1);
});

test('where no person is needed, or the app cannot be proved from here, it says so', async () => {
  const { PARTNER_VAULT: _vault, ...noVault } = settings;
  const app = await cli({ ...noVault, PARTNER_SIGN_IN: 'app' }, ['credential', 'sign-in']);
  expect([app.code, app.stderr]).toEqual([2, expect.stringContaining('PARTNER_SIGN_IN is app')]);
  const { PARTNER_CLIENT_SECRET: _, ...rest } = settings;
  const federated = await cli({ ...rest, PARTNER_CREDENTIAL: 'federated' }, ['credential', 'sign-in']);
  expect([federated.code, federated.stderr]).toEqual([3, expect.stringContaining('federated')]);
});

test('--sign-in: a command calls Partner Center as the person who types the code', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'checkout-sign-in-'));
  const carts = stack.sandbox.createCarts({ count: 2 });
  const lines = carts.map(({ customerId, cartId }) => `${customerId},${cartId}`);
  await writeFile(join(folder, 'two.csv'), `customerId,cartId\n${lines.join('\n')}\n`);
  const { PARTNER_CLIENT_SECRET: _, PARTNER_CREDENTIAL: __, PARTNER_VAULT: ___, ...rest } = settings;
  const { code, stdout, stderr } = await cli(
    { ...rest, PARTNER_SIGN_IN: 'app' },
    ['preflight', 'two.csv', '--sign-in'],
    { folder },
  );
  await rm(folder, { recursive: true });
  expect(code, stdout + stderr).toBe(0);
  expect(stderr).toContain('enter the code SANDBOX');
  expect(stdout).toContain('2 of 2 carts read: nothing found.');
});
