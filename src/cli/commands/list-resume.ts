import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod/mini';

/** How far a long command came, kept on this machine, so that the same command goes on from there. */
export interface Resume {
  /** How many of the things, in their order, are done for certain. */
  readonly done: number;
  note(done: number): void;
  /** Writes what was noted last. */
  save(): void;
  /** All is done: the next time begins at the start. */
  forget(): void;
}

const file = z.object({ what: z.string(), done: z.number().check(z.int(), z.nonnegative()) });
const saveEvery = 250;

/** `what` names the command, its input and where it goes, whole: another stack has other messages. */
export function openResume(what: string, env: NodeJS.ProcessEnv, now: () => number): Resume {
  const folder = stateFolder(env);
  const path = join(folder, `${createHash('sha256').update(what).digest('hex').slice(0, 24)}.json`);
  const key = createHash('sha256').update(what).digest('hex');
  let done = read(path, key);
  let savedAt = 0;
  const save = () => {
    if (done === 0) return;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // Never half a file: a process may be killed while it writes.
    writeFileSync(`${path}.${process.pid}`, JSON.stringify({ what: key, done }), { mode: 0o600 });
    renameSync(`${path}.${process.pid}`, path);
    savedAt = now();
  };
  return {
    get done() {
      return done;
    },
    note(next) {
      done = next;
      if (now() - savedAt >= saveEvery) save();
    },
    save,
    forget: () => rmSync(path, { force: true }),
  };
}

function read(path: string, key: string): number {
  try {
    const found = file.parse(JSON.parse(readFileSync(path, 'utf8')));
    return found.what === key ? found.done : 0;
  } catch {
    // None, or none that can be read: then from the start, which is safe.
    return 0;
  }
}

function stateFolder(env: NodeJS.ProcessEnv): string {
  const base =
    env['XDG_STATE_HOME'] ??
    (process.platform === 'win32' ? env['LOCALAPPDATA'] : undefined) ??
    join(homedir(), '.local', 'state');
  return join(base, 'checkout-worker');
}
