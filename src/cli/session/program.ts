/** Runs the command line, and turns what it throws into a message and an exit code. */
import { CommanderError } from 'commander';
import { ConfigError } from '../../config/config.ts';
import { Unavailable } from '../../ports/unavailable.ts';
import { CommandFailure, exit } from './cli-failure.ts';
import { program } from './commands.ts';

// Whoever reads the results has enough of them (`| head`): no failure, and nothing is left to say.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = told(error);
}

function told(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exit.ok : exit.usage;
  const expected = error instanceof CommandFailure || error instanceof Unavailable;
  if (error instanceof ConfigError) {
    process.stderr.write(`${error.problems.join('\n')}\n`);
    return exit.cannot;
  }
  process.stderr.write(`${expected ? error.message : error instanceof Error ? error.stack : error}\n`);
  return error instanceof CommandFailure ? error.code : exit.cannot;
}
