/**
 * `npm run check:deployed [-- FILE]`, the hook after `azd deploy`: the triggers are synchronised, every function is indexed, and the timer
 * ticks. FILE is what `azd env get-values` wrote; a hook has it in its environment. Exit code 1: something is missing.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseEnv } from 'node:util';
import { lookAfterDeployment } from './deployment/after-deployment.ts';
import { deployed } from './deployment/azd-environment.ts';
import { registeredFunctions } from './deployment/registered-functions.ts';

const words = { ok: 'ok     ', wrong: 'WRONG  ', unknown: 'unknown' } as const;
const [file] = process.argv.slice(2);
try {
  const env = file === undefined ? process.env : { ...process.env, ...parseEnv(readFileSync(file, 'utf8')) };
  const { address, ...azure } = deployed(env);
  const findings = await lookAfterDeployment(
    {
      ...azure,
      health: async () => {
        const answer = await fetch(new URL('/api/health', address), { signal: AbortSignal.timeout(60_000) });
        // The platform's answer to an address that is not allowed; the function itself asks for no key.
        return answer.status === 403 ? undefined : answer.json();
      },
      now: Date.now,
      sleep: (ms) => sleep(ms),
    },
    registeredFunctions(readFileSync(join(import.meta.dirname, '../functions/main.ts'), 'utf8')),
  );
  for (const { status, found } of findings) console.log(`${words[status]} ${found}`);
  process.exitCode = findings.some(({ status }) => status === 'wrong') ? 1 : 0;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
