/** Keeps the token for all calls of an instance, and renews it before it ends or after it was refused. */

import type { Clock } from '../../ports/clock.ts';
import type { Tokens } from '../../ports/partner-center.ts';
import type { Telemetry } from '../../ports/telemetry.ts';

export interface TokenSource extends Tokens {
  /** `renew` asks for a token that is not the cached one: the last one was refused. Throws `CredentialFailure`. */
  token(options: { readonly renew: boolean }): Promise<string>;
  /** When the credential behind the tokens ends (epoch ms); 0: it does not, or that is not known; undefined: this instance had no token yet. */
  credentialEndsAt(): number | undefined;
  /** When the vault last gave what proves the credential (epoch ms); 0: it is in no vault; undefined: no token was asked for yet. */
  credentialReadAt(): number | undefined;
}

/** No token could be had. The message says why, without any secret. */
export class CredentialFailure extends Error {
  override readonly name = 'CredentialFailure';
}

export interface Token {
  readonly token: string;
  /** Epoch ms. */
  readonly expiresAt: number;
  /** When a certificate or refresh token behind it ends, epoch ms; absent where that is not known. */
  readonly credentialEndsAt?: number;
  /** When the secret, certificate or refresh token behind it was read from the vault, epoch ms; absent where there is none. */
  readonly credentialReadAt?: number;
}

/** A token is renewed this long before it ends; one that lives only minutes, a tenth of its life before. */
const renewBefore = 5 * 60_000;

/** Keeps a token until shortly before it ends, and asks for a new one once at a time, whoever needs it. */
export function cachedTokens(parts: {
  /** Asks the authority; must not answer from a cache of its own. */
  readonly fetchToken: () => Promise<Token>;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}): TokenSource {
  const { fetchToken, clock, telemetry } = parts;
  let kept: (Token & { readonly renewAt: number }) | undefined;
  let asking: Promise<string> | undefined;
  let lastFailed = false;

  async function ask(): Promise<string> {
    const started = clock.now();
    try {
      const fresh = await fetchToken();
      const life = fresh.expiresAt - clock.now();
      lastFailed = false;
      kept = { ...fresh, renewAt: fresh.expiresAt - Math.min(renewBefore, life / 10) };
      telemetry.event('TokenRefreshed', {
        outcome: 'ok',
        ms: clock.now() - started,
        livesMs: life,
        credentialDaysLeft: daysLeft(fresh.credentialEndsAt, clock.now()),
        credentialAgeMs: ageOf(fresh.credentialReadAt, clock.now()),
        reason: undefined,
      });
      return fresh.token;
    } catch (error) {
      lastFailed = true;
      const reason = error instanceof Error ? error.message.split('\n')[0]?.slice(0, 300) : 'unknown failure';
      telemetry.event('TokenRefreshed', {
        outcome: 'failed',
        ms: clock.now() - started,
        livesMs: undefined,
        credentialDaysLeft: undefined,
        credentialAgeMs: ageOf(kept?.credentialReadAt, clock.now()),
        reason,
      });
      throw new CredentialFailure(`No token for Partner Center could be had: ${reason}`, { cause: error });
    } finally {
      asking = undefined;
    }
  }

  const fetchOnce = (): Promise<string> => {
    asking ??= ask();
    return asking;
  };

  const isAtHand = (): boolean => kept !== undefined && clock.now() < kept.expiresAt;

  return {
    credentialEndsAt: () => (kept === undefined ? undefined : (kept.credentialEndsAt ?? 0)),
    credentialReadAt: () => (kept === undefined ? undefined : (kept.credentialReadAt ?? 0)),
    async token({ renew }) {
      if (kept === undefined || renew || !isAtHand()) return fetchOnce();
      // Due, but still good: nobody waits for the new one, and a refusal stops nobody.
      if (clock.now() >= kept.renewAt) fetchOnce().catch(() => undefined);
      return kept.token;
    },
    async ready({ renew }) {
      if (!renew && isAtHand()) return true;
      // The request that follows asks. While the credential is refused, the gate's trial calls limit how often that happens.
      if (!renew && lastFailed) return false;
      return fetchOnce().then(
        () => true,
        () => false,
      );
    },
  };
}

const ageOf = (readAt: number | undefined, now: number): number | undefined =>
  readAt === undefined ? undefined : Math.max(0, now - readAt);

const daysLeft = (end: number | undefined, now: number): number | undefined =>
  end === undefined ? undefined : Math.floor((end - now) / (24 * 60 * 60_000));
