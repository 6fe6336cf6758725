/** Where notices go: the address that the settings hold, or the one that the vault holds now. */

import type { Config } from '../../config/config.ts';
import { azureIdentity } from '../azure-tables/azure-identity.ts';
import { loadOnce } from '../load-once.ts';
import { secretNames, steadyVault } from '../partner-auth/vault.ts';

/** Read with each notice, so a new address needs no restart. While the vault cannot be read, the last one stands. Throws in words. */
export function webhookAddress(
  webhook: NonNullable<Config['notify']['webhook']>,
  clientId: string | undefined,
): () => Promise<string> {
  if (webhook.kind === 'address') return async () => webhook.address;
  // The library is loaded with the first notice.
  const vault = loadOnce(async () => {
    const { keyVault } = await import('../partner-auth/key-vault.ts');
    return steadyVault(keyVault(webhook.vault, azureIdentity(clientId)), Date.now);
  });
  return async () => (await (await vault()).read(secretNames.webhook)).value;
}
