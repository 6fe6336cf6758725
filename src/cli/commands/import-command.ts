/** `import`: writes the rows of an export into empty tables, and continues where it stopped. */

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as z from 'zod/mini';
import { BadExport } from '../../operator/backup/export-lines.ts';
import { checkExport, importRows, viewTarget, whyNotImport } from '../../operator/backup/import-rows.ts';
import { counted } from '../../operator/counted.ts';
import { CommandFailure, exit } from '../session/cli-failure.ts';
import { inSession, newCommand, type Session } from '../session/command.ts';
import { confirm } from '../session/confirm.ts';
import { withFile } from '../session/file-failure.ts';
import { linesOf } from './export-command.ts';

interface Options {
  readonly over?: true;
  readonly yes?: true;
}

export const importCommand = newCommand(
  'import',
  'writes the rows of an export into the tables; refuses filled tables, and a worker that runs and is not paused',
  'npx partner-checkout import ledger.jsonl',
)
  .argument('<file>', 'what export wrote')
  .option('--over', 'writes although there are rows: those of the same key are replaced, all others stay')
  .option('--yes', 'does not ask for confirmation')
  .action((file: string, options: Options, command) =>
    inSession(command, (session) => withFile(file, () => run(session, file, options))),
  );

/** Beside the file, while an import is not done: how far it came. */
const progressShape = z.object({ sha256: z.string(), rows: z.number() });

async function run(session: Session, file: string, options: Options): Promise<number> {
  const { output, operator, interrupted } = session;
  const checked = await checkExport(linesOf(file)).catch((error: unknown) => {
    throw error instanceof BadExport ? new CommandFailure(exit.found, `${file}: ${error.message}`) : error;
  });
  const { tables, gateStore, pollerTrace, now } = await operator();
  const progressFile = `${file}.imported`;
  const skip = rowsDone(progressFile, checked.sha256);
  const view = await viewTarget(tables, gateStore, (await pollerTrace()).lastTick, now());
  const why = whyNotImport(view, options.over === true || skip > 0);
  if (why !== undefined) throw new CommandFailure(exit.found, `Nothing was imported: ${why}.`);
  const question = `Write ${counted(checked.rows - skip, 'row')} of the export of ${checked.at}?`;
  if (!(await confirm(question, options))) {
    output.note('Nothing was written.');
    return exit.found;
  }
  const rows = await importRows(tables, linesOf(file), {
    skip,
    signal: interrupted,
    onProgress: (done) => {
      writeFileSync(progressFile, JSON.stringify({ sha256: checked.sha256, rows: done }));
      output.progress(`${done} of ${counted(checked.rows, 'row')}`);
    },
  });
  output.data({ rows, of: checked.rows, sha256: checked.sha256 });
  if (rows < checked.rows) {
    output.note(`Stopped after ${counted(rows, 'row')}. Run the same command again to continue.`);
    return exit.interrupted;
  }
  rmSync(progressFile, { force: true });
  output.line(
    `${counted(rows, 'row')} written, digest ${checked.sha256}. An export of these tables has the same digest.`,
  );
  output.line('Next: npx partner-checkout repair --dry-run');
  return exit.ok;
}

function rowsDone(progressFile: string, sha256: string): number {
  if (!existsSync(progressFile)) return 0;
  const parsed = progressShape.safeParse(parsedJson(readFileSync(progressFile, 'utf8')));
  return parsed.success && parsed.data.sha256 === sha256 ? parsed.data.rows : 0;
}

/** Undefined: the process ended while it wrote the file. Then the import begins anew, if a person wants rows to be replaced. */
function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
