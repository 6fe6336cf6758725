/** Tokens of app and person: redeems the refresh token of the vault, and replaces it there when it is some days old. */

import { messageOf } from '../../domain/text.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import { refusalInWords } from './entra-errors.ts';
import type { Token } from './token-source.ts';
import { type StoredSecret, secretNames, type Vault } from './vault.ts';

const name = secretNames.refreshToken;

/** What the authority answers to a refresh token. */
export type Redeemed =
  | {
      readonly kind: 'granted';
      readonly token: string;
      /** Epoch ms. */
      readonly expiresAt: number;
      /** A new one; the old one stays good until its own end. */
      readonly refreshToken: string | undefined;
      /** Whether the token says that its person signed in with a second factor; Partner Center refuses one without (900421). */
      readonly mfa: boolean;
    }
  | { readonly kind: 'refused'; readonly error: string; readonly description: string };

export interface UserTokenParts {
  /** Keeps the refresh token of the person who consented: one secret for all instances. */
  readonly vault: Vault;
  readonly redeem: (refreshToken: string) => Promise<Redeemed>;
  readonly now: () => number;
  readonly telemetry: Pick<Telemetry, 'warn'>;
}

/** A token holds no white space. A file or a pipe that it came from may have added a mark or a line end. */
const bare = (token: string): string => token.replaceAll(/[\s\u200b\ufeff]/g, '');

const day = 24 * 60 * 60_000;
/** Source: "Refresh tokens in the Microsoft identity platform": 90 days, not configurable. */
const refreshTokenLife = 90 * day;
/** A token is asked for every hour by every instance: kept is a new one every third day, and the rest is let go. */
const keepEvery = 3 * day;

/**
 * A token of the app and the person who consented (Secure Application Model). The stored refresh token is read each time:
 * another instance may have renewed it, or a person replaced it. Throws in words, without any secret.
 */
export async function fetchUserToken(parts: UserTokenParts): Promise<Token> {
  const { vault, telemetry } = parts;
  const redeem = (refreshToken: string) => parts.redeem(bare(refreshToken));
  let stored = await vault.read(name);
  let answer = await redeem(stored.value);
  if (answer.kind === 'refused' && answer.error === 'invalid_grant') {
    const current = await vault.read(name);
    if (current.version !== stored.version) {
      stored = current;
      answer = await redeem(stored.value);
    }
  }
  if (answer.kind === 'refused') throw new Error(inWords(answer, vault.place(name)));
  if (!answer.mfa)
    telemetry.warn(
      'the token lacks the claim of a multi-factor sign-in: Partner Center may refuse it (900421). Consent again with multi-factor authentication.',
    );
  const { token, expiresAt, refreshToken } = answer;
  const kept = refreshToken !== undefined && (await keep(parts, stored, refreshToken));
  return { token, expiresAt, credentialEndsAt: (kept ? parts.now() : stored.writtenAt) + refreshTokenLife };
}

/** Whether it was written. A write that fails costs nothing yet: the old token lives on, and the next hour tries again. */
async function keep(parts: UserTokenParts, stored: StoredSecret, refreshToken: string): Promise<boolean> {
  const { vault, now, telemetry } = parts;
  if (now() - stored.writtenAt < keepEvery) return false;
  try {
    // Another instance at the same hour: one of the two new tokens is enough.
    if ((await vault.read(name)).version !== stored.version) return false;
    await vault.write(name, refreshToken, stored);
    return true;
  } catch (error) {
    const why = messageOf(error);
    const end = new Date(stored.writtenAt + refreshTokenLife).toISOString();
    telemetry.warn(
      `the new refresh token could not be kept in ${vault.place(name)}: ${why} The old one is good until ${end}.`,
    );
    return false;
  }
}

function inWords({ error, description }: Extract<Redeemed, { kind: 'refused' }>, place: string): string {
  const said = refusalInWords(description === '' ? error : description);
  return error === 'invalid_grant'
    ? `the refresh token is no longer accepted: ${said} A person consents again, and the new refresh token is put into ${place}.`
    : `${error}: ${said}`;
}
