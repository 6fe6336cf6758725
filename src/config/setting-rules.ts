/** What settings must be together, as a sentence for each case where they are not. */
import * as z from 'zod/mini';
import { namespaceHost } from './setting-values.ts';
import { partner, type SettingName, settingOf, shared, tablesAddress } from './settings.ts';

/** Azure sets `WEBSITE_SITE_NAME` on every function app. */
const sharedShape = z.object({ ...shared, WEBSITE_SITE_NAME: z.optional(z.string()) });
const partnerShape = z.object({ ...partner, AZURE_CLIENT_ID: shared.AZURE_CLIENT_ID });
export type SharedSettings = z.output<typeof sharedShape>;
export type PartnerSettings = z.output<typeof partnerShape>;

/** It is asked only if each of these settings is right by itself. */
const rule = <S>(names: readonly (keyof S)[], problem: (settings: S) => string | false) =>
  z.check<S>(
    ({ value, issues }) => {
      const message = problem(value);
      if (message !== false) issues.push({ code: 'custom', message, input: value });
    },
    { when: ({ issues }) => !issues.some(({ path }) => names.some((name) => path?.[0] === name)) },
  );

const oneConnection = (
  stringName: 'ServiceBusConnection' | 'TablesConnection',
  addressName: 'ServiceBusConnection__fullyQualifiedNamespace' | 'TablesConnection__tableServiceUri',
  expected: string,
) =>
  rule<SharedSettings>(
    [stringName, addressName],
    ({ [stringName]: connectionString, [addressName]: address }) =>
      connectionString === undefined
        ? address === undefined &&
          `Neither ${addressName} nor ${stringName} is set; expected: ${expected}, or for local work a connection string.`
        : address !== undefined && `${stringName} and ${addressName} are both set; expected: one of them.`,
  );

export const sharedSettings = sharedShape.check(
  oneConnection('ServiceBusConnection', 'ServiceBusConnection__fullyQualifiedNamespace', namespaceHost),
  oneConnection('TablesConnection', 'TablesConnection__tableServiceUri', tablesAddress),
  rule(
    ['CHECKOUT_QUEUE', 'URGENT_QUEUE'],
    ({ CHECKOUT_QUEUE, URGENT_QUEUE }) =>
      CHECKOUT_QUEUE.toLowerCase() === URGENT_QUEUE.toLowerCase() &&
      'URGENT_QUEUE is the same queue as CHECKOUT_QUEUE; expected: another queue than CHECKOUT_QUEUE, because it is served first.',
  ),
  rule(
    ['CALLS_PER_MINUTE', 'CALLS_PER_MINUTE_CEILING'],
    ({ CALLS_PER_MINUTE: limit, CALLS_PER_MINUTE_CEILING: ceiling }) =>
      limit > ceiling &&
      `CALLS_PER_MINUTE (${limit}) is above CALLS_PER_MINUTE_CEILING (${ceiling}); expected: a limit up to the ceiling.`,
  ),
  rule(
    ['CHECKOUT_TIME_FACTOR'],
    ({ CHECKOUT_TIME_FACTOR: factor, WEBSITE_SITE_NAME }) =>
      factor !== 1 &&
      WEBSITE_SITE_NAME !== undefined &&
      `CHECKOUT_TIME_FACTOR is ${factor}, and this is Azure; expected: 1. Against the real Partner Center, shorter times buy twice.`,
  ),
);

/** The secret of a credential is in its own setting or in the vault. One that nobody uses is one that nobody renews. */
const ofCredential = (
  kind: 'secret' | 'certificate',
  name: 'PARTNER_CLIENT_SECRET' | 'PARTNER_CLIENT_CERTIFICATE',
) =>
  rule<PartnerSettings>(
    ['PARTNER_CREDENTIAL', 'PARTNER_VAULT', name],
    ({ PARTNER_CREDENTIAL: found, PARTNER_SIGN_IN: signIn, PARTNER_VAULT: vault, [name]: value }) =>
      found !== kind
        ? value !== undefined &&
          `${name} is set, but PARTNER_CREDENTIAL is ${found}; expected: no ${name}, or PARTNER_CREDENTIAL = ${kind}.`
        : value === undefined
          ? vault === undefined &&
            `Neither PARTNER_VAULT nor ${name} is set, and PARTNER_CREDENTIAL is ${kind}; expected: the vault that holds it, or for local work its value.`
          : vault !== undefined &&
            signIn === 'app' &&
            `PARTNER_VAULT and ${name} are both set; expected: one of them.`,
  );

export const partnerSettings = partnerShape.check(
  ofCredential('secret', 'PARTNER_CLIENT_SECRET'),
  ofCredential('certificate', 'PARTNER_CLIENT_CERTIFICATE'),
  rule(
    ['PARTNER_CREDENTIAL', 'PARTNER_SIGN_IN', 'PARTNER_VAULT'],
    ({ PARTNER_CREDENTIAL: credential, PARTNER_SIGN_IN: signIn, PARTNER_VAULT: vault }) =>
      signIn === 'app+user'
        ? vault === undefined && missing('PARTNER_VAULT')
        : vault !== undefined &&
          credential === 'federated' &&
          'PARTNER_VAULT is set, but PARTNER_SIGN_IN is app and PARTNER_CREDENTIAL is federated: nothing is read from it; expected: no PARTNER_VAULT.',
  ),
);

export const missing = (name: SettingName): string =>
  `${name} is missing; expected: a value: ${settingOf(name).meaning}`;

/** The value of a setting that the rules ask for. */
export function required<T>(name: SettingName, value: T | undefined): T {
  if (value === undefined) throw new Error(missing(name));
  return value;
}
