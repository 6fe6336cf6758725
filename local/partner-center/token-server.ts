import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Certificate } from '../certificate.ts';
import { audience } from './api.ts';
import { readBody } from './api-server.ts';
import { provesClient } from './client-proof.ts';
import type { Json } from './wire.ts';
import type { World } from './world.ts';

/**
 * The token endpoint of Microsoft Entra, v1 and v2, as far as client credentials, refresh tokens and people who sign in need
 * it: in a browser (authorization code with PKCE) or with a code that they type (device code). Nobody is asked: whoever
 * comes has signed in with two factors.
 */
export function makeTokenServer(world: World, pem: Certificate): Server {
  return createServer({ key: pem.key, cert: pem.certificate }, (request, response) => {
    answerToken(world, request, response).catch((error: unknown) => {
      if (request.destroyed && !request.complete) return;
      console.error('Partner Center sandbox, token endpoint:', error);
      response.destroy();
    });
  });
}

async function answerToken(world: World, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'https://sandbox');
  const [, tenant = '', ...rest] = pathname.split('/');
  const endpoint = rest.join('/').toLowerCase();
  const reply = (status: number, body: Json): void => {
    response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' });
    response.end(JSON.stringify(body));
  };
  if (request.method === 'GET' && endpoint === 'v2.0/.well-known/openid-configuration') {
    const base = `https://${request.headers.host}/${tenant}`;
    reply(200, {
      issuer: `${base}/v2.0`,
      authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
      token_endpoint: `${base}/oauth2/v2.0/token`,
      jwks_uri: `${base}/discovery/v2.0/keys`,
    });
    return;
  }
  if (request.method === 'GET' && endpoint === 'oauth2/v2.0/authorize') {
    const address = codeAddress(world, new URL(request.url ?? '/', 'https://sandbox').searchParams);
    response.writeHead(302, { Location: address }).end();
    return;
  }
  if (request.method === 'POST' && endpoint === 'oauth2/v2.0/devicecode') {
    reply(200, {
      device_code: issueCode(world, {}),
      user_code: 'SANDBOX',
      verification_uri: 'https://microsoft.com/devicelogin',
      expires_in: 900,
      interval: 1,
      message: 'To sign in, open https://microsoft.com/devicelogin and enter the code SANDBOX.',
    });
    return;
  }
  const isV2 = endpoint === 'oauth2/v2.0/token';
  if (request.method !== 'POST' || !(isV2 || endpoint === 'oauth2/token')) {
    reply(404, { error: 'not_found', error_description: `No such endpoint: ${pathname}` });
    return;
  }
  const form = new URLSearchParams(await readBody(request));
  await world.clock.sleep(world.scaled(world.switches.tokenDelay));
  const refused = refuse(world, tenant, form);
  if (refused) reply(refused.status, refused.body);
  else reply(200, grant(world, form, isV2));
}

/** By its name in RFC 8628, and as Microsoft's library calls it. */
const isDeviceGrant = (grantType: string | null): boolean =>
  grantType === 'urn:ietf:params:oauth:grant-type:device_code' || grantType === 'device_code';

const issueCode = (
  world: World,
  bound: { readonly challenge?: string; readonly redirect?: string },
): string =>
  world.tokens.issue({
    aud: 'code',
    appid: world.credentials.clientId,
    idtyp: 'user',
    issuedAt: world.clock.now(),
    expiresAt: Number.MAX_SAFE_INTEGER,
    ...bound,
  });

/** Where the browser is sent after the sign-in. */
function codeAddress(world: World, query: URLSearchParams): string {
  const redirect = query.get('redirect_uri') ?? '';
  const [state, challenge] = [query.get('state') ?? '', query.get('code_challenge') ?? ''];
  const refused = query.get('client_id') !== world.credentials.clientId || challenge === '';
  const answer: Record<string, string> = refused
    ? { error: 'access_denied', error_description: 'AADSTS65004: User declined to consent.' }
    : { code: issueCode(world, { challenge, redirect }) };
  return `${redirect}?${new URLSearchParams({ ...answer, state })}`;
}

