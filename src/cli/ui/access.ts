/**
 * Who may use the operator's page. The terminal prints an address with a token. The browser trades the token once for a cookie, and
 * every later request needs that cookie. Requests from other hosts, other origins or other pages are refused.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';

/** The page sends this header with each change. A form of another site cannot send it. */
export const ownHeader = 'X-Partner-Checkout';

/** What every answer says about itself: no foreign content, no copies, no frames. */
const headers: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

export interface Access {
  /** Part of the address that the terminal prints. It works once. */
  readonly token: string;
  readonly guard: MiddlewareHandler;
}

/** `host`: what the browser must call the server, for example `127.0.0.1:40123`. It is known once the server listens. */
export function newAccess(host: () => string): Access {
  const token = secret();
  const session = secret();
  let isUsed = false;

  const guard: MiddlewareHandler = async (context, next) => {
    for (const [name, value] of Object.entries(headers)) context.header(name, value);
    // A page of another name that resolves to 127.0.0.1 (DNS rebinding) sends that name.
    if (context.req.header('host') !== host())
      return refused(context, 'This server answers to its own address alone.');
    const given =
      context.req.method === 'GET' && context.req.path === '/' ? context.req.query('token') : undefined;
    if (given !== undefined) {
      if (isUsed || !isSame(given, token))
        return refused(context, 'This address was used before. Run the command again for a new one.');
      isUsed = true;
      setCookie(context, cookieOf(host()), session, { httpOnly: true, sameSite: 'Strict', path: '/' });
      return context.redirect('/', 303);
    }
    if (!isSame(getCookie(context, cookieOf(host())) ?? '', session))
      return refused(context, 'Open the address that the terminal printed.');
    if (context.req.method !== 'GET' && !isOwnRequest(context, host()))
      return refused(context, 'Only this page may change something.');
    return next();
  };
  return { token, guard };
}

const secret = (): string => randomBytes(32).toString('base64url');

/** Browsers keep one set of cookies for all ports of a host, so the name holds the port. */
const cookieOf = (host: string): string => `partner-checkout-${host.split(':')[1] ?? ''}`;

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

const isOwnRequest = ({ req }: Context, host: string): boolean =>
  req.header('origin') === `http://${host}` && req.header(ownHeader) === 'page';

const refused = (context: Context, why: string) => context.text(`${why}\n`, 403);
