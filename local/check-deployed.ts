/**
 * `npm run check:deployed [-- FILE]`, the hook after `azd deploy`: the triggers are synchronised, every function is indexed, and the timer
 * ticks. With a file also who has a role and is in no parameter. FILE is what `azd env get-values` wrote; a hook has it in its environment. Exit code 1: something is missing.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseEnv } from 'node:util';
import { lookAfterDeployment } from './deployment/after-deployment.ts';
import { deployed } from './deployment/arm.ts';
import { registeredFunctions } from './deployment/registered-functions.ts';

const [file] = process.argv.slice(2);
try {
  const env = file === undefined ? process.env : { ...process.env, ...parseEnv(readFileSync(file, 'utf8')) };
  const { address, ...azure } = deployed(env);
  const findings = await lookAfterDeployment(
    {
      ...azure,
      health: async () => {
        const answer = await fetch(new URL('/api/health', address), { signal: AbortSignal.timeout(60_000) });
        if (answer.status === 403)
          throw new Error('this machine may not call the app: see ALLOWED_ADDRESSES, PRIVATE');
        return answer.json();
      },
      now: Date.now,
      sleep: (ms) => sleep(ms),
    },
    registeredFunctions(readFileSync(join(import.meta.dirname, '../functions/main.ts'), 'utf8')),
    file !== undefined,
  );
  for (const { ok, found } of findings) console.log(`${ok ? 'ok    ' : 'WRONG '} ${found}`);
  process.exitCode = findings.every(({ ok }) => ok) ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
