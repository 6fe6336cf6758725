import type { Random } from '../../src/ports/random.ts';

/** The same numbers and ids for the same seed (mulberry32), so that a failure can be replayed. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const word = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const hex = (): string => word().toString(16).padStart(8, '0');
  return {
    fraction: () => word() / 2 ** 32,
    guid: () => {
      const digits = hex() + hex() + hex() + hex();
      return [8, 12, 16, 20, 32].map((end, at) => digits.slice([0, 8, 12, 16, 20][at], end)).join('-');
    },
  };
}
