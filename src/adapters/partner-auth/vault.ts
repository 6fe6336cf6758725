/**
 * The secrets that prove to Partner Center who the worker is, as a vault keeps them. They are read whenever a token is made, so a new
 * value needs no restart.
 */

/** The names are fixed: a vault holds the secrets of one worker. */
export const secretNames = {
  secret: 'partner-client-secret',
  certificate: 'partner-client-certificate',
  refreshToken: 'partner-refresh-token',
  /** The webhook's address: it proves nothing, and lies beside the others. */
  webhook: 'notify-url',
} as const;
export type SecretName = (typeof secretNames)[keyof typeof secretNames];

export interface StoredSecret {
  readonly value: string;
  /** Names this writing of it. */
  readonly version: string;
  /** Epoch ms. */
  readonly writtenAt: number;
}

export interface Vault {
  /** In words, for a person: `secret partner-client-secret of https://….vault.azure.net`. */
  place(name: SecretName): string;
  /** The newest version. Throws in words, also for one that is empty. */
  read(name: SecretName): Promise<StoredSecret>;
  /** Writes a new version, and puts the one that it replaces, if any, out of use. Throws in words. */
  write(name: SecretName, value: string, replaces?: StoredSecret): Promise<void>;
}

export interface SteadyVault extends Vault {
  /** When the oldest of the values in use was read, epoch ms; undefined: none was read yet. */
  readAt(): number | undefined;
  /** In words, when the last reading failed: why, and how old the value is that stands in. */
  outage(): string | undefined;
}

/** While the vault cannot be read, what was read last stands: its outage stops no purchase. */
export function steadyVault(vault: Vault, now: () => number): SteadyVault {
  const kept = new Map<SecretName, { readonly secret: StoredSecret; readonly readAt: number }>();
  let outage: string | undefined;
  return {
    place: vault.place,
    write: vault.write,
    async read(name) {
      try {
        const secret = await vault.read(name);
        kept.set(name, { secret, readAt: now() });
        outage = undefined;
        return secret;
      } catch (error) {
        const last = kept.get(name);
        if (last === undefined) throw error;
        const why = error instanceof Error ? error.message : 'unknown failure';
        outage = `${why} The value in use was read ${inWords(now() - last.readAt)} ago.`;
        return last.secret;
      }
    },
    readAt: () => (kept.size === 0 ? undefined : Math.min(...[...kept.values()].map(({ readAt }) => readAt))),
    outage: () => outage,
  };
}

function inWords(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`;
}
