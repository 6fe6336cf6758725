import { randomFillSync } from 'node:crypto';

const pool = Buffer.allocUnsafe(16 * 256);
let used = pool.length;

/** A new lock token: the 16 bytes of the delivery tag. */
export function newToken(): Buffer {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += 16;
  return Buffer.from(pool.subarray(used - 16, used));
}

export const keyOf = (token: Buffer): string => token.toString('latin1');

/** On the link a token has the byte order of a .NET Guid, on the management node that of RFC 4122. Its own inverse. */
export function swapped(token: Buffer): Buffer {
  const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
  return Buffer.from(order.map((index) => token[index] ?? 0));
}
