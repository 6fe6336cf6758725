/** Promise: the commands of the README work as they are pasted. */

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { makeSampleLists } from '../../local/sample-list.ts';
import { shellLines, shellVariables } from '../../local/shell-file.ts';
import { queueName, type Stack, startStack } from '../../local/stack.ts';
import { booksReader } from '../../local/verdict/books.ts';
import { type CliResult, cli, startCli } from '../support/cli.ts';

const root = join(import.meta.dirname, '../..');
let folder: string;
let stack: Stack;
let home: Record<string, string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'checkout-operate-'));
  stack = await startStack({ factor: 100, appRoot: inject('appRoot') });
  const worker = await stack.startWorker();
  await mkdir(join(folder, '.local'), { recursive: true });
  const sample = await makeSampleLists(stack.sandbox, join(folder, '.local'));
  await writeFile(join(folder, '.local', 'env'), shellLines(shellVariables(stack, worker, sample)));
  const file = { pid: process.pid, settings: stack.settings, admin: stack.sandbox.admin };
  await writeFile(join(folder, '.local', 'stack.json'), JSON.stringify(file));
  home = { XDG_STATE_HOME: join(folder, 'state') };
});
afterAll(async () => {
  await stack?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** As a person types it in the folder of the stack: no setting, no secret, found by `.local/stack.json`. */
const checkout = (line: string, input?: string): Promise<CliResult> =>
  cli(home, wordsOf(line), { folder, ...(input === undefined ? {} : { input }) });

const wordsOf = (line: string): readonly string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '');

const carts = (count: number) => stack.sandbox.createCarts({ count, customers: 4, baskets: ['legacy'] });
const listOf = (refs: readonly { customerId: string; cartId: string }[]) =>
  `customerId;cartId\r\n${refs.map(({ customerId, cartId }) => `${customerId};${cartId}`).join('\r\n')}\r\n`;

async function idle(): Promise<void> {
  await expect
    .poll(() => Object.values(stack.broker.entity(queueName).counts()).every((count) => count === 0), {
      timeout: 40_000,
    })
    .toBe(true);
}

/** The README's blocks for the shell that need the stack of `npm run dev`, as they are pasted. */
async function pasted(): Promise<readonly string[]> {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const blocks = [...readme.matchAll(/```sh\n(.*?)```/gs)].map(([, block = '']) => block);
  // A command goes on where a line ends in a backslash.
  return (
    blocks
      .filter((block) => block.startsWith('. .local/env'))
      .flatMap((block) => block.split(/(?<!\\)\n/))
      // It runs until Ctrl-C; its own tests try it.
      .filter((line) => !line.startsWith('npx partner-checkout ui'))
  );
}

/** Commands that the README names in a table only. */
const others = [
  'npx partner-checkout doctor',
  'npx partner-checkout preflight .local/sample.csv',
  'npx partner-checkout batches',
  'npx partner-checkout jobs --batch sample --state failed',
  'npx partner-checkout resolve $SAMPLE_CUSTOMER $SAMPLE_CART',
  'npx partner-checkout repair --dry-run',
  'npx partner-checkout dead-letters list',
  'npx partner-checkout pause "portal maintenance" --until 04:00',
  'npx partner-checkout resume',
  'npx partner-checkout limit',
  'npx partner-checkout audit --batch sample',
];

describe('the commands of the README', () => {
  test('work as they are pasted, in this order', async () => {
    const lines = [...(await pasted()).filter((line) => line !== ''), ...others];
    for (const name of ['curl', 'enqueue', 'status', 'batch', 'attention', 'job', 'retry'])
      expect(
        lines.some((line) => line.startsWith(`npx partner-checkout ${name}`) || line.startsWith(name)),
        name,
      ).toBe(true);
    let sourced = '';
    for (const line of lines) {
      if (line.startsWith('. ')) {
        sourced = line;
        continue;
      }
      const { code, stdout, stderr } = await shell(`${sourced}\n${line}`);
      // 1: it ran and found something to look at; the sample has a cart that is refused.
      expect([0, 1], `${line}\n${stdout}\n${stderr}`).toContain(code);
      expect(stdout + stderr, line).not.toMatch(/\bat \S+ \(.*:\d+:\d+\)/);
      expect(stdout, `${line}\n${stderr}`).not.toBe('');
      if (line.includes('npx partner-checkout enqueue')) await idle();
    }
  });
});

/** In the shell that a person has, where `npx partner-checkout` is this folder's command. */
const shell = (script: string): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    const npx = `npx() { shift; "${process.execPath}" "${join(root, 'src/cli/main.js')}" "$@"; }\n`;
    const child = execFile(
      'sh',
      ['-c', npx + script],
      { cwd: folder, env: { PATH: process.env['PATH'], ...home }, timeout: 60_000 },
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });

