import { Command, CommanderError } from 'commander';
import { ConfigError } from '../config.ts';
import { Unavailable } from '../unavailable.ts';
import { attentionCommand } from './attention.ts';
import { batchCommand } from './batch.ts';
import { booksCommand } from './books.ts';
import { deadLettersCommand } from './dead-letters.ts';
import { doctorCommand } from './doctor.ts';
import { enqueueCommand } from './enqueue.ts';
import { CommandFailure, exit } from './failure.ts';
import { jobCommand } from './job.ts';
import { pauseCommand, resumeCommand } from './pause.ts';
import { preflightCommand } from './preflight.ts';
import { resolveCommand } from './resolve.ts';
import { retryCommand } from './retry.ts';
import { reviveCommand } from './revive.ts';
import { statusCommand } from './status.ts';

const program = new Command('checkout')
  .description(
    'Operates the checkout worker: the local stack of `npm run dev`, or Azure with your own sign-in.',
  )
  .option('--json', 'results as JSON, for programs')
  .option('--settings <file>', 'connect with the settings in this file (NAME=value lines)')
  .showHelpAfterError()
  .addHelpText(
    'after',
    `
Exit codes: 0 all well; 1 it found what a person should look at; 2 wrong usage; 3 no connection, sign-in or right; 130 Ctrl-C.`,
  );
for (const command of [
  preflightCommand,
  enqueueCommand,
  statusCommand,
  batchCommand,
  attentionCommand,
  jobCommand,
  retryCommand,
  resolveCommand,
  deadLettersCommand,
  reviveCommand,
  pauseCommand,
  resumeCommand,
  booksCommand,
  doctorCommand,
])
  program.addCommand(command);
for (const command of [program, ...program.commands, ...program.commands.flatMap((one) => one.commands)])
  command.exitOverride();

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
  const expected =
    error instanceof CommandFailure || error instanceof ConfigError || error instanceof Unavailable;
  process.stderr.write(`${expected ? error.message : error instanceof Error ? error.stack : error}\n`);
  return error instanceof CommandFailure ? error.code : exit.cannot;
}
