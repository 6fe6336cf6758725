/** Every command, for the program and for the tests of what people are told to type. */
import { Command } from 'commander';
import { adoptCommand } from '../commands/adopt-command.ts';
import { attentionCommand } from '../commands/attention-command.ts';
import { auditCommand } from '../commands/audit-command.ts';
import { batchCommand } from '../commands/batch-command.ts';
import { batchesCommand } from '../commands/batches-command.ts';
import { credentialCommand } from '../commands/credential-command.ts';
import { deadLettersCommand } from '../commands/dead-letters-command.ts';
import { doctorCommand } from '../commands/doctor-command.ts';
import { drainCommand } from '../commands/drain-command.ts';
import { enqueueCommand } from '../commands/enqueue-command.ts';
import { exportCommand } from '../commands/export-command.ts';
import { importCommand } from '../commands/import-command.ts';
import { jobCommand } from '../commands/job-command.ts';
import { jobsCommand } from '../commands/jobs-command.ts';
import { limitCommand } from '../commands/limit-command.ts';
import { pauseCommand, resumeCommand } from '../commands/pause-command.ts';
import { preflightCommand } from '../commands/preflight-command.ts';
import { repairCommand } from '../commands/repair-command.ts';
import { resolveCommand } from '../commands/resolve-command.ts';
import { retryCommand } from '../commands/retry-command.ts';
import { statusCommand } from '../commands/status-command.ts';
import { uiCommand } from '../commands/ui-command.ts';
import { ownVersion } from './version.ts';

/** Every command with its options, as `--help` shows them. */
export const program = new Command('partner-checkout')
  .description(
    'Operates the checkout worker: the local stack of `npm run dev`, or Azure with your own sign-in.',
  )
  .option('--json', 'results as JSON, for programs')
  .option('--websockets', 'reaches Service Bus by WebSockets on port 443; a proxy is named by HTTPS_PROXY')
  .option('--settings <file>', 'connect with the settings in this file (NAME=value lines)')
  .version(ownVersion())
  .showHelpAfterError('All commands: npx partner-checkout --help')
  .addHelpText(
    'after',
    `
Exit codes: 0 success; 1 something needs a person; 2 wrong usage; 3 not everything was done, because of the connection, the sign-in, a missing role or a closed gate; 130 Ctrl-C.`,
  );
for (const command of [
  preflightCommand,
  enqueueCommand,
  statusCommand,
  batchesCommand,
  batchCommand,
  attentionCommand,
  jobsCommand,
  jobCommand,
  retryCommand,
  resolveCommand,
  deadLettersCommand,
  repairCommand,
  pauseCommand,
  resumeCommand,
  limitCommand,
  drainCommand,
  exportCommand,
  importCommand,
  adoptCommand,
  auditCommand,
  doctorCommand,
  credentialCommand,
  uiCommand,
])
  program.addCommand(command);
for (const command of [program, ...program.commands, ...program.commands.flatMap((one) => one.commands)])
  command.exitOverride();
