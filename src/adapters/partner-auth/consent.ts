/** Signs a person in once in a browser, and gets the refresh token that the worker uses from then on. */

import { createHash, randomBytes } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { Credential } from '../../config/partner-center-config.ts';
import { refusalInWords } from './entra-errors.ts';
import { redeemCode } from './redeem.ts';
import type { Redeemed } from './user-token.ts';

export interface ConsentOptions {
  /** `http://localhost:PORT` is a redirect URI of the app registration (platform Web). */
  readonly port: number;
  /** Shows the person the address to open in a browser. */
  readonly show: (address: string) => void;
  readonly signal: AbortSignal;
}

const longest = 15 * 60_000;

/**
 * A person signs in in their browser, and consents that the app acts for them: authorization code flow with PKCE, the code
 * coming back to this machine (RFC 6749, 4.1; RFC 7636; RFC 8252, 7.3). Throws in words, without any secret.
 */
export async function askConsent(
  config: Credential,
  audience: string,
  { port, show, signal }: ConsentOptions,
): Promise<Extract<Redeemed, { kind: 'granted' }>> {
  const state = randomBytes(24).toString('base64url');
  const verifier = randomBytes(48).toString('base64url');
  const redirect = `http://localhost:${port}`;
  const coming = listenForCode(port, state, AbortSignal.any([signal, AbortSignal.timeout(longest)]));
  const query = new URLSearchParams({
    client_id: config.clientId,
    response_type: 'code',
    response_mode: 'query',
    redirect_uri: redirect,
    scope: `${audience}/.default offline_access openid`,
    state,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    // Whoever is signed in already may be somebody else.
    prompt: 'select_account',
  });
  await coming.listening;
  show(`${config.authorityHost}/${config.tenantId}/oauth2/v2.0/authorize?${query}`);
  const answer = await redeemCode(config, audience, { code: await coming.code, redirect, verifier });
  if (answer.kind === 'granted') return answer;
  throw new Error(`the code was refused: ${refusalInWords(answer.description || answer.error)}`);
}

interface Coming {
  readonly listening: Promise<void>;
  readonly code: Promise<string>;
}

/** One request of the browser is waited for: the one that knows the state. */
function listenForCode(port: number, state: string, signal: AbortSignal): Coming {
  const { promise: code, resolve, reject } = Promise.withResolvers<string>();
  const { promise: listening, resolve: isListening, reject: cannot } = Promise.withResolvers<void>();
  // Told when it is asked for, not as an unhandled rejection before.
  code.catch(() => {});
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
    if (searchParams.get('state') !== state) return say(response, 404, 'This is not the expected sign-in.');
    const found = searchParams.get('code');
    const refused = searchParams.get('error_description') ?? searchParams.get('error') ?? 'no code came';
    say(
      response,
      200,
      found === null ? 'It did not work: see the terminal.' : 'Done: this window can be closed.',
    );
    if (found === null) reject(new Error(`the sign-in ended without consent: ${refusalInWords(refused)}`));
    else resolve(found);
  });
  server.once('error', (error: NodeJS.ErrnoException) => {
    const why = error.code === 'EADDRINUSE' ? 'it is taken: choose another with --port' : error.message;
    cannot(new Error(`port ${port} of this machine cannot be listened on: ${why}`));
  });
  // The address `localhost` alone: nobody else in the network sends a code.
  server.listen(port, 'localhost', isListening);
  signal.addEventListener('abort', () => reject(new Error('nobody signed in')), { once: true });
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  code.then(close, close);
  return { listening, code };
}

function say(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' });
  response.end(`${text}\n`);
}
