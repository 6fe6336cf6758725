import { constants, createHash, verify, X509Certificate } from 'node:crypto';
import type { World } from './world.ts';

/** The audience of a managed identity's word for who it is. */
export const exchangeAudience = 'api://AzureADTokenExchange';

/**
 * Whether a client assertion proves the app (RFC 7523): one of a managed identity, as a federated credential takes it, or
 * one signed with a certificate that the app registration knows.
 */
export function provesClient(world: World, form: URLSearchParams): boolean {
  const assertion = form.get('client_assertion');
  if (assertion === null) return false;
  const federated = world.tokens.read(assertion);
  if (federated !== undefined)
    return federated.aud === exchangeAudience && federated.expiresAt > world.clock.now();
  return world.certificates.some((pem) => isSignedBy(pem, assertion, world.credentials.clientId));
}

function isSignedBy(pem: string, assertion: string, clientId: string): boolean {
  const [header = '', payload = '', signature = ''] = assertion.split('.');
  const certificate = new X509Certificate(pem);
  const { alg, ...named } = JSON.parse(Buffer.from(header, 'base64url').toString());
  const { sub, exp } = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const thumbprint = createHash('sha256').update(certificate.raw).digest('base64url');
  if (alg !== 'PS256' || named['x5t#S256'] !== thumbprint) return false;
  if (sub !== clientId || exp * 1_000 < Date.now()) return false;
  const key = {
    key: certificate.publicKey,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  };
  return verify('sha256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'));
}