function isSignInCode(world: World, form: URLSearchParams): boolean {
  if (isDeviceGrant(form.get('grant_type')))
    return world.tokens.read(form.get('device_code') ?? '')?.aud === 'code';
  const claims = world.tokens.read(form.get('code') ?? '');
  const verifier = createHash('sha256')
    .update(form.get('code_verifier') ?? '')
    .digest('base64url');
  return (
    claims?.aud === 'code' && claims.challenge === verifier && claims.redirect === form.get('redirect_uri')
  );
}

const entraError = (status: number, error: string, description: string): { status: number; body: Json } => ({
  status,
  body: { error, error_description: description, error_codes: [Number(/\d+/.exec(description)?.[0] ?? 0)] },
});

function refuse(
  world: World,
  tenant: string,
  form: URLSearchParams,
): { status: number; body: Json } | undefined {
  const { tenantId, clientId, clientSecret } = world.credentials;
  const grantType = form.get('grant_type');
  if (world.switches.tokenEndpoint === 'unavailable') {
    return entraError(503, 'temporarily_unavailable', 'AADSTS90033: A transient error has occurred.');
  }
  if (tenant.toLowerCase() !== tenantId) {
    return entraError(400, 'invalid_request', 'AADSTS90002: Tenant not found.');
  }
  if (form.get('client_id') !== clientId) {
    return entraError(400, 'unauthorized_client', 'AADSTS700016: Application not found in the directory.');
  }
  // A person's own sign-in with a code is that of a public client, which has nothing to prove.
  const proven =
    isDeviceGrant(grantType) || form.get('client_secret') === clientSecret || provesClient(world, form);
  if (!proven || world.switches.tokenEndpoint === 'invalid-client') {
    return entraError(
      401,
      'invalid_client',
      'AADSTS7000222: The provided client secret is expired or wrong.',
    );
  }
  if (grantType === 'client_credentials') return undefined;
  if (grantType === 'authorization_code' || isDeviceGrant(grantType))
    return isSignInCode(world, form)
      ? undefined
      : entraError(
          400,
          'invalid_grant',
          'AADSTS70000: The code is not one of ours, or not for this verifier.',
        );
  if (grantType !== 'refresh_token') {
    return entraError(400, 'unsupported_grant_type', 'AADSTS70003: The grant type is not supported.');
  }
  const token = form.get('refresh_token') ?? '';
  const known = token === world.credentials.refreshToken || world.tokens.read(token)?.aud === 'refresh';
  return known && world.switches.tokenEndpoint !== 'invalid-grant'
    ? undefined
    : entraError(400, 'invalid_grant', 'AADSTS50173: The grant was revoked; a person must consent again.');
}

/** v1 writes its numbers as strings and names a `resource`; v2 writes numbers and names a `scope`. */
function grant(world: World, form: URLSearchParams, isV2: boolean): Json {
  const asked = isV2
    ? (form.get('scope') ?? '').split(' ')[0]?.replace(/\/?\.default$/, '')
    : form.get('resource');
  const now = world.clock.now();
  const isUser = form.get('grant_type') !== 'client_credentials';
  const life = world.scaled(world.switches.tokenLife);
  // Whole seconds, as on the wire; never told longer than the token really lives, except below one second.
  const seconds = Math.max(1, Math.floor(life / 1_000));
  const appid = world.credentials.clientId;
  const claims = {
    appid,
    idtyp: isUser ? ('user' as const) : ('app' as const),
    ...(isUser ? { amr: ['pwd', 'mfa'] } : {}),
    issuedAt: now,
  };
  return {
    token_type: 'Bearer',
    expires_in: isV2 ? seconds : String(seconds),
    ...(isV2 ? { ext_expires_in: seconds } : { resource: asked }),
    access_token: world.tokens.issue({
      ...claims,
      aud: (asked ?? audience).replace(/\/$/, ''),
      expiresAt: now + life,
    }),
    ...(isUser
      ? {
          refresh_token: world.tokens.issue({
            ...claims,
            aud: 'refresh',
            expiresAt: Number.MAX_SAFE_INTEGER,
          }),
        }
      : {}),
  };
}
