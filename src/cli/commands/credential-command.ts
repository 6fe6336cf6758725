/** `credential`: gets a refresh token by consent, and stores it for the worker. */
import { decodePartnerCenterConfig } from '../../config/config.ts';
import { describeValue } from '../../domain/looks-like.ts';
import { CommandFailure, exit } from '../session/cli-failure.ts';
import { inSession, newCommand, type Session } from '../session/command.ts';

const signInCommand = newCommand(
  'sign-in',
  'for PARTNER_SIGN_IN = app+user: a person signs in and consents, and the refresh token goes into the vault',
  'npx partner-checkout --settings night.env credential sign-in',
)
  .option('--port <n>', 'of http://localhost:PORT, a redirect URI of the app registration', '8400')
  .action((options: { port: string }, command) =>
    inSession(command, (session) => signIn(session, portIn(options.port))),
  );

export const credentialCommand = newCommand(
  'credential',
  'the worker’s credential for Partner Center',
  'npx partner-checkout credential sign-in',
).addCommand(signInCommand);

function portIn(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port > 0 && port < 65_536) return port;
  throw new CommandFailure(
    exit.usage,
    `--port must be a number from 1 to 65535; it is ${describeValue(text)}.`,
  );
}

async function signIn({ output, settings, interrupted }: Session, port: number): Promise<number> {
  const { credential, audience, signIn: kind, vault: at } = decodePartnerCenterConfig(settings().env);
  if (kind === 'app' || at === undefined)
    throw new CommandFailure(
      exit.usage,
      'PARTNER_SIGN_IN is app: the worker acts for itself, and no person consents. Set PARTNER_SIGN_IN = app+user and PARTNER_VAULT first.',
    );
  if (credential.kind === 'federated')
    throw new CommandFailure(
      exit.cannot,
      'With PARTNER_CREDENTIAL = federated only the worker in Azure can prove which app it is. For this command alone set PARTNER_CREDENTIAL = secret and PARTNER_CLIENT_SECRET to a secret of the app registration that you delete afterwards.',
    );
  // Loaded here: most commands need none of it.
  const { askConsent } = await import('../../adapters/partner-auth/consent.ts');
  const { keyVault } = await import('../../adapters/partner-auth/key-vault.ts');
  const { provenBy } = await import('../../adapters/partner-auth/credentials.ts');
  const { secretNames } = await import('../../adapters/partner-auth/vault.ts');
  const { azureIdentity } = await import('../../adapters/azure-tables/azure-identity.ts');
  const vault = keyVault(at.address, azureIdentity(undefined), 'you');
  const name = secretNames.refreshToken;
  const place = vault.place(name);
  const show = (address: string) =>
    output.note(
      `Open this in a browser on this machine, and sign in, with a second factor, as the person for whom the worker is to act:\n${address}`,
    );
  const granted = await provenBy(credential, vault)
    .then((app) => askConsent(app, audience, { port, signal: interrupted, show }))
    .catch((error: unknown) => {
      throw new CommandFailure(exit.cannot, `No consent: ${error instanceof Error ? error.message : error}`);
    });
  if (granted.refreshToken === undefined)
    throw new CommandFailure(
      exit.cannot,
      'The authority gave no refresh token: the app registration must allow the scope offline_access.',
    );
  await vault.write(name, granted.refreshToken).catch((error: unknown) => {
    throw new CommandFailure(
      exit.cannot,
      `The consent is given, but it could not be kept: ${error instanceof Error ? error.message : error}`,
    );
  });
  output.line(
    `The refresh token is in ${place}. The worker takes it with its next token; until then: npx partner-checkout resume`,
  );
  if (!granted.mfa)
    output.note(
      'It lacks the claim of a second factor: Partner Center may refuse it (900421). Turn on multi-factor authentication for this person, and sign in once more.',
    );
  output.data({ kept: true, place, secondFactor: granted.mfa });
  return granted.mfa ? exit.ok : exit.found;
}
