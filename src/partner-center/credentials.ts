import { readFileSync } from 'node:fs';
import {
  ClientAssertionCredential,
  ClientCertificateCredential,
  ClientSecretCredential,
  ManagedIdentityCredential,
  type TokenCredential,
} from '@azure/identity';
import type { CredentialConfig } from '../config-partner.ts';
import type { Token } from './token-source.ts';

/** What a federated credential of an app registration expects as the audience of its assertion. */
const exchangeAudience = 'api://AzureADTokenExchange/.default';

/**
 * Asks the authority for an app-only token of this audience. A credential keeps its tokens, so a new one is made for each
 * question: our own cache decides when a token is to be new.
 */
export async function fetchAppToken(config: CredentialConfig, audience: string): Promise<Token> {
  const answer = await credentialOf(config).getToken(`${audience}/.default`, {
    requestOptions: { timeout: 30_000 },
  });
  if (answer === null) throw new Error('the authority gave no token and no reason');
  return { token: answer.token, expiresAt: answer.expiresOnTimestamp };
}

function credentialOf(config: CredentialConfig): TokenCredential {
  const { tenantId, clientId, authorityHost } = config;
  // Instance discovery asks Microsoft whether the authority is one of its own: a sandbox is not.
  const options = { authorityHost, disableInstanceDiscovery: !isMicrosofts(authorityHost) };
  switch (config.kind) {
    case 'secret':
      return new ClientSecretCredential(tenantId, clientId, config.clientSecret, options);
    case 'certificate': {
      const pem = config.certificate;
      const certificate = pem.includes('-----BEGIN') ? pem : readFileSync(pem, 'utf8');
      return new ClientCertificateCredential(tenantId, clientId, { certificate }, options);
    }
    case 'federated': {
      const identity =
        config.managedIdentityClientId === undefined
          ? new ManagedIdentityCredential()
          : new ManagedIdentityCredential({ clientId: config.managedIdentityClientId });
      const assertion = async () => (await identity.getToken(exchangeAudience)).token;
      return new ClientAssertionCredential(tenantId, clientId, assertion, options);
    }
  }
}

function isMicrosofts(authorityHost: string): boolean {
  const { hostname } = new URL(authorityHost);
  return /(^|\.)(microsoftonline\.(com|us)|partner\.microsoftonline\.cn|chinacloudapi\.cn)$/.test(hostname);
}
