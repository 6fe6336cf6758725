import { tokenFetcher } from '../../src/adapters/partner-auth/credentials.ts';
import { cachedTokens } from '../../src/adapters/partner-auth/token-source.ts';
import { decodeConfig } from '../../src/config/config.ts';
import { systemClock } from '../../src/ports/clock.ts';

/** Signs in as the settings in the environment say, calls the API once, and prints what came of it as JSON. */
const warnings: string[] = [];
const { partnerCenter } = decodeConfig(process.env);
const telemetry = { event: () => {}, warn: (text: string) => warnings.push(text) };
const fetchToken = tokenFetcher(partnerCenter, telemetry);
const tokens = cachedTokens({ fetchToken, clock: systemClock, telemetry });
try {
  const token = await tokens.token({ renew: false });
  const response = await fetch(`${partnerCenter.api}${process.argv[2]}`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  console.log(
    JSON.stringify({
      status: response.status,
      kind: claims.idtyp,
      endsAt: tokens.credentialEndsAt(),
      warnings,
    }),
  );
} catch (error) {
  console.log(JSON.stringify({ error: error instanceof Error ? error.message : String(error), warnings }));
}
