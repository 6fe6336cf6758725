import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The path of Debian's Chromium, or of Chrome; undefined where there is none. */
export const findChromium = (): string | undefined =>
  ['chromium', 'chromium-browser', 'google-chrome'].find(
    (name) => spawnSync(name, ['--version']).status === 0,
  );

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--hide-scrollbars',
];
const limitMs = 120_000;

/** Runs it once, with a profile of its own, and resolves to what it printed. Throws when it fails or takes too long. */
export async function chromium(path: string, args: readonly string[]): Promise<string> {
  const profile = mkdtempSync(join(tmpdir(), 'chromium-'));
  try {
    const child = spawn(path, [...flags, `--user-data-dir=${profile}`, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const limit = setTimeout(() => child.kill('SIGKILL'), limitMs);
    let printed = '';
    let errors = '';
    child.stdout.on('data', (data: Buffer) => {
      printed += data.toString();
    });
    child.stderr.on('data', (data: Buffer) => {
      errors += data.toString();
    });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    clearTimeout(limit);
    if (code !== 0) throw new Error(`${path} ${args.join(' ')} ended with ${code}: ${errors.slice(-500)}`);
    return printed;
  } finally {
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
