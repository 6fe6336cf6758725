import { Command } from 'commander';
import { attentionCommand } from './attention.ts';
import { batchCommand } from './batch.ts';
import { booksCommand } from './books.ts';
import { credentialCommand } from './credential.ts';
import { deadLettersCommand } from './dead-letters.ts';
import { doctorCommand } from './doctor.ts';
import { enqueueCommand } from './enqueue.ts';
import { jobCommand } from './job.ts';
import { pauseCommand, resumeCommand } from './pause.ts';
import { preflightCommand } from './preflight.ts';
import { resolveCommand } from './resolve.ts';
import { retryCommand } from './retry.ts';
import { reviveCommand } from './revive.ts';
import { statusCommand } from './status.ts';

/** Every command with its options, as `--help` shows them. */
export const program = new Command('partner-checkout')
  .description(
    'Operates the checkout worker: the local stack of `npm run dev`, or Azure with your own sign-in.',
  )
  .option('--json', 'results as JSON, for programs')
  .option('--settings <file>', 'connect with the settings in this file (NAME=value lines)')
  .showHelpAfterError()
  .addHelpText(
    'after',
    `
Exit codes: 0 all well; 1 it found what a person should look at; 2 wrong usage; 3 it could not check or do all of it: no connection, sign-in or right, or a closed gate; 130 Ctrl-C.`,
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
  credentialCommand,
])
  program.addCommand(command);
for (const command of [program, ...program.commands, ...program.commands.flatMap((one) => one.commands)])
  command.exitOverride();
