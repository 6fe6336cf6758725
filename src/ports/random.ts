/** Port: random numbers and ids, so that tests and the simulation repeat a run. */

import { randomUUID } from 'node:crypto';

/** Where ids and jitter come from; seeded in the simulation, so that a failure can be replayed. */
export interface Random {
  /** A new GUID in lower case. */
  guid(): string;
  /** A number from 0 (included) to 1 (excluded). */
  fraction(): number;
}

export const systemRandom: Random = { guid: () => randomUUID(), fraction: () => Math.random() };
