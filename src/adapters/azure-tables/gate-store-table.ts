/** The gate's row in table storage: read, changed with If-Match, decided again when another instance was faster. */
import type { GateSettings } from '../../domain/gate/gate-settings.ts';
import { type GateState, initialState } from '../../domain/gate/gate-state.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Decide, GateStore } from '../../ports/gate-store.ts';
import type { Random } from '../../ports/random.ts';
import type { StorageClock } from '../../ports/storage-clock.ts';
import type { StoredRow, Table } from '../../ports/table.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import { Unavailable } from '../../ports/unavailable.ts';
import { toProperties, toState } from './gate-row.ts';

const partition = 'gate';
const key = 'gate';

/** So many times in a row another instance may be faster; then the storage counts as unavailable. */
const tries = 12;

export interface GateStoreParts {
  readonly table: Table;
  readonly clock: Clock;
  readonly storageClock: Pick<StorageClock, 'now'>;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly settings: GateSettings;
}

interface Seen {
  readonly state: GateState;
  /** Undefined: there is no row yet. */
  readonly etag: string | undefined;
  readonly writeId: string;
}

/** Reads and writes of one instance come one after the other, so that it never conflicts with itself. */
export function gateStore(parts: GateStoreParts): GateStore {
  const { table, clock, storageClock, random, telemetry, settings } = parts;
  let seen: Seen | undefined;
  /** Nobody else wrote between our last two reconciliations: then the remembered ETag is worth a try without reading. */
  let alone = false;
  let last: Promise<unknown> = Promise.resolve();

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = last.then(work, work);
    last = mine.catch(() => undefined);
    return mine;
  }

  async function look(): Promise<Seen> {
    const row = await table.get(partition, key);
    alone = seen !== undefined && seen.etag === row?.etag;
    if (seen === undefined || !alone) seen = decode(row);
    return seen;
  }

  function decode(row: StoredRow | undefined): Seen {
    const { earliest, latest } = storageClock.now();
    if (row === undefined) return { state: initialState(earliest, settings), etag: undefined, writeId: '' };
    // What is too far ahead is healed: by the later end, so that an uncertain clock cuts no closure short.
    const { state, healed } = toState(row.properties, latest, settings);
    if (healed.length > 0)
      telemetry.warn(`The gate's row held what cannot be right; it was healed: ${healed.join('; ')}`);
    const { writeId } = row.properties;
    return { state, etag: row.etag, writeId: typeof writeId === 'string' ? writeId : '' };
  }

  async function change<T>(decide: Decide<T>): Promise<T> {
    let read = !alone || seen === undefined;
    let from = read || seen === undefined ? await look() : seen;
    for (let attempt = 0; attempt < tries; attempt++) {
      const { state, value } = decide(from.state, storageClock.now());
      if (state === from.state) {
        if (read) return value;
        from = await look();
      } else {
        const writeId = random.guid();
        const row = { partition, key, properties: toProperties(state, writeId) };
        const asked = clock.now();
        const result = await table.change(
          from.etag === undefined ? { kind: 'insert', row } : { kind: 'replace', row, etag: from.etag },
        );
        if (result.kind === 'done') {
          seen = { state, etag: result.etag, writeId };
          return value;
        }
        // Round trips apart, so that of those who met here one is through before the next comes.
        await clock.sleep(random.fraction() * Math.max(5, clock.now() - asked) * 2 ** Math.min(attempt, 4));
        // The client repeats what got no answer, and then meets its own write.
        from = await look();
        if (from.writeId === writeId) return value;
      }
      read = true;
    }
    throw new Unavailable(
      'storage',
      `the gate's row (${partition}/${key}): others were faster ${tries} times in a row`,
    );
  }

  return {
    change: (decide) => inTurn(() => change(decide)),
    read: () => inTurn(async () => (await look()).state),
    lastSeen: () => seen?.state,
    now: () => storageClock.now(),
  };
}
