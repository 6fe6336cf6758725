/**
 * `npm run check:readme`: does what the README says, in order, in an empty copy of the project. Each `sh` block runs in a shell of its own,
 * as in a new terminal, and each `powershell` block in PowerShell. Blocks of other languages show output, or need a cloud.
 *
 * A block that serves until Ctrl-C stays up for the blocks after it. `-- --show` shows what the blocks print. Without
 * PowerShell on this machine, the .NET SDK installs one into a temporary folder.
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { show: { type: 'boolean', default: false } } });
const root = join(import.meta.dirname, '../..');
const powershellVersion = '7.6.10';
/** An install, and a run of 300 jobs, on a busy machine. */
const limitMs = 10 * 60_000;

interface Block {
  readonly language: string;
  readonly text: string;
}

const blocks: readonly Block[] = [
  ...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^```(sh|powershell)\n(.*?)^```$/gms),
].map(([, language = '', text = '']) => ({ language, text: text.trim() }));

/** Commands that serve until Ctrl-C, and what they print when they are ready. */
const services: Readonly<Record<string, RegExp>> = {
  'npm run dev': /Open this address/,
  'npx partner-checkout ui': /Open this address/,
};

const folder = mkdtempSync(join(tmpdir(), 'check-readme-'));
const copy = join(folder, 'clone');
const children: ChildProcess[] = [];
const environment = {
  ...process.env,
  // The copy's own packages, not those of the script that runs this.
  PATH: (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((path) => !path.includes('node_modules'))
    .join(delimiter),
  NO_COLOR: '1',
  XDG_STATE_HOME: join(folder, 'state'),
};

/**
 * A command of the command line that finds something for a person ends with 1, and is no failure. Any other code of a command ends
 * the block.
 */
const shellStart = `set -E
trap 'code=$?; case "$code $BASH_COMMAND" in "1 npx partner-checkout "*) ;; *) exit "$code" ;; esac' ERR
`;

function start({ language, text }: Block): ChildProcess {
  const [command, args] =
    language === 'sh'
      ? ['bash', ['-c', shellStart + text]]
      : [
          powershell(),
          ['-NoProfile', '-NonInteractive', '-Command', `$ErrorActionPreference = 'Stop'\n${text}`],
        ];
  // A group of its own, so that Ctrl-C reaches all that the block started.
  const child = spawn(command, args, {
    cwd: copy,
    env: environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  return child;
}

/** Ends the whole group of a child, as Ctrl-C does. */
function interrupt({ pid, exitCode, signalCode }: ChildProcess, signal: 'SIGINT' | 'SIGKILL'): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It ended meanwhile.
  }
}

/** Resolves when the block is done, or when its service is ready: undefined if all is well, otherwise what went wrong. */
function run(block: Block): Promise<string | undefined> {
  const ready = services[block.text];
  const child = start(block);
  return new Promise((resolve) => {
    let printed = '';
    const limit = setTimeout(() => {
      interrupt(child, 'SIGKILL');
      resolve(`not done after ${limitMs / 60_000} minutes\n${printed.slice(-2_000)}`);
    }, limitMs);
    const done = (problem: string | undefined) => {
      clearTimeout(limit);
      resolve(problem);
    };
    const take = (data: Buffer) => {
      printed += data.toString();
      if (values.show) process.stdout.write(data);
      if (ready?.test(printed)) done(undefined);
    };
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
    child.once('error', (error) => done(error.message));
    child.once('close', (code) =>
      done(code === 0 && ready === undefined ? undefined : `exit code ${code}\n${printed.slice(-2_000)}`),
    );
  });
}

let found: string | undefined;
/** The PowerShell of this machine, or one that is installed for this run. Throws where neither is possible. */
function powershell(): string {
  if (found !== undefined) return found;
  if (spawnSync('pwsh', ['-Version']).status === 0) found = 'pwsh';
  else {
    const tools = join(folder, 'pwsh');
    const given = ['tool', 'install', '--tool-path', tools, 'powershell', '--version', powershellVersion];
    const { status, stdout } = spawnSync('dotnet', given, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`there is no PowerShell, and the .NET SDK installs none: ${stdout}`);
    found = join(tools, 'pwsh');
  }
  return found;
}

/** The project as it stands here, committed or not, as a fresh clone would have it. */
function makeCopy(): void {
  const git = (args: readonly string[], input?: string): string => {
    const { status, stdout, stderr } = spawnSync('git', args, {
      cwd: root,
      encoding: 'utf8',
      input,
      maxBuffer: 1e9,
    });
    if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  git(['clone', '--quiet', '--no-hardlinks', root, copy]);
  const change = git(['diff', '--binary', 'HEAD']);
  if (change !== '') git(['-C', copy, 'apply', '--whitespace=nowarn', '-'], change);
}

let asWritten = 0;
try {
  makeCopy();
  for (const block of blocks) {
    const name = block.text.split('\n').find((line) => !line.startsWith('. ')) ?? '';
    const startedAt = Date.now();
    const problem = await run(block).catch((error: unknown) => String(error));
    const seconds = ((Date.now() - startedAt) / 1_000).toFixed(0);
    console.log(`${problem === undefined ? 'ok' : 'FAILED'} after ${seconds} s: ${name}`);
    if (problem === undefined) asWritten += 1;
    else console.error(problem);
  }
} finally {
  for (const child of children) interrupt(child, 'SIGINT');
  const ends = children.map(
    (child) =>
      new Promise<void>((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) resolve();
        else child.once('exit', () => resolve());
      }),
  );
  const limit = setTimeout(() => {
    for (const child of children) interrupt(child, 'SIGKILL');
  }, 20_000);
  await Promise.all(ends);
  clearTimeout(limit);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
console.log(`README.md: blocks as written ${asWritten} of ${blocks.length}`);
if (asWritten < blocks.length) process.exitCode = 1;
