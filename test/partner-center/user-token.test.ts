/** Promise: the vault holds a refresh token that is good, whoever writes last. */

import { expect, test } from 'vitest';
import { fetchUserToken, type Redeemed } from '../../src/adapters/partner-auth/user-token.ts';
import type { StoredSecret, Vault } from '../../src/adapters/partner-auth/vault.ts';

const day = 24 * 3_600_000;
const now = 1_000 * day;

function store(first: StoredSecret): Vault & { stored: StoredSecret; writes: number } {
  return {
    stored: first,
    writes: 0,
    place: () => 'the vault',
    async read() {
      return this.stored;
    },
    async write(_, value) {
      this.writes += 1;
      this.stored = { value, version: `v${this.writes + 1}`, writtenAt: now };
    },
  };
}

const granted = (refreshToken: string): Redeemed => ({
  kind: 'granted',
  token: 'access',
  expiresAt: now + 3_600_000,
  refreshToken,
  mfa: true,
});
const refused: Redeemed = { kind: 'refused', error: 'invalid_grant', description: 'AADSTS700082: old' };

function fetchWith(kept: Vault, redeem: (token: string) => Promise<Redeemed>) {
  const warnings: string[] = [];
  const telemetry = { warn: (text: string) => warnings.push(text) };
  return { token: fetchUserToken({ vault: kept, redeem, now: () => now, telemetry }), warnings };
}

test('two instances in the same hour: whoever writes last, the vault holds a token that is good', async () => {
  const kept = store({ value: 'old', version: 'v1', writtenAt: now - 4 * day });
  const bothRedeemed = Promise.withResolvers<void>();
  let redeemed = 0;
  const redeem = async (token: string) => {
    redeemed += 1;
    if (redeemed === 2) bothRedeemed.resolve();
    await bothRedeemed.promise;
    return granted(`after ${token} ${redeemed}`);
  };
  const [one, two] = [fetchWith(kept, redeem), fetchWith(kept, redeem)];
  await Promise.all([one.token, two.token]);
  expect([1, 2]).toContain(kept.writes);
  expect(kept.stored.value).toMatch(/^after old/);
  const { writes } = kept;
  await fetchWith(kept, async (token) => granted(`after ${token}`)).token;
  expect(kept.writes).toBe(writes);
});

test('a refused token that another instance or a person has replaced meanwhile is tried with its successor', async () => {
  const kept = store({ value: 'old', version: 'v1', writtenAt: now - 100 * day });
  const redeem = async (token: string) => {
    if (token !== 'old') return granted('next');
    kept.stored = { value: 'fresh', version: 'v2', writtenAt: now - 1_000 };
    return refused;
  };
  const { token } = fetchWith(kept, redeem);
  expect(await token).toMatchObject({ token: 'access', credentialEndsAt: now - 1_000 + 90 * day });
});

test('a refused token that nobody has replaced is asked for once, and the words say who does what', async () => {
  const kept = store({ value: 'old', version: 'v1', writtenAt: now - 100 * day });
  let asked = 0;
  const { token } = fetchWith(kept, async () => {
    asked += 1;
    return refused;
  });
  await expect(token).rejects.toThrow(
    'the refresh token is no longer accepted: AADSTS700082: the refresh token was not used for 90 days. Consent again. A person consents again, and the new refresh token is put into the vault.',
  );
  expect(asked).toBe(1);
});

test('a token without the claim of a second factor is used, with a warning that names the code', async () => {
  const kept = store({ value: 'old', version: 'v1', writtenAt: now });
  const { token, warnings } = fetchWith(kept, async () => ({ ...granted('next'), mfa: false }));
  expect(await token).toMatchObject({ token: 'access' });
  expect(warnings.join()).toContain('900421');
  expect(kept.writes).toBe(0);
});

test.each(['abc\n', '\ufeffabc', ' abc\r\n', 'ab\r\nc', 'abc\u200b'])(
  'what a file or a pipe added to the stored token is not sent: %j',
  async (value) => {
    const sent: string[] = [];
    const kept = store({ value, version: 'v1', writtenAt: now });
    const { token } = fetchWith(kept, async (refreshToken) => {
      sent.push(refreshToken);
      return granted('next');
    });
    await token;
    expect(sent).toEqual(['abc']);
  },
);
