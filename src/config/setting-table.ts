import { defaultGateSettings } from '../domain/gate/gate-settings.ts';
import { timeSettings } from './time-setting-table.ts';

export interface Setting {
  readonly name: string;
  /** What it does, in one or two sentences. */
  readonly meaning: string;
  /** As it would be written; absent when there is none. */
  readonly fallback?: string;
  /** Marked in `docs/settings.md`. No error shows the value of any setting that could not be read. */
  readonly secret?: true;
}

/** Every setting but the times, in the order in which `docs/settings.md` lists them. */
const general = {
  ServiceBusConnection: {
    meaning:
      'Connection string of the Service Bus namespace, without EntityPath. For local work; in Azure use the next one, which needs no secret.',
    secret: true,
  },
  ServiceBusConnection__fullyQualifiedNamespace: {
    meaning:
      'Host name of the namespace, like `contoso.servicebus.windows.net`: the worker signs in with its identity.',
  },
  CHECKOUT_QUEUE: {
    meaning: 'Queue of checkout jobs. The trigger reads this setting too, so it must be there in Azure.',
    fallback: 'checkout-jobs',
  },
  URGENT_QUEUE: {
    meaning:
      'Queue of the few jobs that must not wait behind a bulk run: it is served first. The trigger reads this setting too, so it must be there in Azure.',
    fallback: 'checkout-urgent',
  },
  EVENTS_TOPIC: { meaning: 'Topic for what happened to jobs and orders.', fallback: 'checkout-events' },
  TablesConnection: {
    meaning:
      'Connection string of the storage account with the tables. For local work (Azurite); in Azure use the next one, which needs no secret.',
    secret: true,
  },
  TablesConnection__tableServiceUri: {
    meaning: 'Like `https://account.table.core.windows.net`: the worker signs in with its identity.',
  },
  AZURE_CLIENT_ID: {
    meaning:
      'Client id of the user-assigned managed identity that signs in to Service Bus, storage and, with `PARTNER_CREDENTIAL` = `federated`, to the app registration. Without it the system-assigned identity, or on a workstation your own sign-in.',
  },
  PARTNER_CENTER_CLOUD: {
    meaning: 'Cloud of the partner tenant: `global`, `china` (21Vianet) or `usgovernment`.',
    fallback: 'global',
  },
  PARTNER_CENTER_API: {
    meaning: 'Base address of the Partner Center API, in place of the cloud’s. For the sandbox.',
  },
  PARTNER_CENTER_AUTHORITY: {
    meaning: 'Address that hands out tokens, in place of the cloud’s. For the sandbox.',
  },
  PARTNER_TENANT_ID: { meaning: 'The partner’s tenant id, a GUID.' },
  PARTNER_CLIENT_ID: { meaning: 'Client id of the app registration in the partner tenant, a GUID.' },
  PARTNER_CREDENTIAL: {
    meaning:
      'How the app registration proves who it is: `federated` (a managed identity that it trusts; nothing to renew), `certificate` or `secret`.',
    fallback: 'federated',
  },
  PARTNER_CLIENT_SECRET: { meaning: 'Client secret, with `PARTNER_CREDENTIAL` = `secret`.', secret: true },
  PARTNER_CLIENT_CERTIFICATE: {
    meaning:
      'Certificate and private key in PEM, or the path of such a file, with `PARTNER_CREDENTIAL` = `certificate`.',
    secret: true,
  },
  PARTNER_SIGN_IN: {
    meaning:
      'For whom tokens are asked: `app` (app-only), or `app+user` (the app and a person who consented with multi-factor authentication; Secure Application Model).',
    fallback: 'app',
  },
  PARTNER_TOKEN_VAULT: {
    meaning:
      'With `PARTNER_SIGN_IN` = `app+user`: the Key Vault that keeps the refresh token, like `https://contoso.vault.azure.net`. The worker reads it and writes its successors.',
  },
  PARTNER_TOKEN_SECRET: {
    meaning: 'Name of the secret in that vault.',
    fallback: 'partner-refresh-token',
  },
  CALLS_PER_MINUTE: {
    meaning:
      'Calls to Partner Center in a minute, all instances together, before anything is known of the real limit.',
    fallback: String(defaultGateSettings.limitPerMinute),
  },
  CALLS_PER_MINUTE_CEILING: {
    meaning:
      'The gate’s limit never grows above this. Documented are 500 a minute for one tenant, other tools included.',
    fallback: String(defaultGateSettings.ceilingPerMinute),
  },
  MAX_JOBS_PER_DAY: {
    meaning:
      'Spend guard: the gate closes when so many jobs were started on one UTC day. Without it no guard.',
  },
  MAX_ATTEMPTS: {
    meaning: 'Attempts after which a waiting job has failed, and a person is asked about an unresolved one.',
    fallback: '8',
  },
  REPEAT_ORDERED_CART: {
    meaning:
      'Whether a cart that is ordered, its orders unknown, may be checked out again: `true` or `false`. Both documented contracts answer it without buying.',
    fallback: 'true',
  },
  APPLICATIONINSIGHTS_CONNECTION_STRING: {
    meaning:
      'Connection string of Application Insights. With it events, traces and metrics go there, with the worker’s identity; without it events go to the console.',
    secret: true,
  },
  CHECKOUT_TIME_FACTOR: {
    meaning: 'Divides every time below, for local work: with `60` a minute lasts a second. Refused in Azure.',
    fallback: '1',
  },
} as const satisfies Record<string, Omit<Setting, 'name'>>;

export type SettingName = keyof typeof general | keyof typeof timeSettings;

const table: Readonly<Record<SettingName, Omit<Setting, 'name'>>> = { ...general, ...timeSettings };

export const settingNames = Object.keys(table) as readonly SettingName[];

export const settingOf = (name: SettingName): Setting => ({ name, ...table[name] });

/** `docs/settings.md`. */
export function settingsPage(): string {
  return `# Settings

Made from \`src/config/setting-table.ts\` and \`src/config/time-settings.ts\` by \`node local/generate-docs.ts\`; a test refuses a difference.

All of them are app settings (environment variables). The worker reads them once, when it starts. When one is
missing or wrong, it logs one line with a sentence for each, \`GET /api/health\` answers 503 with the same line, and no message is
claimed. No sentence shows a value that could not be read: it gives its length and kind. An empty setting is wrong: leave it out
for its default. A Key Vault reference works for each of them.

${rows(general)}

One of the two ways to connect is needed for Service Bus and for the tables; \`PARTNER_TENANT_ID\` and
\`PARTNER_CLIENT_ID\` are needed always.

## Times

A time is a number with a unit (\`500ms\`, \`90s\`, \`15m\`, \`6h\`, \`1d\`) or an ISO 8601 duration (\`PT90S\`, \`P1D\`). Only the times below are
settings. All others are constants in \`src/domain/times.ts\`, because they depend on each other and a wrong one could buy twice.

${rows(timeSettings)}
`;
}

function rows(settings: Readonly<Record<string, Omit<Setting, 'name'>>>): string {
  const lines = Object.entries(settings).map(
    ([name, { meaning, fallback, secret }]) =>
      `| \`${name}\` | ${fallback === undefined ? '' : `\`${fallback}\``} | ${meaning}${secret === true ? ' Secret.' : ''} |`,
  );
  return ['| setting | default | meaning |', '|---|---|---|', ...lines].join('\n');
}
