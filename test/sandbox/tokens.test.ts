/** Promise: the sandbox issues tokens to the unmodified SDKs and refuses wrong proofs. */

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../local/partner-center/sandbox.ts';
import { call, cartPath, instant } from './client.ts';

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox({ switches: instant });
});
afterEach(() => sandbox.stop());

interface TokenBody {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly expires_in: number | string;
  readonly error: string;
}

const scope = 'https://api.partnercenter.microsoft.com/.default';

/** What the real ClientSecretCredential gets in a process that trusts the sandbox's certificate. */
async function askInChild(
  secret: string,
  url: string,
): Promise<{ status?: number; expiresOnTimestamp?: number; error?: string }> {
  const { tenantId, clientId } = sandbox.credentials;
  const child = new URL('./token-child.ts', import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [child, sandbox.authority, tenantId, clientId, secret, url],
    { env: { ...process.env, NODE_EXTRA_CA_CERTS: sandbox.caFile }, timeout: 25_000 },
  );
  return JSON.parse(stdout);
}

/** A form posted to the token endpoint, in this process. */
async function post(
  path: string,
  form: Record<string, string>,
): Promise<{ status: number; body: TokenBody }> {
  const ca = await readFile(sandbox.caFile);
  const { clientId, clientSecret } = sandbox.credentials;
  return new Promise((resolve, reject) => {
    const sent = request(`${sandbox.authority}${path}`, { method: 'POST', ca }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }));
    });
    sent.on('error', reject);
    sent.end(new URLSearchParams({ client_id: clientId, client_secret: clientSecret, ...form }).toString());
  });
}

test('the real ClientSecretCredential gets a token over TLS, and the API takes it', async () => {
  const [cart] = sandbox.createCarts({ count: 1 });
  if (!cart) throw new Error('No cart was made.');
  const got = await askInChild(sandbox.credentials.clientSecret, `${sandbox.apiBase}${cartPath(cart)}`);
  expect(got.status).toBe(200);
  expect(got.expiresOnTimestamp).toBeGreaterThan(Date.now() + 3_000_000);
});

test('the real ClientSecretCredential is told of a wrong secret', async () => {
  const got = await askInChild('wrong', `${sandbox.apiBase}/v1`);
  expect(got.error).toContain('AADSTS7000222');
});

test('an API call without a token, or with a forged one, gets 401 with WWW-Authenticate', async () => {
  const [cart] = sandbox.createCarts({ count: 1 });
  if (!cart) throw new Error('No cart was made.');
  const forged = `${sandbox.token().split('.').slice(0, 2).join('.')}.${'A'.repeat(43)}`;
  for (const header of ['', 'Bearer nonsense', `Bearer ${forged}`]) {
    const got = await call(sandbox, 'GET', cartPath(cart), { headers: { Authorization: header } });
    expect(got.status).toBe(401);
    expect(got.headers.get('WWW-Authenticate')).toContain(`cpid:{${sandbox.credentials.tenantId}}`);
  }
});

test('a token for another audience gets 401 with code 900420', async () => {
  const path = `/${sandbox.credentials.tenantId}/oauth2/v2.0/token`;
  const { body } = await post(path, {
    grant_type: 'client_credentials',
    scope: 'https://graph.windows.net/.default',
  });
  const got = await call(sandbox, 'GET', '/v1/customers/7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10/orders', {
    headers: { Authorization: `Bearer ${body.access_token}` },
  });
  expect([got.status, got.body.code]).toEqual([401, 900420]);
});

test('a refresh token gives an App+User token and a new refresh token, in v1 with strings for numbers', async () => {
  const { tenantId, refreshToken } = sandbox.credentials;
  const first = await post(`/${tenantId}/oauth2/token`, {
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    resource: 'https://api.partnercenter.microsoft.com',
  });
  expect(first.body.expires_in).toBe('3600');
  expect(first.body.refresh_token).not.toBe(refreshToken);
  const second = await post(`/${tenantId}/oauth2/v2.0/token`, {
    grant_type: 'refresh_token',
    refresh_token: first.body.refresh_token,
    scope,
  });
  expect(second.body.expires_in).toBe(3600);
  sandbox.set({ tokenEndpoint: 'invalid-grant' });
  const refused = await post(`/${tenantId}/oauth2/v2.0/token`, {
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    scope,
  });
  expect([refused.status, refused.body.error]).toEqual([400, 'invalid_grant']);
});

test('the token endpoint refuses or fails when so wanted', async () => {
  const path = `/${sandbox.credentials.tenantId}/oauth2/v2.0/token`;
  const ask = () => post(path, { grant_type: 'client_credentials', scope });
  sandbox.set({ tokenEndpoint: 'invalid-client' });
  expect(await ask()).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
  sandbox.set({ tokenEndpoint: 'unavailable' });
  expect(await ask()).toMatchObject({ status: 503, body: { error: 'temporarily_unavailable' } });
  sandbox.set({ tokenEndpoint: 'ok' });
  expect(await ask()).toMatchObject({ status: 200, body: { token_type: 'Bearer', expires_in: 3600 } });
});
