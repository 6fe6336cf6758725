import { createHash } from 'node:crypto';

/**
 * Chance without a stream: every draw is a function of the seed and of what is drawn for, so that a run with
 * one seed gives each cart the same fate however its calls interleave.
 */
export interface Draw {
  /** From 0 (included) to 1 (excluded). */
  fraction(...what: readonly (string | number)[]): number;
  /** A GUID in lower case. */
  guid(...what: readonly (string | number)[]): string;
  /** 33 characters of base64url, case-sensitive, as modern orders have. */
  orderId(...what: readonly (string | number)[]): string;
  /** 12 hexadecimal digits, as the `alternateId` of modern orders. */
  hex12(...what: readonly (string | number)[]): string;
}

/** Milliseconds, from and to. */
export type Range = readonly [number, number];

export function seededDraw(seed: string): Draw {
  const digest = (what: readonly (string | number)[]): Buffer =>
    createHash('sha256')
      .update([seed, ...what].join('\u0000'))
      .digest();
  return {
    fraction: (...what) => digest(what).readUIntBE(0, 6) / 2 ** 48,
    guid: (...what) => {
      const hex = digest(what).toString('hex');
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-9${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
    },
    orderId: (...what) => digest(what).toString('base64url').slice(0, 33),
    hex12: (...what) => digest(what).toString('hex').slice(0, 12),
  };
}

export const within = ([from, to]: Range, fraction: number): number => from + (to - from) * fraction;

/** A factor with median 1 and a log-normal spread, from two fractions (Box-Muller). */
export function logNormal(sigma: number, one: number, two: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - one)) * Math.cos(2 * Math.PI * two);
  return Math.exp(sigma * normal);
}
