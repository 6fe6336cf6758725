/** `npm run first-deployment`: leads through `docs/first-deployment.md`. `npm run first-deployment -- probe …`: step 4 by itself. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs, parseEnv } from 'node:util';
import * as z from 'zod/mini';
import { tokenFetcher } from '../src/adapters/partner-auth/credentials.ts';
import { decodePartnerCenterConfig } from '../src/config/config.ts';
import { probe, verdictOf } from './first-deployment/probe.ts';
import { steps } from './first-deployment/steps.ts';

const say = (text: string) => process.stdout.write(`${text}\n`);
const [command, ...rest] = process.argv.slice(2);
if (command === 'probe') await runProbe(rest);
else await lead();

async function runProbe(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      settings: { type: 'string' },
      customer: { type: 'string' },
      cart: { type: 'string' },
      item: { type: 'string' },
      term: { type: 'string', default: 'P1M' },
    },
  });
  const { settings, customer, cart, item, term } = values;
  if (settings === undefined || customer === undefined || (cart === undefined) === (item === undefined)) {
    say(
      'npm run first-deployment -- probe --settings FILE --customer CUSTOMER (--cart CART | --item CATALOG_ITEM_ID [--term P1M])',
    );
    process.exitCode = 2;
    return;
  }
  const config = decodePartnerCenterConfig({ ...process.env, ...parseEnv(readFileSync(settings, 'utf8')) });
  const fetchToken = tokenFetcher(config, { warn: say });
  const { token } = await fetchToken();
  const result = await probe({
    api: config.api,
    token: async () => token,
    customerId: customer,
    cart: cart === undefined ? { catalogItemId: item ?? '', termDuration: term } : { cartId: cart },
    now: Date.now,
    sleep: (ms) => sleep(ms),
    say,
  });
  const verdict = verdictOf(result);
  say(`\nContract: ${verdict.contract}. ${verdict.words}`);
  for (const [name, value] of Object.entries(verdict.settings)) say(`  ${name}=${value}`);
  process.exitCode = verdict.contract === 'replay' || verdict.contract === 'already-submitted' ? 0 : 1;
}

async function lead(): Promise<void> {
  const folder = new URL('../.local/', import.meta.url).pathname;
  const file = `${folder}first-deployment.json`;
  const shape = z.array(
    z.object({ step: z.string(), asExpected: z.boolean(), note: z.string(), at: z.string() }),
  );
  const answers = existsSync(file) ? shape.parse(JSON.parse(readFileSync(file, 'utf8'))) : [];
  const answered = new Set(answers.map(({ step }) => step));
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    for (const [index, step] of steps.entries()) {
      if (answered.has(step.title)) continue;
      say(`\n${index + 1} of ${steps.length}: ${step.title} (about ${step.minutes} minutes)\n${step.why}\n`);
      for (const line of step.commands) say(`  ${line}`);
      say(`\nExpected: ${step.expected}`);
      if (process.stdin.isTTY !== true) continue;
      const asExpected = /^y/i.test(await terminal.question('As expected? [y/n, Ctrl-C goes on later] '));
      if (!asExpected) say(`Then: ${step.otherwise}`);
      const note = await terminal.question('Note: ');
      answers.push({ step: step.title, asExpected, note, at: new Date().toISOString() });
      mkdirSync(folder, { recursive: true });
      writeFileSync(file, `${JSON.stringify(answers, null, 2)}\n`);
    }
    const other = answers.filter(({ asExpected }) => !asExpected);
    say(`\n${answers.length} of ${steps.length} steps answered, ${other.length} not as expected: ${file}`);
    process.exitCode = other.length === 0 ? 0 : 1;
  } finally {
    terminal.close();
  }
}
