/** The identity that signs in to Azure where a setting names no secret. Its library is loaded with the first token. */

import type { TokenCredential } from '@azure/identity';
import { loadOnce } from '../load-once.ts';

/**
 * The managed identity of that client id; without one whichever is there: the app's own, or a developer's sign-in. The library
 * is loaded with the first token: whoever has a connection string needs none.
 */
export function azureIdentity(clientId: string | undefined): TokenCredential {
  const credential = loadOnce(async (): Promise<TokenCredential> => {
    const { DefaultAzureCredential, ManagedIdentityCredential } = await import('@azure/identity');
    return clientId === undefined
      ? new DefaultAzureCredential()
      : new ManagedIdentityCredential({ clientId });
  });
  return {
    async getToken(scopes, options) {
      return (await credential()).getToken(scopes, options);
    },
  };
}
