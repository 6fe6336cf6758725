/** Promise: the worker signs in with each kind of credential, through the unmodified SDKs. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { generate } from 'selfsigned';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type KeyVault, startKeyVault } from '../../local/azure/key-vault.ts';
import { type ManagedIdentity, startManagedIdentity } from '../../local/azure/managed-identity.ts';
import { type Sandbox, startSandbox } from '../../local/partner-center/sandbox.ts';
import { cartPath, instant } from '../sandbox/client.ts';

const day = 24 * 3_600_000;
const secretName = 'partner-refresh-token';
let sandbox: Sandbox;
let vault: KeyVault;
let identity: ManagedIdentity;
let child: ChildProcess;
const waiting = new Map<number, (signed: Signed) => void>();
let asked = 0;

interface Signed {
  readonly status?: number;
  readonly kind?: 'app' | 'user';
  readonly endsAt?: number;
  readonly error?: string;
  readonly warnings: readonly string[];
}

/** The unmodified SDKs in a process that trusts the certificates of authority and vault. Each test has a vault of its own. */
beforeAll(async () => {
  sandbox = await startSandbox({ switches: instant });
  identity = await startManagedIdentity((resource) =>
    resource.startsWith('api://') ? sandbox.assertion() : `token for ${resource}`,
  );
  const script = new URL('./sign-in-child.ts', import.meta.url).pathname;
  const started = spawn(process.execPath, [script], {
    env: { PATH: process.env['PATH'], NODE_EXTRA_CA_CERTS: sandbox.caFile, ...identity.env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child = started;
  // Each question waits for its end too.
  child.setMaxListeners(0);
  createInterface({ input: started.stdout }).on('line', (line) => {
    const { id, signed } = JSON.parse(line);
    waiting.get(id)?.(signed);
    waiting.delete(id);
  });
});
afterAll(async () => {
  const ended = once(child, 'exit');
  child.stdin?.end();
  await ended;
  await Promise.all([sandbox.stop(), identity.stop()]);
});
beforeEach(async () => {
  vault = await startKeyVault(sandbox.pem);
});
afterEach(async () => {
  sandbox.set({ tokenEndpoint: 'ok' });
  await vault.stop();
});

function signIn(settings: Record<string, string>): Promise<Signed> {
  const [cart] = sandbox.createCarts({ count: 1 });
  if (cart === undefined) throw new Error('No cart was made.');
  const id = ++asked;
  const { promise, resolve, reject } = Promise.withResolvers<Signed>();
  waiting.set(id, resolve);
  child.once('exit', (code) => reject(new Error(`the process of the SDKs ended with ${code}`)));
  const needed = {
    ServiceBusConnection__fullyQualifiedNamespace: 'example.servicebus.windows.net',
    TablesConnection: 'UseDevelopmentStorage=true',
    PARTNER_CENTER_API: sandbox.apiBase,
    PARTNER_CENTER_AUTHORITY: sandbox.authority,
    PARTNER_TENANT_ID: sandbox.credentials.tenantId,
    PARTNER_CLIENT_ID: sandbox.credentials.clientId,
    AZURE_CLIENT_ID: '00000000-0000-4000-8000-00000000000a',
  };
  child.stdin?.write(
    `${JSON.stringify({ id, path: cartPath(cart), settings: { ...needed, ...settings } })}\n`,
  );
  return promise;
}

const appAndUser = () => ({ PARTNER_SIGN_IN: 'app+user', PARTNER_VAULT: vault.address });
const withSecret = () => ({
  PARTNER_CREDENTIAL: 'secret',
  PARTNER_CLIENT_SECRET: sandbox.credentials.clientSecret,
});

async function withCertificate(): Promise<Record<string, string>> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'app' }], {
    algorithm: 'sha256',
    notAfterDate: new Date(Date.now() + 30 * day),
  });
  sandbox.trustCertificate(cert);
  return { PARTNER_CREDENTIAL: 'certificate', PARTNER_CLIENT_CERTIFICATE: `${cert}\n${key}` };
}

test('app-only: a managed identity that the app registration trusts, without any secret', async () => {
  expect(await signIn({})).toEqual({ status: 200, kind: 'app', endsAt: 0, warnings: [] });
});

test('app-only: a certificate, whose end is known', async () => {
  const signed = await signIn(await withCertificate());
  expect(signed).toMatchObject({ status: 200, kind: 'app' });
  expect(Math.abs((signed.endsAt ?? 0) - Date.now() - 30 * day)).toBeLessThan(day);
});

