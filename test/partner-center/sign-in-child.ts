import { createInterface } from 'node:readline';
import { tokenFetcher } from '../../src/adapters/partner-auth/credentials.ts';
import { cachedTokens } from '../../src/adapters/partner-auth/token-source.ts';
import { decodeConfig } from '../../src/config/config.ts';
import { systemClock } from '../../src/ports/clock.ts';

/**
 * For each line on its input: gets a new token as the settings in the line say, calls the API once, and prints what came of it as JSON.
 * Equal settings are one worker: it goes on with what it read from the vault before.
 */
const workers = new Map<string, ReturnType<typeof workerOf>>();
for await (const line of createInterface({ input: process.stdin })) void answer(JSON.parse(line));

function workerOf(settings: Record<string, string>) {
  const warnings: string[] = [];
  const telemetry = { event: () => {}, warn: (text: string) => warnings.push(text) };
  const { partnerCenter } = decodeConfig({ ...process.env, ...settings });
  return { warnings, telemetry, api: partnerCenter.api, fetchToken: tokenFetcher(partnerCenter, telemetry) };
}

async function answer({
  id,
  path,
  settings,
}: {
  id: number;
  path: string;
  settings: Record<string, string>;
}) {
  const key = JSON.stringify(settings);
  const worker = workers.get(key) ?? workerOf(settings);
  workers.set(key, worker);
  const { telemetry, fetchToken, api } = worker;
  const tell = (signed: object) =>
    console.log(JSON.stringify({ id, signed: { ...signed, warnings: worker.warnings.splice(0) } }));
  try {
    const tokens = cachedTokens({ fetchToken, clock: systemClock, telemetry });
    const token = await tokens.token({ renew: false });
    const response = await fetch(`${api}${path}`, {
      headers: { Authorization: `Bearer ${token}` },
    });
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    tell({ status: response.status, kind: claims.idtyp, endsAt: tokens.credentialEndsAt() });
  } catch (error) {
    tell({ error: error instanceof Error ? error.message : String(error) });
  }
}
