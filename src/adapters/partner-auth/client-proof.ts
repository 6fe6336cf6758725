/** How the app proves who it is to the authority: secret, certificate or managed identity. */

import { constants, createHash, createPrivateKey, randomUUID, sign, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ManagedIdentityCredential } from '@azure/identity';
import type { Credential } from '../../config/partner-center-config.ts';

/** PEM with certificate and private key, from the setting itself or the file that it names. */
export const readPem = (certificate: string): string =>
  (certificate.includes('-----BEGIN') ? certificate : readFileSync(certificate, 'utf8')).trim();

/** The managed identity's word for who it is, which a federated credential of the app registration takes as proof. */
export async function federatedAssertion(
  managedIdentityClientId: string | undefined,
  exchangeAudience: string,
): Promise<string> {
  const identity =
    managedIdentityClientId === undefined
      ? new ManagedIdentityCredential()
      : new ManagedIdentityCredential({ clientId: managedIdentityClientId });
  return (await identity.getToken(`${exchangeAudience}/.default`)).token;
}

/** The fields of a token request that prove who the app is (RFC 6749, 2.3.1; RFC 7523, 2.2). `endpoint` is its audience. */
export async function clientProof(
  config: Credential,
  endpoint: string,
  now: number,
): Promise<Readonly<Record<string, string>>> {
  if (config.kind === 'secret') return { client_secret: config.clientSecret };
  const assertion =
    config.kind === 'federated'
      ? await federatedAssertion(config.managedIdentityClientId, config.exchangeAudience)
      : signedAssertion(readPem(config.certificate), config.clientId, endpoint, now);
  return {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  };
}

/** Source: "Microsoft identity platform application authentication certificate credentials": PS256, `x5t#S256`. */
function signedAssertion(pem: string, clientId: string, endpoint: string, now: number): string {
  const seconds = Math.floor(now / 1_000);
  const thumbprint = createHash('sha256').update(new X509Certificate(pem).raw).digest('base64url');
  const text = [
    { alg: 'PS256', typ: 'JWT', 'x5t#S256': thumbprint },
    {
      aud: endpoint,
      iss: clientId,
      sub: clientId,
      jti: randomUUID(),
      nbf: seconds - 60,
      iat: seconds,
      exp: seconds + 600,
    },
  ]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const key = { key: createPrivateKey(pem), padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
}
