/** `npm run first-deployment`: leads through `docs/first-deployment.md`. `npm run first-deployment -- probe …`: step 4 by itself. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, CommanderError } from 'commander';
import { guidIn } from '../src/cli/session/arguments.ts';
import { CommandFailure, exit } from '../src/cli/session/cli-failure.ts';
import { confirm } from '../src/cli/session/confirm.ts';
import { findSettings, isRunning } from '../src/cli/session/settings-file.ts';
import { ConfigError, decodePartnerCenterConfig } from '../src/config/config.ts';
import { messageOf } from '../src/domain/text.ts';
import { lead } from './first-deployment/lead.ts';
import { probe, verdictOf } from './first-deployment/probe.ts';

const say = (text: string) => void process.stdout.write(`${text}\n`);

interface ProbeCommand {
  readonly settings: string;
  readonly customer: string;
  readonly cart?: string;
  readonly item?: string;
  readonly term: string;
  readonly yes?: true;
}

const program = new Command('first-deployment')
  .description('leads through docs/first-deployment.md, and continues where it stopped')
  .helpCommand(false)
  .exitOverride()
  .action(async () => {
    process.exitCode = await lead(join(import.meta.dirname, '../.local/first-deployment.json'), say);
  });

program
  .command('probe')
  .description('buys one cart at the integration sandbox, to see what a repeated checkout does')
  .requiredOption('--settings <file>', 'settings of the sandbox’s app registration')
  .requiredOption('--customer <guid>', 'a customer for tests')
  .option('--cart <guid>', 'a cart that is ready')
  .option('--item <id>', 'catalogue item of a cart that is made for this')
  .option('--term <duration>', 'its term', 'P1M')
  .option('--yes', 'does not ask whether this is a sandbox')
  .exitOverride()
  .action(runProbe);

async function runProbe({ settings, item, term, yes, ...named }: ProbeCommand): Promise<void> {
  const customer = guidIn('--customer', named.customer);
  const cart = named.cart === undefined ? undefined : guidIn('--cart', named.cart);
  if ((cart === undefined) === (item === undefined))
    throw new CommandFailure(
      exit.usage,
      'Name a cart with --cart, or what a new one is made of with --item.',
    );
  const { env } = findSettings(settings, process.env, process.cwd(), isRunning);
  const config = decodePartnerCenterConfig(env);
  const question = `This buys a cart for customer ${customer} at ${config.api}, as tenant ${env['PARTNER_TENANT_ID']}. Is that an integration sandbox?`;
  if (!(await confirm(question, yes === true ? { yes } : {})))
    throw new CommandFailure(exit.found, 'Nothing was bought.');
  // Loaded late: it takes a second, and a wrong option needs none of it.
  const { tokenFetcher } = await import('../src/adapters/partner-auth/credentials.ts');
  const { token } = await tokenFetcher(config, { warn: say })().catch((error: unknown) => {
    throw new CommandFailure(
      exit.cannot,
      `No token for Partner Center: ${messageOf(error)} Nothing was bought.`,
    );
  });
  const result = await probe({
    api: config.api,
    token: async () => token,
    customerId: customer,
    cart: cart === undefined ? { catalogItemId: item ?? '', termDuration: term } : { cartId: cart },
    now: Date.now,
    sleep: (ms) => sleep(ms),
    say,
  }).catch((error: unknown) => {
    throw new CommandFailure(exit.cannot, messageOf(error));
  });
  const verdict = verdictOf(result);
  say(`\nContract: ${verdict.contract}. ${verdict.words}`);
  for (const [name, value] of Object.entries(verdict.settings)) say(`  ${name}=${value}`);
  const isKnown = verdict.contract === 'replay' || verdict.contract === 'already-submitted';
  process.exitCode = isKnown ? exit.ok : exit.found;
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = told(error);
}

function told(error: unknown): number {
  // Commander has said it.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exit.ok : exit.usage;
  if (error instanceof ConfigError) process.stderr.write(`${error.problems.join('\n')}\n`);
  else if (error instanceof CommandFailure) process.stderr.write(`${error.message}\n`);
  else throw error;
  return error instanceof CommandFailure ? error.code : exit.cannot;
}
