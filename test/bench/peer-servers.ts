import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** A server of this machine that a bench started on 127.0.0.1. */
export interface PeerServer {
  readonly port: number;
  stop(): Promise<void>;
}

export async function missingRedis(): Promise<string | undefined> {
  try {
    await execute('redis-server', ['--version']);
    return undefined;
  } catch {
    return 'There is no redis-server on this machine (Debian: apt-get install redis-server).';
  }
}

/** Redis without a file, as Debian has it (`apt-get install redis-server`). */
export async function startRedis(): Promise<PeerServer> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'checkout-bench-redis-'));
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const redis = spawn('redis-server', [...args, '--dir', folder], { stdio: 'ignore' });
  const stop = stopping(redis, 'SIGTERM', folder);
  await listening(port, stop);
  return { port, stop };
}

export async function missingPostgres(): Promise<string | undefined> {
  return (await postgresFolder()) === undefined
    ? 'There is no PostgreSQL on this machine (Debian: apt-get install postgresql).'
    : undefined;
}

/**
 * PostgreSQL as it comes, with a new database (`apt-get install postgresql`). It refuses to run as root, so root starts it as the
 * user that Debian's package made.
 */
export async function startPostgres(): Promise<PeerServer & { query(sql: string): Promise<void> }> {
  const bin = await postgresFolder();
  if (bin === undefined) throw new Error('There is no PostgreSQL on this machine.');
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'checkout-bench-postgres-'));
  const user = process.getuid?.() === 0 ? await idsOf('postgres') : undefined;
  if (user !== undefined) await chown(folder, user.uid, user.gid);
  await chmod(folder, 0o700);
  const options = { ...user, cwd: folder };
  await execute(join(bin, 'initdb'), ['-D', folder, '-U', 'bench', '-A', 'trust', '-E', 'UTF8'], options);
  const args = ['-D', folder, '-p', String(port), '-k', folder, '-c', 'listen_addresses=127.0.0.1'];
  const postgres = spawn(join(bin, 'postgres'), args, { ...options, stdio: 'ignore' });
  // SIGINT is its fast shutdown: it waits for no client.
  const stop = stopping(postgres, 'SIGINT', folder);
  await listening(port, stop);
  const url = `postgres://bench@127.0.0.1:${port}/postgres`;
  return {
    port,
    stop,
    async query(sql) {
      await execute(join(bin, 'psql'), ['-v', 'ON_ERROR_STOP=1', '-c', sql, url]);
    },
  };
}

/** Debian keeps its programs out of the PATH. */
async function postgresFolder(): Promise<string | undefined> {
  const root = '/usr/lib/postgresql';
  const versions = await readdir(root).catch(() => []);
  const newest = versions.toSorted((a, b) => Number(b) - Number(a))[0];
  return newest === undefined ? undefined : join(root, newest, 'bin');
}

async function idsOf(user: string): Promise<{ uid: number; gid: number }> {
  const [uid, gid] = await Promise.all(['-u', '-g'].map((flag) => execute('id', [flag, user])));
  return { uid: Number(uid?.stdout), gid: Number(gid?.stdout) };
}

function stopping(child: ChildProcess, signal: NodeJS.Signals, folder: string): () => Promise<void> {
  const ended = once(child, 'exit');
  return async () => {
    child.kill(signal);
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
}

async function listening(port: number, stop: () => Promise<void>): Promise<void> {
  const end = Date.now() + 20_000;
  while (Date.now() < end) {
    if (await answers(port)) return;
    await pause(50);
  }
  await stop();
  throw new Error(`No server listened on port ${port} within 20 s.`);
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return address.port;
}