test('app-only: the certificate that the vault holds', async () => {
  const { PARTNER_CLIENT_CERTIFICATE: pem = '' } = await withCertificate();
  vault.put('partner-client-certificate', pem, Date.now());
  const signed = await signIn({ PARTNER_CREDENTIAL: 'certificate', PARTNER_VAULT: vault.address });
  expect(signed).toMatchObject({ status: 200, kind: 'app', endsAt: expect.any(Number), warnings: [] });
});

test('a secret is rotated in the vault, then the vault is unavailable: no restart, and the age is told', async () => {
  const name = 'partner-client-secret';
  const settings = { PARTNER_CREDENTIAL: 'secret', PARTNER_VAULT: vault.address };
  vault.put(name, 'expired', Date.now());
  expect((await signIn(settings)).error).toContain('AADSTS');
  vault.put(name, sandbox.credentials.clientSecret, Date.now());
  expect(await signIn(settings)).toMatchObject({ status: 200, warnings: [] });
  vault.refuseReads(403);
  const old = await signIn(settings);
  expect(old).toMatchObject({ status: 200, warnings: [expect.stringContaining('was read 0 min ago')] });
  expect(old.warnings.join()).toContain('Key Vault Secrets User');
  expect(JSON.stringify(old)).not.toContain(sandbox.credentials.clientSecret);
});

test('app+user, each proof of the app: the refresh token comes out of the vault', async () => {
  vault.put(secretName, sandbox.credentials.refreshToken, Date.now() - day);
  const proofs = [withSecret(), await withCertificate(), {}];
  const signed = await Promise.all(proofs.map((proof) => signIn({ ...appAndUser(), ...proof })));
  for (const one of signed) {
    expect(one).toMatchObject({ status: 200, kind: 'user', warnings: [] });
    expect(Math.abs((one.endsAt ?? 0) - Date.now() - 89 * day)).toBeLessThan(day / 10);
  }
  expect(vault.versions(secretName)).toHaveLength(1);
});

test('app+user: a token of some days is replaced in the vault, and the old one put out of use', async () => {
  vault.put(secretName, sandbox.credentials.refreshToken, Date.now() - 4 * day);
  expect(await signIn({ ...appAndUser(), ...withSecret() })).toMatchObject({ status: 200, warnings: [] });
  const [old, fresh] = vault.versions(secretName);
  expect(old?.enabled).toBe(false);
  expect(fresh?.value).not.toBe(old?.value);
  expect(await signIn({ ...appAndUser(), ...withSecret() })).toMatchObject({ status: 200 });
});

test('app+user: a vault that takes no writes costs nothing but a warning', async () => {
  vault.put(secretName, sandbox.credentials.refreshToken, Date.now() - 4 * day);
  vault.refuseWrites(403);
  const signed = await signIn({ ...appAndUser(), ...withSecret() });
  expect(signed).toMatchObject({ status: 200, kind: 'user' });
  expect(signed.warnings.join()).toContain('Key Vault Secrets Officer');
  expect(signed.warnings.join()).not.toContain(sandbox.credentials.refreshToken);
});

test('app+user: a revoked grant, an empty vault and a wrong secret are told in words, without a secret', async () => {
  const empty = await signIn({ ...appAndUser(), ...withSecret() });
  expect(empty.error).toContain(`secret ${secretName} of ${vault.address}`);
  vault.put(secretName, sandbox.credentials.refreshToken, Date.now());
  sandbox.set({ tokenEndpoint: 'invalid-grant' });
  const revoked = await signIn({ ...appAndUser(), ...withSecret() });
  expect(revoked.error).toContain('AADSTS50173: the grant was revoked');
  expect(revoked.error).toContain('A person consents again');
  sandbox.set({ tokenEndpoint: 'invalid-client' });
  const wrong = await signIn({ ...appAndUser(), ...withSecret() });
  expect(wrong.error).toContain('AADSTS7000222: the client secret has expired');
  const appOnly = await signIn(withSecret());
  expect(appOnly.error).toContain('AADSTS7000222: the client secret has expired');
  for (const { error } of [empty, revoked, wrong, appOnly]) {
    expect(error).not.toContain(sandbox.credentials.refreshToken);
    expect(error).not.toContain(sandbox.credentials.clientSecret);
  }
});