describe('enqueue', () => {
  test('a list from standard input, twice, with duplicates: one run, each cart bought once', async () => {
    const refs = carts(8);
    const list = listOf([...refs, ...refs.slice(0, 3)]);
    const first = await checkout('--json enqueue -', list);
    const again = await checkout('--json enqueue -', list);
    expect([first.code, again.code]).toEqual([0, 0]);
    const result = JSON.parse(first.stdout);
    expect(result).toMatchObject({ jobs: 8, duplicates: 3, invalid: 0, sent: 8 });
    expect(JSON.parse(again.stdout).batchId).toBe(result.batchId);
    await idle();
    const ours = new Set(refs.map(({ cartId }) => cartId));
    const orders = stack.sandbox.orderBook().filter(({ cartId }) => ours.has(cartId));
    expect(orders).toHaveLength(8);
    const { carts: rows } = await booksReader(stack.tables.connectionString).read();
    expect(rows.filter(({ cartId, state }) => ours.has(cartId) && state === 'completed')).toHaveLength(8);
  });

  test('an invalid line stops the whole, unless it is told to be skipped; --dry-run sends nothing', async () => {
    const [cart] = carts(1);
    const list = `customerId,cartId\n${cart?.customerId},${cart?.cartId}\ncontoso,${cart?.cartId}\n`;
    const refused = await checkout('enqueue -', list);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toMatch(/^ +3 +customerId +customerId must be a GUID/m);
    expect(refused.stdout).toContain('Nothing was sent');
    const dry = await checkout('enqueue - --skip-invalid --dry-run --at 02:00', list);
    expect(dry.code).toBe(0);
    expect(dry.stdout).toMatch(/Not before .* 02:00 \S+/);
    const calls = stack.sandbox.calls().filter(({ cartId }) => cartId === cart?.cartId);
    expect(calls).toHaveLength(0);
    const sent = await checkout('--json enqueue - --skip-invalid', list);
    expect(JSON.parse(sent.stdout)).toMatchObject({ jobs: 1, invalid: 1, sent: 1, problems: [{ line: 3 }] });
  });

  test('what cannot be understood is 2, with what to do', async () => {
    for (const line of [
      'enqueue',
      'enqueue no-such.csv',
      'enqueue - --at 25:00',
      'enqueue - --batch a/b',
      'nonsense',
    ]) {
      const { code, stdout, stderr } = await checkout(line);
      expect(code, `${line} ${stdout} ${stderr}`).toBe(2);
      expect(stderr).not.toBe('');
    }
  });

  test('interrupted by Ctrl-C it says how many it sent, and sends no more', async () => {
    const list = join(folder, 'long.csv');
    const refs = Array.from({ length: 30_000 }, (_, index) => ({
      customerId: '00000000-0000-4000-8000-000000000001',
      cartId: `${String(index).padStart(8, '0')}-0000-4000-8000-000000000000`,
    }));
    await writeFile(list, listOf(refs));
    const { child, ended } = startCli(home, ['enqueue', list, '--at', '02:00'], { folder });
    const scheduled = () => stack.broker.entity(queueName).counts().scheduled;
    while (scheduled() === 0 && child.exitCode === null) await pause(5);
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    const sent = Number(/Interrupted: (\d+) of 30000 jobs are sent/.exec(stderr)?.[1]);
    expect(sent).toBe(scheduled());
    expect(sent).toBeLessThan(30_000);
  });
});

