import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** Runs `partner-checkout` as a process of its own; throws with what it wrote when its exit code is not 0. */
export type Command = (...args: readonly string[]) => Promise<string>;

/** The command line with these settings, which it writes into a file as `azd env get-values` does. */
export async function commandLine(
  file: string,
  settings: Readonly<Record<string, string>>,
): Promise<Command> {
  const text = Object.entries(settings).map(([name, value]) => `${name}='${value}'`);
  await writeFile(file, text.join('\n'));
  const main = new URL('../../src/cli/main.js', import.meta.url).pathname;
  return async (...args) => {
    const { stdout } = await promisify(execFile)(process.execPath, [main, '--settings', file, ...args]);
    return stdout;
  };
}
