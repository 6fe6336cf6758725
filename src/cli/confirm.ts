import { createInterface } from 'node:readline/promises';
import { CommandFailure, exit } from './failure.ts';

/** Asks on the terminal before something is changed. Without a terminal nobody can answer: `--yes` must say it. */
export async function confirm(question: string, options: { readonly yes?: true }): Promise<boolean> {
  if (options.yes === true) return true;
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true)
    throw new CommandFailure(
      exit.usage,
      `${question} Nobody can be asked here: add --yes. Nothing was changed.`,
    );
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
