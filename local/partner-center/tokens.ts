import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

interface Claims {
  /** Whom it is for: the API's own address, without a trailing slash. */
  readonly aud: string;
  readonly appid: string;
  /** `app` for client credentials, `user` for a refresh token (App+User). */
  readonly idtyp: 'app' | 'user';
  /** How the person of a `user` token signed in. */
  readonly amr?: readonly string[];
  /** Of the code of a sign-in: what its redemption must show. */
  readonly challenge?: string;
  readonly redirect?: string;
  /** Epoch milliseconds, where real tokens have seconds: scaled lives are short. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

export interface Tokens {
  issue(claims: Claims): string;
  /** Undefined when it is none of ours. Says nothing of its age. */
  read(token: string): Claims | undefined;
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Tokens in the shape of a JWT, signed with a key that lives as long as the sandbox. */
export function makeTokens(): Tokens {
  const key = randomBytes(32);
  const sign = (text: string): Buffer => createHmac('sha256', key).update(text).digest();
  return {
    issue(claims) {
      const text = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
      return `${text}.${sign(text).toString('base64url')}`;
    },
    read(token) {
      const [header, payload, signature] = token.split('.');
      if (!header || !payload || !signature) return undefined;
      const given = Buffer.from(signature, 'base64url');
      const right = sign(`${header}.${payload}`);
      if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
      const claims: Claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
      return claims;
    },
  };
}
