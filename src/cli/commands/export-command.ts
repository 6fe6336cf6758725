/** `export`: writes every row of the tables into a file, and continues a file that is not complete. */

import { createReadStream, existsSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { pauseAt } from '../../domain/gate/gate-state.ts';
import {
  BadExport,
  type ExportedRow,
  endLine,
  headerLine,
  newDigest,
  readLine,
  rowLine,
} from '../../operator/backup/export-lines.ts';
import { exportRows } from '../../operator/backup/export-rows.ts';
import { counted } from '../../operator/counted.ts';
import { CommandFailure, exit } from '../session/cli-failure.ts';
import { inSession, newCommand, type Session } from '../session/command.ts';
import { withFile } from '../session/file-failure.ts';

export const exportCommand = newCommand(
  'export',
  'writes every row of the ledger, the schedule, attention and batches into a file; the same command continues an unfinished one',
  'npx partner-checkout export ledger.jsonl',
)
  .argument('<file>', 'JSON lines')
  .action((file: string, _options, command) =>
    inSession(command, (session) => withFile(file, () => run(session, file))),
  );

/** So many lines are written at a time. */
const linesAtOnce = 500;

async function run({ output, operator, interrupted }: Session, file: string): Promise<number> {
  const { tables, gateStore, now } = await operator();
  const begun = existsSync(file) ? await unfinished(file) : undefined;
  const paused = pauseAt(await gateStore.read(), now());
  if (paused === undefined)
    output.note(
      'The worker is not paused: rows that change meanwhile may be old here. For a copy to move to, pause first.',
    );
  const digest = begun?.digest ?? newDigest();
  const handle = await open(file, begun === undefined ? 'w' : 'r+');
  try {
    // What stands behind the last whole line was cut off when the export was stopped.
    await handle.truncate(begun?.bytes ?? 0);
    const writer = lineWriter(handle, begun?.bytes ?? 0);
    if (begun === undefined) await writer.write(headerLine(now()));
    for await (const row of exportRows(tables, begun?.last)) {
      if (interrupted.aborted) {
        await writer.flush();
        output.note(`Stopped after ${counted(digest.rows, 'row')}. Run the same command again to continue.`);
        return exit.interrupted;
      }
      const line = rowLine(row);
      digest.add(line);
      await writer.write(line);
      output.progress(counted(digest.rows, 'row'));
    }
    const sha256 = digest.sha256();
    await writer.write(endLine(digest.rows, sha256));
    await writer.flush();
    output.line(`${counted(digest.rows, 'row')} in ${file}, digest ${sha256}.`);
    output.data({ file, rows: digest.rows, sha256, paused: paused !== undefined });
    return exit.ok;
  } finally {
    await handle.close();
  }
}

/** What an export that was stopped has. Throws `CommandFailure` for a finished one and for any other file. */
async function unfinished(file: string) {
  const digest = newDigest();
  let last: ExportedRow | undefined;
  let bytes = 0;
  let number = 0;
  for await (const text of linesOf(file)) {
    number += 1;
    try {
      const line = readLine(text, number);
      if (line.kind === 'end')
        throw new CommandFailure(exit.usage, `${file} is a complete export. Name another file.`);
      if (line.kind === 'row') {
        digest.add(text);
        last = line.row;
      }
    } catch (error) {
      // The last line may have been cut off; the first says whether it is ours at all.
      if (error instanceof BadExport && number > 1) break;
      if (error instanceof BadExport)
        throw new CommandFailure(exit.usage, `${file} exists and is not an export. Name another file.`);
      throw error;
    }
    bytes += Buffer.byteLength(text) + 1;
  }
  return number === 0 ? undefined : { digest, last, bytes };
}

export const linesOf = (file: string): AsyncIterable<string> =>
  createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY });

function lineWriter(handle: FileHandle, at: number) {
  let position = at;
  let lines: string[] = [];
  const flush = async () => {
    const { bytesWritten } = await handle.write(lines.map((line) => `${line}\n`).join(''), position);
    position += bytesWritten;
    lines = [];
  };
  return {
    flush,
    async write(line: string) {
      if (lines.push(line) >= linesAtOnce) await flush();
    },
  };
}
