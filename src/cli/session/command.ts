/** What every command runs in: its output, its settings, its connections, and Ctrl-C. */
import { setGlobalProxyFromEnv } from 'node:http';
import { Command } from 'commander';
import { decodeOperatorConfig } from '../../config/config.ts';
import { CommandFailure, exit } from './cli-failure.ts';
import type { Operator } from './operator.ts';
import { commandName, type Output, openOutput, type TypedOptions, typedCommand } from './output.ts';
import type { Queues } from './queues.ts';
import { findSettings, isRunning, type Settings } from './settings-file.ts';
import { trustAlso } from './trust.ts';

/** What a command's action gets beside its own arguments. */
export interface Session {
  readonly output: Output;
  /** Found on their first use. Throws `CommandFailure`. */
  settings(): Settings;
  /** The tables. Loaded on its first use, with the library that speaks to them: `--help` needs none. */
  operator(): Promise<Operator>;
  /** The queues: likewise. Closed when the command ends. */
  queues(): Promise<Queues>;
  /** Aborted by Ctrl-C: finish what is in hand, say how to go on, and end. */
  readonly interrupted: AbortSignal;
}

/** Runs a command's action and returns its exit code; the session is closed whatever happens. */
export async function inSession(
  command: Command,
  action: (session: Session) => Promise<number>,
): Promise<void> {
  const options = command.optsWithGlobals<{ json?: boolean } & TypedOptions>();
  const typed = typedCommand(options);
  const output = openOutput(process, { json: options.json === true, typed });
  const interrupt = new AbortController();
  // For what is fetched and for WebSockets; the Azure clients read the variable themselves.
  if (process.env['HTTPS_PROXY'] ?? process.env['https_proxy']) setGlobalProxyFromEnv();
  const onSignal = () => interrupt.abort();
  process.once('SIGINT', onSignal);
  let found: Settings | undefined;
  let operator: Operator | undefined;
  let queues: Queues | undefined;
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
      async operator() {
        const { openOperator } = await import('./operator.ts');
        operator ??= openOperator(decodeOperatorConfig(settings().env), output.note);
        return operator;
      },
      async queues() {
        const { openQueues } = await import('./queues.ts');
        queues ??= openQueues(decodeOperatorConfig(settings().env), {
          webSockets: options.websockets === true,
        });
        return queues;
      },
    });
  } catch (error) {
    if (error instanceof CommandFailure)
      throw new CommandFailure(error.code, error.message.replaceAll(commandName, typed));
    // A read that Ctrl-C cut short: what it would have told is not known.
    if (!interrupt.signal.aborted || !(error instanceof Error) || error.name !== 'AbortError') throw error;
    throw new CommandFailure(exit.interrupted, 'Interrupted before the end: there is no result.');
  } finally {
    process.removeListener('SIGINT', onSignal);
    await queues?.bus.close();
  }
}

/** A command with its example: `--help` shows both. */
export const newCommand = (name: string, description: string, example: string): Command =>
  new Command(name)
    .description(description)
    .showHelpAfterError('See the commands: the same command with --help')
    .addHelpText('after', `\nExample:\n  ${example}`);
