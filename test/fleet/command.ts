import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** A command of the project as a person runs it: a process group of its own, and a folder of its own for temporary files. */
export interface Command {
  readonly child: ChildProcess;
  /** All that was printed so far. */
  printed(): string;
  /** Resolves with what matched as soon as it has been printed; throws when the command ends before. */
  shows(pattern: RegExp): Promise<RegExpExecArray>;
  /** Ctrl-C in its terminal: the whole group hears it. */
  interrupt(): void;
  /** Resolves with the exit code, the end of its children included. */
  readonly ended: Promise<number | null>;
  /** Temporary files that are left. */
  litter(): readonly string[];
  /** Processes that it has left behind, children of children included. Known on Linux alone. */
  survivors(): readonly string[];
  [Symbol.asyncDispose](): Promise<void>;
}

export function command(script: string, ...args: readonly string[]): Command {
  const temp = mkdtempSync(join(tmpdir(), 'checkout-command-'));
  const child = spawn(process.execPath, [join(root, script), ...args], {
    cwd: root,
    env: { ...process.env, TMPDIR: temp },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const looks = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      for (const look of [...looks]) look();
    });
  const ended = once(child, 'close').then(([code]) => (typeof code === 'number' ? code : null));
  return {
    child,
    ended,
    printed: () => text,
    shows(pattern) {
      const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>();
      const look = () => {
        const match = pattern.exec(text);
        if (match === null) return;
        looks.delete(look);
        resolve(match);
      };
      looks.add(look);
      look();
      void ended.then((code) =>
        reject(new Error(`It ended with ${code} and never showed ${pattern}:\n${text}`)),
      );
      return promise;
    },
    interrupt() {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGINT');
    },
    litter: () => readdirSync(temp),
    survivors: () => (existsSync('/proc') ? readdirSync('/proc').filter((pid) => knows(pid, temp)) : []),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
      rmSync(temp, { recursive: true, force: true });
    },
  };
}

/** Whether a process was started with this folder for its temporary files. */
function knows(pid: string, temp: string): boolean {
  if (!/^\d+$/.test(pid)) return false;
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(temp);
  } catch {
    // Ended meanwhile, or somebody else's.
    return false;
  }
}
