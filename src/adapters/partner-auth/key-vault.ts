import type { TokenCredential } from '@azure/identity';
import { type KeyVaultSecret, SecretClient } from '@azure/keyvault-secrets';
import type { RefreshTokenStore } from './user-token.ts';

/** Its name in the vault: it holds that one secret of a person's. */
const name = 'partner-refresh-token';

const limited = () => ({ abortSignal: AbortSignal.timeout(20_000) });

/** The refresh token as a secret of a Key Vault. Needs the role "Key Vault Secrets Officer" on that secret. */
export function keyVaultStore(
  vault: string,
  credential: TokenCredential,
  who: 'the worker’s identity' | 'you' = 'the worker’s identity',
): RefreshTokenStore & {
  /** Writes a token that replaces none. */
  put(value: string): Promise<void>;
} {
  const client = new SecretClient(vault, credential, {
    retryOptions: { maxRetries: 2, maxRetryDelayInMs: 2_000 },
    // A vault on this machine has no name under vault.azure.net to compare its challenge with.
    disableChallengeResourceVerification: isLoopback(vault),
  });
  const place = `secret ${name} of ${vault}`;
  const failed = (tried: string, error: unknown) =>
    new Error(`${tried} ${place} failed: ${inWords(error, who)}`);
  return {
    place,
    async read() {
      const secret: KeyVaultSecret = await client.getSecret(name, limited()).catch((error: unknown) => {
        throw failed('reading', error);
      });
      const { version, createdOn } = secret.properties;
      if (secret.value === undefined || secret.value === '' || version === undefined)
        throw new Error(`${place} is empty: store the refresh token of the person who consented there`);
      return { value: secret.value, version, writtenAt: createdOn?.getTime() ?? 0 };
    },
    async put(value) {
      await client
        .setSecret(name, value, { contentType: 'refresh token', ...limited() })
        .catch((error: unknown) => {
          throw failed('writing', error);
        });
    },
    async write(value, replaces) {
      try {
        await client.setSecret(name, value, { contentType: 'refresh token', ...limited() });
        await client.updateSecretProperties(name, replaces.version, { enabled: false, ...limited() });
      } catch (error) {
        throw failed('writing', error);
      }
    },
  };
}

const isLoopback = (vault: string): boolean =>
  ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(vault).hostname);

/** The client's error holds the request with its token: only status and words are told. */
function inWords(error: unknown, who: string): string {
  if (!(error instanceof Error)) return 'unknown failure.';
  const status = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : undefined;
  const advice =
    status === 403
      ? ` The role "Key Vault Secrets Officer" on the secret is missing for ${who}, or the network does not let it in.`
      : status === 404
        ? ' Store the refresh token of the person who consented there.'
        : '';
  return `${status === undefined ? '' : `${status}: `}${(error.message.split('\n')[0] ?? '').slice(0, 200)}.${advice}`;
}
