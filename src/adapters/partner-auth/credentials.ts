import { X509Certificate } from 'node:crypto';
import {
  ClientAssertionCredential,
  ClientCertificateCredential,
  ClientSecretCredential,
  type TokenCredential,
} from '@azure/identity';
import type { CredentialConfig, PartnerCenterConfig } from '../../config/partner-center-config.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import { azureIdentity } from '../azure-tables/azure-identity.ts';
import { isMicrosofts } from './authority.ts';
import { federatedAssertion, readPem } from './client-proof.ts';
import { refusalInWords } from './entra-errors.ts';
import { keyVaultStore } from './key-vault.ts';
import { redeemRefreshToken } from './redeem.ts';
import type { Token } from './token-source.ts';
import { fetchUserToken } from './user-token.ts';

/** How the worker gets its tokens, as the settings say: of the app alone, or of the app and the person who consented. */
export function tokenFetcher(
  config: Pick<PartnerCenterConfig, 'credential' | 'audience' | 'signIn'>,
  telemetry: Pick<Telemetry, 'warn'>,
): () => Promise<Token> {
  const { credential, audience, signIn } = config;
  if (signIn.kind === 'app') return () => fetchAppToken(credential, audience);
  const store = keyVaultStore(signIn.vault, azureIdentity(signIn.managedIdentityClientId));
  const redeem = (refreshToken: string) => redeemRefreshToken(credential, audience, refreshToken);
  return () => fetchUserToken({ store, redeem, now: Date.now, telemetry });
}

/**
 * Asks the authority for an app-only token of this audience. A credential keeps its tokens, so a new one is made for each
 * question: our own cache decides when a token is to be new.
 */
async function fetchAppToken(config: CredentialConfig, audience: string): Promise<Token> {
  const answer = await credentialOf(config)
    .getToken(`${audience}/.default`, { requestOptions: { timeout: 30_000 } })
    .catch((error: unknown) => {
      throw new Error(refusalInWords(error instanceof Error ? error.message : String(error)));
    });
  if (answer === null) throw new Error('the authority gave no token and no reason');
  return { token: answer.token, expiresAt: answer.expiresOnTimestamp, ...endOf(config) };
}

/** A federated credential does not end, and when a secret does, only the app registration knows. */
const endOf = (config: CredentialConfig): Pick<Token, 'credentialEndsAt'> =>
  config.kind === 'certificate'
    ? { credentialEndsAt: Date.parse(new X509Certificate(readPem(config.certificate)).validTo) }
    : {};

function credentialOf(config: CredentialConfig): TokenCredential {
  const { tenantId, clientId, authorityHost } = config;
  // Instance discovery asks Microsoft whether the authority is one of its own: a sandbox is not.
  const options = { authorityHost, disableInstanceDiscovery: !isMicrosofts(authorityHost) };
  switch (config.kind) {
    case 'secret':
      return new ClientSecretCredential(tenantId, clientId, config.clientSecret, options);
    case 'certificate': {
      const certificate = readPem(config.certificate);
      return new ClientCertificateCredential(tenantId, clientId, { certificate }, options);
    }
    case 'federated': {
      const assertion = () => federatedAssertion(config.managedIdentityClientId, config.exchangeAudience);
      return new ClientAssertionCredential(tenantId, clientId, assertion, options);
    }
  }
}
