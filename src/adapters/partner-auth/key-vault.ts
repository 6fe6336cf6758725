/** `Vault` by the client of Azure Key Vault. */
import type { TokenCredential } from '@azure/identity';
import { SecretClient } from '@azure/keyvault-secrets';
import type { SecretName, Vault } from './vault.ts';

const limited = () => ({ abortSignal: AbortSignal.timeout(20_000) });

/**
 * Reading needs the role "Key Vault Secrets User", writing "Key Vault Secrets Officer"; `who` signs in, for the advice in errors.
 * `address` is like `https://contoso.vault.azure.net`.
 */
export function keyVault(
  address: string,
  credential: TokenCredential,
  who: 'the worker’s identity' | 'you' = 'the worker’s identity',
): Vault {
  const client = new SecretClient(address, credential, {
    retryOptions: { maxRetries: 2, maxRetryDelayInMs: 2_000 },
    // A vault on this machine has no name under vault.azure.net to compare its challenge with.
    disableChallengeResourceVerification: isLoopback(address),
  });
  const place = (name: SecretName) => `secret ${name} of ${address}`;
  const failure = (tried: string, role: string, error: unknown) =>
    new Error(`${tried} failed: ${inWords(error, `The role "${role}" on it is missing for ${who}`)}`);
  return {
    place,
    async read(name) {
      const { value, properties } = await client.getSecret(name, limited()).catch((error: unknown) => {
        throw failure(`reading ${place(name)}`, 'Key Vault Secrets User', error);
      });
      const { version, createdOn } = properties;
      if (value === undefined || value === '' || version === undefined)
        throw new Error(`${place(name)} is empty: store its value there`);
      return { value, version, writtenAt: createdOn?.getTime() ?? 0 };
    },
    async write(name, value, replaces) {
      try {
        await client.setSecret(name, value, limited());
        if (replaces !== undefined)
          await client.updateSecretProperties(name, replaces.version, { enabled: false, ...limited() });
      } catch (error) {
        throw failure(`writing ${place(name)}`, 'Key Vault Secrets Officer', error);
      }
    },
  };
}

const isLoopback = (address: string): boolean =>
  ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(address).hostname);

/** The client's error holds the request with its token: only status and words are told. */
function inWords(error: unknown, forbidden: string): string {
  if (!(error instanceof Error)) return 'unknown failure.';
  const status = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : undefined;
  const advice =
    status === 403
      ? ` ${forbidden}, or the network does not let it in.`
      : status === 404
        ? ' Store its value there.'
        : '';
  return `${status === undefined ? '' : `${status}: `}${(error.message.split('\n')[0] ?? '').slice(0, 200)}.${advice}`;
}
