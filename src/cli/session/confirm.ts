/** Asks a person before something is changed. */
import { createInterface } from 'node:readline/promises';
import { CommandFailure, exit } from './cli-failure.ts';

interface Terminal {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/** Asks on the terminal before something is changed. Without a terminal nobody can answer: `--yes` must say it. */
export async function confirm(
  question: string,
  options: { readonly yes?: true },
  { stdin, stderr }: Terminal = process,
): Promise<boolean> {
  if (options.yes === true) return true;
  if (stdin.isTTY !== true || stderr.isTTY !== true)
    throw new CommandFailure(
      exit.usage,
      `${question} Nobody can be asked here: add --yes. Nothing was changed.`,
    );
  const terminal = createInterface({ input: stdin, output: stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError')
      throw new CommandFailure(exit.interrupted, '\nInterrupted: nothing was changed.');
    throw error;
  } finally {
    terminal.close();
  }
}
