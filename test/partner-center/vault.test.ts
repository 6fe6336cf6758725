/** Promise: what proves who the worker is is read anew for each token, and an outage of the vault alone stops no purchase. */

import { expect, test } from 'vitest';
import { provenBy, tokensOfVault } from '../../src/adapters/partner-auth/credentials.ts';
import { type SecretName, steadyVault, type Vault } from '../../src/adapters/partner-auth/vault.ts';

const hour = 3_600_000;
const app = {
  tenantId: 't',
  clientId: 'c',
  authorityHost: 'https://login.example',
  kind: 'vault',
} as const;

/** A vault that a person changes, and that is unavailable at times. */
function changing(value: string): Vault & { value: string; failure: string | undefined } {
  return {
    value,
    failure: undefined,
    place: (name: SecretName) => `secret ${name} of the vault`,
    async read() {
      if (this.failure !== undefined) throw new Error(this.failure);
      return { value: this.value, version: this.value, writtenAt: 0 };
    },
    async write() {},
  };
}

function bed(value: string) {
  const behind = changing(value);
  const clock = { now: 100 * hour };
  // The methods are called on the vault itself.
  const vault = steadyVault(
    { place: behind.place, read: (name) => behind.read(name), write: behind.write },
    () => clock.now,
  );
  const warnings: string[] = [];
  const telemetry = { warn: (text: string) => warnings.push(text) };
  const tokens = (good: string) =>
    tokensOfVault({ vault, telemetry }, async () => {
      const credential = await provenBy({ ...app, holds: 'secret' }, vault);
      const secret = credential.kind === 'secret' ? credential.clientSecret : '';
      if (secret !== good) throw new Error('AADSTS7000222: the client secret has expired.');
      return { token: secret, expiresAt: clock.now + hour };
    });
  return { behind, clock, warnings, tokens };
}

test('a secret that was rotated is used with the next token', async () => {
  const { behind, tokens, warnings } = bed('old');
  expect(await tokens('old')()).toMatchObject({ token: 'old', credentialReadAt: 100 * hour });
  behind.value = ' new\n';
  expect(await tokens('new')()).toMatchObject({ token: 'new' });
  expect(warnings).toEqual([]);
});

test('while the vault is unavailable the last value stands, and its age is reported', async () => {
  const { behind, clock, tokens, warnings } = bed('old');
  await tokens('old')();
  behind.failure = 'reading it failed: 503.';
  clock.now += 3 * hour;
  expect(await tokens('old')()).toMatchObject({ token: 'old', credentialReadAt: 100 * hour });
  expect(warnings).toEqual([expect.stringContaining('The value in use was read 3 h ago.')]);
  behind.failure = undefined;
  expect(await tokens('old')()).toMatchObject({ credentialReadAt: 103 * hour });
  expect(warnings).toHaveLength(1);
});

test('a value that is refused while the vault is unavailable: the reason tells both', async () => {
  const { behind, clock, tokens } = bed('old');
  await tokens('old')();
  behind.failure = 'reading it failed: 503.';
  clock.now += 90 * 60_000;
  await expect(tokens('new')()).rejects.toThrow(
    /^AADSTS7000222: .*expired\. The vault cannot be read: reading it failed: 503\. The value in use was read 90 min ago\.$/,
  );
});

test('a vault that never answered gives no token, and says why', async () => {
  const { behind, tokens } = bed('old');
  behind.failure = 'reading it failed: 403.';
  await expect(tokens('old')()).rejects.toThrow('reading it failed: 403.');
});

test('a certificate of the vault is PEM, its line ends written in either way; another form is told without its content', async () => {
  const pem = '-----BEGIN CERTIFICATE-----\\nA\\n-----BEGIN PRIVATE KEY-----';
  const proven = (value: string) => provenBy({ ...app, holds: 'certificate' }, changing(value));
  expect(await proven(pem)).toMatchObject({
    kind: 'certificate',
    certificate: pem.replaceAll('\\n', '\n'),
    tenantId: 't',
  });
  await expect(proven('MIIKPAIBAzCC')).rejects.toThrow(
    /^secret partner-client-certificate of the vault is not PEM with a certificate and its private key: (?!.*MIIK)/,
  );
});
