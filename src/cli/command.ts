import { Command } from 'commander';
import { decodeOperatorConfig } from '../config.ts';
import { type Operator, openOperator } from './operator.ts';
import { type Output, openOutput } from './output.ts';
import { findSettings, isRunning, type Settings } from './settings.ts';
import { trustAlso } from './trust.ts';

/** What a command's action gets beside its own arguments. */
export interface Session {
  readonly output: Output;
  /** Found on their first use. Throws `CommandFailure`. */
  settings(): Settings;
  /** Connects on its first use; closed when the command ends. */
  operator(): Operator;
  /** Aborted by Ctrl-C: finish what is in hand, say how to go on, and end. */
  readonly interrupted: AbortSignal;
}

/** Runs a command's action and returns its exit code; the session is closed whatever happens. */
export async function inSession(
  command: Command,
  action: (session: Session) => Promise<number>,
): Promise<void> {
  const options = command.optsWithGlobals<{ json?: boolean; settings?: string }>();
  const output = openOutput(process, { json: options.json === true });
  const interrupt = new AbortController();
  const onSignal = () => interrupt.abort();
  process.once('SIGINT', onSignal);
  let found: Settings | undefined;
  let operator: Operator | undefined;
  const settings = (): Settings => {
    if (found === undefined) {
      found = findSettings(options.settings, process.env, process.cwd(), isRunning);
      if (found.certificateFile !== undefined) trustAlso(found.certificateFile);
    }
    return found;
  };
  try {
    process.exitCode = await action({
      output,
      interrupted: interrupt.signal,
      settings,
      operator() {
        operator ??= openOperator(decodeOperatorConfig(settings().env), output.note);
        return operator;
      },
    });
  } finally {
    process.removeListener('SIGINT', onSignal);
    await operator?.close();
  }
}

/** A command with its example: `--help` shows both. */
export const newCommand = (name: string, description: string, example: string): Command =>
  new Command(name).description(description).addHelpText('after', `\nExample:\n  ${example}`);
