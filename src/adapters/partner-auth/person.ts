/** Tokens of the person at the command line, by `az login` or a code that is typed into a browser. */

import {
  AggregateAuthenticationError,
  AzureCliCredential,
  ChainedTokenCredential,
  DeviceCodeCredential,
} from '@azure/identity';
import type { PartnerCenterConfig } from '../../config/partner-center-config.ts';
import { isMicrosofts } from './authority.ts';
import { refusalInWords } from './entra-errors.ts';
import type { Token } from './token-source.ts';

/**
 * Tokens of a person who signs in: the session of `az login`, if there is one for this tenant, else a code to be typed
 * into a browser. The app registration must allow public client flows for the latter, and the person needs a role at
 * Partner Center (Admin agent or Sales agent). Source: "Partner Center authentication", app+user.
 */
export function personTokens(
  {
    credential: { tenantId, clientId, authorityHost },
    audience,
  }: Pick<PartnerCenterConfig, 'credential' | 'audience'>,
  prompt: (text: string) => void,
): () => Promise<Token> {
  const credential = new ChainedTokenCredential(
    new AzureCliCredential({ tenantId }),
    new DeviceCodeCredential({
      tenantId,
      clientId,
      authorityHost,
      disableInstanceDiscovery: !isMicrosofts(authorityHost),
      userPromptCallback: ({ message }) => prompt(message),
    }),
  );
  return async () => {
    const { token, expiresOnTimestamp } = await credential
      .getToken(`${audience}/.default`)
      .catch((error: unknown) => {
        // The chain tells that it failed; why, the last link does.
        const last: unknown = error instanceof AggregateAuthenticationError ? error.errors.at(-1) : error;
        throw new Error(refusalInWords(last instanceof Error ? last.message : String(last)));
      });
    return { token, expiresAt: expiresOnTimestamp };
  };
}
