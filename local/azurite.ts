import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import * as z from 'zod/mini';

export interface Azurite {
  /** For `TableClient.fromConnectionString(…, { allowInsecureConnection: true })`. */
  readonly connectionString: string;
  /** The table service's address, account included: `http://127.0.0.1:40123/devstoreaccount1`. */
  readonly tableEndpoint: string;
  /** Ends the process; a folder keeps the tables. */
  stop(): Promise<void>;
}

/** Azurite's well-known development account, the same on every machine (learn.microsoft.com, "Use the Azurite emulator"). */
const account = 'devstoreaccount1';
const key = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

/** Its death is noticed at once. A machine that is busy takes its time, and is waited for. */
const startLimit = 120_000;
const started = z.object({ address: z.string() });

/**
 * Starts Azurite's table service on 127.0.0.1, on a free port unless one is named, in memory, or in `folder`. It is a process of its own:
 * in ours its work would stall the event loop of whoever measures time.
 */
export async function startAzurite({
  folder,
  port = 0,
}: {
  readonly folder?: string;
  readonly port?: number;
} = {}): Promise<Azurite> {
  const args = [String(port), ...(folder === undefined ? [] : [folder])];
  const child = fork(new URL('./azurite-child.ts', import.meta.url), args, {
    execArgv: [],
    // Ctrl-C is for whoever started it, who stops it last; when that one dies, so does this.
    detached: process.platform !== 'win32',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  try {
    const { address } = started.parse(await firstMessage(child));
    const tableEndpoint = `${address}/${account}`;
    return {
      connectionString: `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${key};TableEndpoint=${tableEndpoint};`,
      tableEndpoint,
      stop: () => end(child, 'SIGTERM'),
    };
  } catch (error) {
    await end(child, 'SIGKILL');
    throw error;
  }
}

async function firstMessage(child: ChildProcess): Promise<unknown> {
  let complaint = '';
  child.stderr?.on('data', (text) => {
    complaint = `${complaint}${text}`.slice(-2_000);
  });
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  child.once('message', resolve);
  child.once('error', reject);
  child.once('close', (code) => reject(new Error(`Azurite ended with code ${code}: ${complaint}`)));
  const timer = setTimeout(
    () =>
      reject(
        new Error(`Azurite did not start within ${startLimit / 1_000} s. Is this machine busy? Try again.`),
      ),
    startLimit,
  );
  return promise.finally(() => clearTimeout(timer));
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill(signal);
  await closed;
}