test('status tells of gate, queue, attention and poller; the pause and its reason show, resume opens', async () => {
  const paused = await checkout('pause "the portal is down"');
  expect(paused.code).toBe(0);
  const closed = JSON.parse((await checkout('--json status')).stdout);
  expect(closed.gate).toMatchObject({ open: false, reason: expect.stringContaining('the portal is down') });
  expect(closed.gate.pausedBy).not.toBe('');
  expect((await checkout('status')).stdout).toContain(`the portal is down (by ${closed.gate.pausedBy})`);
  expect(await checkout('pause "  "')).toMatchObject({ code: 2 });
  expect(await checkout('resume')).toMatchObject({ code: 0 });
  const { stdout } = await checkout('status');
  for (const name of [
    'gate',
    'calls/min',
    'queue',
    'jobs',
    'attention',
    'pending',
    'poller',
    'credential',
    'version',
  ])
    expect(stdout).toMatch(new RegExp(`^${name} `, 'm'));
  expect(stdout).toMatch(/^gate +open/m);
  expect(stdout).toMatch(/^queue +\d+ active, \d+ scheduled, 0 dead/m);
  expect(stdout).not.toContain('\u001b[');
});

describe('what calls Partner Center', () => {
  test('preflight finds carts that are missing, of others, ordered, expiring, or wrong in a line', async () => {
    const [good, other] = carts(2);
    const wrong = stack.sandbox.createCarts({
      carts: [
        { customerId: good?.customerId ?? '', lineItems: [{ catalogItemId: 'nonsense', quantity: 1 }] },
      ],
    })[0];
    const missing = { customerId: good?.customerId ?? '', cartId: '99999999-0000-4000-8000-000000000000' };
    const strange = { customerId: other?.customerId ?? '', cartId: good?.cartId ?? '' };
    const refs = [good, wrong, missing, strange].filter((ref) => ref !== undefined);
    await writeFile(join(folder, 'pre.csv'), listOf(refs));
    const { code, stdout } = await checkout('--json preflight pre.csv');
    expect(code).toBe(1);
    const { read, findings } = JSON.parse(stdout);
    expect(read).toBe(4);
    const kinds = findings.map(({ kind, cartId }: { kind: string; cartId: string }) => [kind, cartId]);
    expect(kinds.sort()).toEqual(
      [
        ['line', wrong?.cartId],
        ['missing', missing.cartId],
        ['missing', strange.cartId],
      ].sort(),
    );
  });

  test('books agree after a run; a batch that nobody knows is told', async () => {
    const refs = carts(4);
    const sent = await checkout('enqueue - --batch for-the-audit', listOf(refs));
    expect(sent.code).toBe(0);
    await expect
      .poll(
        () =>
          stack.sandbox.orderBook().filter(({ cartId }) => refs.some((ref) => ref.cartId === cartId)).length,
        {
          timeout: 30_000,
        },
      )
      .toBe(4);
    await expect
      .poll(async () => (await checkout('audit --batch for-the-audit')).code, { timeout: 30_000 })
      .toBe(0);
    const unknown = await checkout('audit --batch nobody');
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain('not known');
  });

  test('doctor finds nothing wrong with the local stack', async () => {
    const { code, stdout } = await checkout('doctor');
    expect(code, stdout).toBe(0);
    expect(stdout).not.toMatch(/^(wrong|unknown)/m);
  });

  test('without a credential they say so and end with 3', async () => {
    const { TablesConnection, ServiceBusConnection } = stack.settings;
    const bare = {
      ...home,
      TablesConnection: TablesConnection ?? '',
      ServiceBusConnection: ServiceBusConnection ?? '',
    };
    for (const args of [['audit', '--batch', 'for-the-audit'], ['preflight', 'pre.csv'], ['doctor']]) {
      const { code, stdout, stderr } = await cli(bare, args, { folder });
      expect(code, `${stdout} ${stderr}`).toBe(3);
      expect(stdout + stderr).toMatch(/credential/);
    }
    const nothing = await cli(home, ['status'], { folder: tmpdir() });
    expect(nothing.code).toBe(3);
    expect(nothing.stderr).toContain('No connection');
  });
});

test('help lists the commands, and that of each shows an example', async () => {
  const { stdout } = await checkout('--help');
  for (const name of ['enqueue', 'preflight', 'status', 'audit', 'doctor', 'pause', 'resume'])
    expect(stdout).toMatch(new RegExp(`^ {2}${name} .*\\S`, 'm'));
  const help = await checkout('enqueue --help');
  expect(help.code).toBe(0);
  expect(help.stdout).toMatch(/Example:\n {2}npx partner-checkout enqueue /);
});
