/** Partner Center for the commands that read it. */
import { Option } from 'commander';
import { cachedTokens, type TokenSource } from '../../adapters/partner-auth/token-source.ts';
import { partnerCenterClient } from '../../adapters/partner-center/partner-center-client.ts';
import { decodePartnerCenterConfig } from '../../config/config.ts';
import { sharedGate } from '../../gate/shared-gate.ts';
import { CannotRead, type ReadDeps } from '../../operator/audit/budgeted-read.ts';
import type { CartApi } from '../../ports/cart-api.ts';
import type { PartnerCenter } from '../../ports/partner-center.ts';
import { CommandFailure, exit } from './cli-failure.ts';
import type { Session } from './command.ts';

export const signInOption = (): Option =>
  new Option(
    '--sign-in',
    'calls Partner Center as yourself (az login, or a code for the browser), not with the credential of the settings',
  );

export interface PartnerAccess extends ReadDeps {
  readonly partnerCenter: PartnerCenter;
  readonly cartApi: CartApi;
  readonly tokens: TokenSource;
}

/**
 * Partner Center for a command, every call with a permit of the shared gate: with the person's own sign-in, or with the
 * credential of the settings. Throws `CommandFailure` (`cannot`) when there is neither.
 */
export async function openPartnerCenter(
  { settings, operator, output, interrupted }: Session,
  signIn: boolean,
): Promise<PartnerAccess> {
  const { env } = settings();
  const { clock, random, telemetry, config, gateStore } = await operator();
  if (env['PARTNER_TENANT_ID'] === undefined || env['PARTNER_CLIENT_ID'] === undefined)
    throw new CommandFailure(
      exit.cannot,
      'Partner Center cannot be called: there is no credential. Set PARTNER_TENANT_ID and PARTNER_CLIENT_ID, and sign in as yourself with --sign-in, or set PARTNER_CREDENTIAL and what belongs to it.',
    );
  const partner = decodePartnerCenterConfig(env);
  // Loaded here, with the libraries that sign in: most commands need none.
  const fetchToken = signIn
    ? (await import('../../adapters/partner-auth/person.ts')).personTokens(partner, output.note)
    : (await import('../../adapters/partner-auth/credentials.ts')).tokenFetcher(partner, telemetry);
  const tokens = cachedTokens({ fetchToken, clock, telemetry });
  const { times, gate: gateSettings } = config;
  const client = partnerCenterClient({ ...times, baseUrl: partner.api, tokens, clock });
  return {
    tokens,
    partnerCenter: client,
    cartApi: client,
    gate: sharedGate({ store: gateStore, clock, random, telemetry, settings: gateSettings }),
    clock,
    random,
    minuteMs: gateSettings.minuteMs,
    permitLife: times.permitLife,
    signal: interrupted,
  };
}

/** Runs the reads; what stops them ends the command, with what it found until then. */
export async function readAll(read: Promise<void>): Promise<string | undefined> {
  try {
    await read;
    return undefined;
  } catch (error) {
    if (error instanceof CannotRead) return error.message;
    throw error;
  }
}
