import { DefaultAzureCredential, ManagedIdentityCredential, type TokenCredential } from '@azure/identity';

/** The managed identity of that client id; without one whichever is there: the app's own, or a developer's sign-in. */
export const azureIdentity = (clientId: string | undefined): TokenCredential =>
  clientId === undefined ? new DefaultAzureCredential() : new ManagedIdentityCredential({ clientId });
