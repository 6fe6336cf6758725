/** The version of this program. */
import { readFileSync } from 'node:fs';
import * as z from 'zod/mini';

/** As `package.json` says it. */
export function ownVersion(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}
