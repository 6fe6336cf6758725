/** The steps of `import`: check the whole export, look at the tables that it goes into, write the rows. */

import pMap from 'p-map';
import { pauseAt } from '../../domain/gate/gate-state.ts';
import type { GateStore } from '../../ports/gate-store.ts';
import { BadExport, type Digest, type ExportedRow, newDigest, readLine } from './export-lines.ts';
import { type BackupTables, exportRows } from './export-rows.ts';

/** Reads a whole export and writes nothing. Throws `BadExport`: cut off, changed, or no export. */
export async function checkExport(
  lines: AsyncIterable<string>,
): Promise<{ readonly at: string; readonly rows: number; readonly sha256: string }> {
  const digest: Digest = newDigest();
  let at = '';
  let number = 0;
  let end: { readonly rows: number; readonly sha256: string } | undefined;
  for await (const text of lines) {
    number += 1;
    if (end !== undefined) throw new BadExport(`Line ${number} comes after the end.`);
    const line = readLine(text, number);
    if (line.kind === 'header') at = line.at;
    else if (line.kind === 'row') digest.add(text);
    else end = line;
  }
  if (end === undefined)
    throw new BadExport('The export is not complete. Run the same export command again to continue it.');
  if (end.rows !== digest.rows || end.sha256 !== digest.sha256())
    throw new BadExport(
      `The export is not what was written: it has ${digest.rows} rows with the digest ${digest.sha256()}, and its end names ${end.rows} with ${end.sha256}.`,
    );
  return { at, ...end };
}

export interface ImportView {
  /** A table has a row. */
  readonly filled: boolean;
  readonly paused: boolean;
  /** When a worker last ended a tick here, epoch ms. */
  readonly lastTick: number | undefined;
  readonly now: number;
}

/** A worker that ticked within this time runs. */
const tickedLately = 10 * 60_000;

/** Why nothing is imported; undefined: it may begin. `over`: a person wants rows to be replaced. Pure. */
export function whyNotImport(view: ImportView, over: boolean): string | undefined {
  const { filled, paused, lastTick, now } = view;
  if (lastTick !== undefined && now - lastTick < tickedLately && !paused)
    return `a worker runs on these tables: its last tick was at ${new Date(lastTick).toISOString()}. Pause it first`;
  if (filled && !over)
    return 'the tables hold rows already. With --over rows of the export replace those of the same key, and all others stay';
  return undefined;
}

/** What `whyNotImport` looks at. Throws `Unavailable`. */
export async function viewTarget(
  tables: BackupTables,
  gateStore: Pick<GateStore, 'read'>,
  lastTick: number | undefined,
  now: number,
): Promise<ImportView> {
  const pause = pauseAt(await gateStore.read(), now);
  const first = await exportRows(tables).next();
  return { filled: first.done !== true, paused: pause !== undefined, lastTick, now };
}

const atOnce = 16;

export interface ImportOptions {
  /** So many rows were written by an import that was stopped. */
  readonly skip: number;
  readonly signal: AbortSignal;
  /** Hears how many rows are written, each a thousand. */
  readonly onProgress: (rows: number) => void;
}

/** Writes the rows of a checked export, each over what is there. Returns how many are written, the skipped ones included. */
export async function importRows(
  tables: BackupTables,
  lines: AsyncIterable<string>,
  { skip, signal, onProgress }: ImportOptions,
): Promise<number> {
  let done = 0;
  let number = 0;
  let waiting: ExportedRow[] = [];
  const write = async () => {
    await pMap(waiting, ({ table, ...row }) => tables[table].change({ kind: 'replace', row }), {
      concurrency: atOnce,
    });
    done += waiting.length;
    waiting = [];
    onProgress(done);
  };
  for await (const text of lines) {
    number += 1;
    const line = readLine(text, number);
    if (line.kind !== 'row') continue;
    if (done < skip) done += 1;
    else if (waiting.push(line.row) >= 1_000) {
      await write();
      if (signal.aborted) return done;
    }
  }
  await write();
  return done;
}
