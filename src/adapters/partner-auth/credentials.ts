/** How the worker gets its tokens for Partner Center, as the settings say: of the app alone, or of the app and the person who consented. */

import { X509Certificate } from 'node:crypto';
import {
  ClientAssertionCredential,
  ClientCertificateCredential,
  ClientSecretCredential,
  type TokenCredential,
} from '@azure/identity';
import type {
  Credential,
  CredentialConfig,
  PartnerCenterConfig,
} from '../../config/partner-center-config.ts';
import { messageOf } from '../../domain/text.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import { azureIdentity } from '../azure-tables/azure-identity.ts';
import { isMicrosofts } from './authority.ts';
import { federatedAssertion, readPem } from './client-proof.ts';
import { refusalInWords } from './entra-errors.ts';
import { keyVault } from './key-vault.ts';
import { redeemRefreshToken } from './redeem.ts';
import type { Token } from './token-source.ts';
import { fetchUserToken } from './user-token.ts';
import { type SteadyVault, secretNames, steadyVault, type Vault } from './vault.ts';

/**
 * The function that gets a new token each time. It throws in words, without any secret; where the vault could not be read, the words
 * say so, and how old the value is that was used.
 */
export function tokenFetcher(
  config: Pick<PartnerCenterConfig, 'credential' | 'audience' | 'signIn' | 'vault'>,
  telemetry: Pick<Telemetry, 'warn'>,
): () => Promise<Token> {
  const { credential, audience, signIn } = config;
  if (config.vault === undefined) {
    if (credential.kind === 'vault' || signIn === 'app+user') throw new Error('PARTNER_VAULT is missing');
    return () => fetchAppToken(credential, audience);
  }
  const { address, managedIdentityClientId } = config.vault;
  const vault = steadyVault(keyVault(address, azureIdentity(managedIdentityClientId)), Date.now);
  return tokensOfVault({ vault, telemetry }, async () => {
    const app = await provenBy(credential, vault);
    const redeem = (refreshToken: string) => redeemRefreshToken(app, audience, refreshToken);
    return signIn === 'app'
      ? fetchAppToken(app, audience)
      : fetchUserToken({ vault, redeem, now: Date.now, telemetry });
  });
}

/** `fetch` reads the vault. What it gives or throws tells how old the values are that it read. */
export const tokensOfVault =
  (
    { vault, telemetry }: { readonly vault: SteadyVault; readonly telemetry: Pick<Telemetry, 'warn'> },
    fetch: () => Promise<Token>,
  ): (() => Promise<Token>) =>
  async () => {
    try {
      const token = await fetch();
      const outage = vault.outage();
      if (outage !== undefined) telemetry.warn(`a token was made with a value that may be old: ${outage}`);
      return { ...token, ...readAt(vault) };
    } catch (error) {
      const why = messageOf(error);
      const outage = vault.outage();
      throw outage === undefined ? error : new Error(`${why} The vault cannot be read: ${outage}`);
    }
  };

function readAt(vault: SteadyVault): Pick<Token, 'credentialReadAt'> {
  const credentialReadAt = vault.readAt();
  return credentialReadAt === undefined ? {} : { credentialReadAt };
}

/** The credential with the secret or certificate that the vault holds by now. Throws in words. */
export async function provenBy(credential: CredentialConfig, vault: Vault): Promise<Credential> {
  if (credential.kind !== 'vault') return credential;
  const { holds, kind: _, ...app } = credential;
  const { value } = await vault.read(secretNames[holds]);
  if (holds === 'secret') return { ...app, kind: holds, clientSecret: value.trim() };
  const certificate = value.replaceAll('\\n', '\n');
  if (certificate.includes('BEGIN CERTIFICATE') && certificate.includes('PRIVATE KEY'))
    return { ...app, kind: holds, certificate };
  throw new Error(
    `${vault.place(secretNames[holds])} is not PEM with a certificate and its private key: store it in this form. A certificate that the vault made or imported has it with the content type application/x-pem-file`,
  );
}

/**
 * Asks the authority for an app-only token of this audience. A credential keeps its tokens, so a new one is made for each
 * question: our own cache decides when a token is to be new.
 */
async function fetchAppToken(config: Credential, audience: string): Promise<Token> {
  const answer = await credentialOf(config)
    .getToken(`${audience}/.default`, { requestOptions: { timeout: 30_000 } })
    .catch((error: unknown) => {
      throw new Error(refusalInWords(messageOf(error)));
    });
  if (answer === null) throw new Error('the authority gave no token and no reason');
  return { token: answer.token, expiresAt: answer.expiresOnTimestamp, ...endOf(config) };
}

/** A federated credential does not end, and when a secret does, only the app registration knows. */
const endOf = (config: Credential): Pick<Token, 'credentialEndsAt'> =>
  config.kind === 'certificate'
    ? { credentialEndsAt: Date.parse(new X509Certificate(readPem(config.certificate)).validTo) }
    : {};

function credentialOf(config: Credential): TokenCredential {
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
