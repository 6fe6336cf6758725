/** The one request that trades a refresh token for an access token. */

import * as z from 'zod/mini';
import type { Credential } from '../../config/partner-center-config.ts';
import { cutText } from '../../domain/text.ts';
import { readBody } from '../http/read-body.ts';
import { clientProof } from './client-proof.ts';
import type { Redeemed } from './user-token.ts';

const timeoutMs = 30_000;
const maxAnswer = 1024 * 1024;

/** v1 writes its numbers as strings. */
const seconds = z.pipe(
  z.union([z.number(), z.string()]),
  z.transform((value) => Number(value)),
);
const granted = z.object({
  access_token: z.string().check(z.minLength(1)),
  expires_in: seconds,
  refresh_token: z.optional(z.string()),
});
const refused = z.object({ error: z.string(), error_description: z.optional(z.string()) });

/** Trades a refresh token for an access token of the audience. Throws in words when no answer comes. */
export const redeemRefreshToken = (
  config: Credential,
  audience: string,
  refreshToken: string,
): Promise<Redeemed> =>
  redeem(config, audience, { grant_type: 'refresh_token', refresh_token: refreshToken });

/** Trades the code of a sign-in for the first refresh token. Throws in words when no answer comes. */
export const redeemCode = (
  config: Credential,
  audience: string,
  {
    code,
    redirect,
    verifier,
  }: { readonly code: string; readonly redirect: string; readonly verifier: string },
): Promise<Redeemed> =>
  redeem(config, audience, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirect,
    code_verifier: verifier,
  });

/** `POST {authority}/{tenant}/oauth2/v2.0/token` ("OAuth 2.0 authorization code flow", both of its requests). */
async function redeem(
  config: Credential,
  audience: string,
  grant: Readonly<Record<string, string>>,
): Promise<Redeemed> {
  const endpoint = `${config.authorityHost}/${config.tenantId}/oauth2/v2.0/token`;
  const asked = Date.now();
  const response = await fetch(endpoint, {
    method: 'POST',
    // A form with a secret goes to no other host.
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
    body: new URLSearchParams({
      ...grant,
      client_id: config.clientId,
      scope: `${audience}/.default offline_access openid`,
      ...(await clientProof(config, endpoint, asked)),
    }),
  }).catch((error: unknown) => {
    throw new Error(`${new URL(endpoint).host} did not answer: ${causeOf(error)}`);
  });
  const { text } = response.body === null ? { text: '' } : await readBody(response.body, maxAnswer);
  const body = parsed(text ?? '');
  const answer = granted.safeParse(body);
  if (response.ok && answer.success && answer.data.expires_in > 0)
    return {
      kind: 'granted',
      token: answer.data.access_token,
      expiresAt: asked + answer.data.expires_in * 1_000,
      refreshToken: answer.data.refresh_token,
      mfa: hasMfa(answer.data.access_token),
    };
  const refusal = refused.safeParse(body);
  if (!refusal.success)
    throw new Error(`${new URL(endpoint).host} answered ${response.status}, and the body cannot be read`);
  const { error, error_description: description = '' } = refusal.data;
  return { kind: 'refused', error: cutText(error, 64), description };
}

/** `amr` holds the ways in which the person signed in. The token is not verified: Partner Center does that. */
function hasMfa(token: string): boolean {
  const claims = parsed(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
  const { data } = z.object({ amr: z.array(z.string()) }).safeParse(claims);
  return data?.amr.includes('mfa') === true;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cutText(cause.message, 200) : 'unknown failure';
}
