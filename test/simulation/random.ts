import type { Random as RandomPort } from '../../src/ports/random.ts';

/** Everything that is random in a run comes from one seed, so that a run can be told again. */
export interface Random extends RandomPort {
  /** A whole number from 0 to `n` - 1. */
  below(n: number): number;
  between(low: number, high: number): number;
  /** True with this probability. */
  happens(probability: number): boolean;
  pick<T>(from: readonly [T, ...T[]]): T;
  /** A stream of its own: what one process draws does not move what another one draws. */
  fork(): Random;
}

/** Mulberry32: 32 bits of state, more than enough for runs of some thousand draws. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const bits = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const fraction = () => bits() / 0x1_0000_0000;
  const below = (n: number) => Math.floor(fraction() * n);
  const hex = () => bits().toString(16).padStart(8, '0');
  const random: Random = {
    fraction,
    below,
    between: (low, high) => low + fraction() * (high - low),
    happens: (probability) => fraction() < probability,
    pick: (from) => from[below(from.length)] ?? from[0],
    fork: () => seeded(bits()),
    guid: () => {
      const text = hex() + hex() + hex() + hex();
      return `${text.slice(0, 8)}-${text.slice(8, 12)}-4${text.slice(13, 16)}-8${text.slice(17, 20)}-${text.slice(20)}`;
    },
  };
  // The first draws of neighbouring seeds are alike; later ones are not.
  for (let skipped = 0; skipped < 4; skipped++) bits();
  return random;
}
