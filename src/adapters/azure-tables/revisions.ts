/** Writes a row that carries a record's revision, so that an older result never replaces a newer one. */

import type { Properties, Table } from '../../ports/table.ts';
import { Unavailable } from '../../ports/unavailable.ts';

/** Deliveries that write one row at the same time are two or three, never this many. */
const maxRounds = 10;

/** Written; `before` is what stood there, `undefined` when nothing did. */
interface Replaced {
  readonly before: Properties | undefined;
}

/**
 * Writes the row of a record's revision if the one that stands is older, or not newer. The first write is one insert.
 * `undefined`: the row that stands is to be left. `next` makes the row from what stands there.
 */
export async function replaceIfDue(
  table: Table,
  partition: string,
  key: string,
  revision: number,
  when: 'older' | 'not-newer' | 'anyway',
  next: (stored: Properties | undefined) => Properties,
): Promise<Replaced | undefined> {
  const first = next(undefined);
  const inserted = await table.change({ kind: 'insert', row: { partition, key, properties: first } });
  if (inserted.kind === 'done') return { before: undefined };

  let sent = first;
  let before: Properties | undefined;
  for (let round = 0; round < maxRounds; round++) {
    const stored = await table.get(partition, key);
    if (stored !== undefined && sameProperties(stored.properties, sent)) return { before };
    if (stored !== undefined && !isDue(stored.properties['revision'], revision, when)) return undefined;
    before = stored?.properties;
    sent = next(before);
    const row = { partition, key, properties: sent };
    const written = await table.change(
      stored === undefined ? { kind: 'insert', row } : { kind: 'replace', row, etag: stored.etag },
    );
    if (written.kind === 'done') return { before };
  }
  throw new Unavailable(
    'storage',
    `Row ${key}, partition ${partition}, kept changing: gave up after ${maxRounds} tries`,
  );
}

/** A row whose revision cannot be read was edited by hand: ours is better. */
function isDue(stored: unknown, revision: number, when: 'older' | 'not-newer' | 'anyway'): boolean {
  if (typeof stored !== 'number' || when === 'anyway') return true;
  // guard: Rows: only if theirs is of an older revision [replace: true]
  // guard: Rows: a question only if the row is not newer [replace: when !== 'older' || stored < revision]
  return when === 'older' ? stored < revision : stored <= revision;
}

/** The client repeats a write whose answer was lost: what stands there is then what we sent. */
function sameProperties(stored: Properties, sent: Properties): boolean {
  const names = Object.keys(sent);
  return names.length === Object.keys(stored).length && names.every((name) => stored[name] === sent[name]);
}
