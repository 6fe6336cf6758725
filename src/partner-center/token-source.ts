import type { Clock } from '../clock.ts';
import type { Telemetry } from '../telemetry.ts';

export interface TokenSource {
  /** `renew` asks for a token that is not the cached one: the last one was refused. Throws `CredentialFailure`. */
  token(options: { readonly renew: boolean }): Promise<string>;
  /** When the credential behind the tokens ends (epoch ms); undefined: it does not, or nobody knows. */
  credentialEndsAt(): number | undefined;
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

  async function ask(): Promise<string> {
    const started = clock.now();
    try {
      const fresh = await fetchToken();
      const life = fresh.expiresAt - clock.now();
      kept = { ...fresh, renewAt: fresh.expiresAt - Math.min(renewBefore, life / 10) };
      telemetry.event('TokenRefreshed', {
        outcome: 'ok',
        ms: clock.now() - started,
        livesMs: life,
        credentialDaysLeft: daysLeft(fresh.credentialEndsAt, clock.now()),
        reason: undefined,
      });
      return fresh.token;
    } catch (error) {
      const reason = error instanceof Error ? error.message.split('\n')[0]?.slice(0, 300) : 'unknown failure';
      telemetry.event('TokenRefreshed', {
        outcome: 'failed',
        ms: clock.now() - started,
        livesMs: undefined,
        credentialDaysLeft: undefined,
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

  return {
    credentialEndsAt: () => kept?.credentialEndsAt,
    async token({ renew }) {
      const now = clock.now();
      if (kept !== undefined && !renew && now < kept.renewAt) return kept.token;
      if (kept === undefined || renew || now >= kept.expiresAt) return fetchOnce();
      // Due, but still good: a refusal to renew it early stops nobody.
      const stillGood = kept.token;
      return fetchOnce().catch(() => stillGood);
    },
  };
}

const daysLeft = (end: number | undefined, now: number): number | undefined =>
  end === undefined ? undefined : Math.floor((end - now) / (24 * 60 * 60_000));
