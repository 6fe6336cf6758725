/**
 * Every setting: what its text may be, its default and its meaning, and what settings must be together. `config.ts` reads the
 * environment with it, and `docs/settings.md` is made from it.
 */
import * as z from 'zod/mini';
import { defaultGateSettings } from '../domain/gate/gate-settings.ts';
import { defaultTimes } from '../domain/times.ts';
import * as is from './setting-values.ts';

/** `secret` is for the page alone: no error shows any value that could not be read. */
const about = z.registry<{ description: string; secret?: true }>();

const minute = 60_000;
const clientId = z.optional(is.guid('a GUID: the client id of a managed identity')).register(about, {
  description:
    'Client id of the user-assigned managed identity that signs in to Service Bus, storage and, with `PARTNER_CREDENTIAL` = `federated`, to the app registration. Without it the system-assigned identity, or on a workstation your own sign-in.',
});
const perMinute = () =>
  is.wholeNumber(1, 500, ' (documented is a limit of 500 calls a minute for one tenant)');
export const tablesAddress = 'an https address, like https://account.table.core.windows.net';

/** What the worker and the command line need. */
export const shared = {
  ServiceBusConnection: z.optional(is.serviceBusString()).register(about, {
    description:
      'Connection string of the Service Bus namespace, without EntityPath. For local work; in Azure use the next one, which needs no secret.',
    secret: true,
  }),
  ServiceBusConnection__fullyQualifiedNamespace: z.optional(is.hostName()).register(about, {
    description:
      'Host name of the namespace, like `contoso.servicebus.windows.net`: the worker signs in with its identity.',
  }),
  CHECKOUT_QUEUE: z._default(is.entityName(), 'checkout-jobs').register(about, {
    description: 'Queue of checkout jobs. The trigger reads this setting too, so it must be there in Azure.',
  }),
  URGENT_QUEUE: z._default(is.entityName(), 'checkout-urgent').register(about, {
    description:
      'Queue of the few jobs that must not wait behind a bulk run: it is served first. The trigger reads this setting too, so it must be there in Azure.',
  }),
  EVENTS_TOPIC: z._default(is.entityName(), 'checkout-events').register(about, {
    description: 'Topic for what happened to jobs and orders.',
  }),
  TablesConnection: z.optional(is.tablesString()).register(about, {
    description:
      'Connection string of the storage account with the tables. For local work (Azurite); in Azure use the next one, which needs no secret.',
    secret: true,
  }),
  TablesConnection__tableServiceUri: z.optional(is.address(tablesAddress)).register(about, {
    description: 'Like `https://account.table.core.windows.net`: the worker signs in with its identity.',
  }),
  AZURE_CLIENT_ID: clientId,
  APPLICATIONINSIGHTS_CONNECTION_STRING: z.optional(is.applicationInsightsString()).register(about, {
    description:
      'Connection string of Application Insights. With it events, traces and metrics go there, with the worker’s identity; without it events go to the console.',
    secret: true,
  }),
  CALLS_PER_MINUTE: z._default(perMinute(), defaultGateSettings.limitPerMinute).register(about, {
    description:
      'Calls to Partner Center in a minute, all instances together, before anything is known of the real limit.',
  }),
  CALLS_PER_MINUTE_CEILING: z._default(perMinute(), defaultGateSettings.ceilingPerMinute).register(about, {
    description:
      'The gate’s limit never grows above this. Documented are 500 a minute for one tenant, other tools included.',
  }),
  MAX_JOBS_PER_DAY: z.optional(is.wholeNumber(1, 10_000_000, ', or no such setting')).register(about, {
    description:
      'Spend guard: the gate closes when so many jobs were started on one UTC day. Without it no guard.',
  }),
  MAX_ATTEMPTS: z._default(is.wholeNumber(1, 100), 8).register(about, {
    description:
      'After this many attempts, a waiting job fails, and a person must decide about an unresolved one.',
  }),
  REPEAT_ORDERED_CART: z._default(is.oneOf(['true', 'false'], 'true or false'), 'true').register(about, {
    description:
      'Whether a cart that is ordered, its orders unknown, may be checked out again: `true` or `false`. Both documented contracts answer it without buying.',
  }),
  REPEAT_WITHIN_MINUTES: z
    ._default(is.wholeNumber(5, 30 * 24 * 60), defaultTimes.repeatWithin / minute)
    .register(about, {
      description:
        'How long after a call its repeat may still leave: only as long as Partner Center surely keeps its answers.',
    }),
  PENDING_ALARM_HOURS: z
    ._default(is.decimal(1, 720, 'a number of hours'), defaultTimes.pendingAlarm / (60 * minute))
    .register(about, {
      description: 'After this many hours, a pending order or a review opens an attention row.',
    }),
  NOTIFY_URL: z.optional(is.webhook()).register(about, {
    description:
      'Webhook for new attention and the end of a batch, as a Teams card (a workflow’s address) or as plain JSON. In Azure the address of the vault’s secret that holds it, like `https://contoso.vault.azure.net/secrets/notify-url`. Without it nobody is told.',
    secret: true,
  }),
  RUNBOOK_URL: z._default(is.text, 'docs/runbook.md').register(about, {
    description: 'Address of your runbook page. The notices of the webhook name it.',
  }),
  CHECKOUT_TIME_FACTOR: z._default(is.decimal(1, 10_000), 1).register(about, {
    description:
      'Divides every length of time, for local work: with `60` a minute lasts a second. Refused in Azure.',
  }),
};

const cloudExpected = (found: unknown): string =>
  `global, china or usgovernment${found === 'germany' ? ' (Microsoft has closed the German cloud: its customers are in the global one)' : ''}`;

/** What the worker needs beside that, and those commands that call Partner Center. */
export const partner = {
  PARTNER_CENTER_CLOUD: z
    ._default(is.oneOf(['global', 'china', 'usgovernment'], cloudExpected), 'global')
    .register(about, {
      description: 'Cloud of the partner tenant: `global`, `china` (21Vianet) or `usgovernment`.',
    }),
  PARTNER_CENTER_API: z
    .optional(
      is.origin(
        'an https address (plain http for this machine alone) without a path, like https://api.partnercenter.microsoft.com',
      ),
    )
    .register(about, {
      description: 'Base address of the Partner Center API, in place of the cloud’s. For the sandbox.',
    }),
  PARTNER_CENTER_AUTHORITY: z
    .optional(is.address('an https address (plain http for this machine alone)'))
    .register(about, {
      description: 'Address that hands out tokens, in place of the cloud’s. For the sandbox.',
    }),
  PARTNER_TENANT_ID: is.guid().register(about, { description: 'The partner’s tenant id, a GUID.' }),
  PARTNER_CLIENT_ID: is.guid().register(about, {
    description: 'Client id of the app registration in the partner tenant, a GUID.',
  }),
  PARTNER_CREDENTIAL: z
    ._default(
      is.oneOf(['federated', 'certificate', 'secret'], 'federated, certificate or secret'),
      'federated',
    )
    .register(about, {
      description:
        'How the app registration proves who it is: `federated` (a managed identity that it trusts; nothing to renew), `certificate` or `secret`.',
    }),
  PARTNER_CLIENT_SECRET: z.optional(is.text).register(about, {
    description:
      'Client secret, with `PARTNER_CREDENTIAL` = `secret`. For local work; in Azure use `PARTNER_VAULT`.',
    secret: true,
  }),
  PARTNER_CLIENT_CERTIFICATE: z.optional(is.certificate()).register(about, {
    description:
      'Certificate and private key in PEM, or the path of such a file, with `PARTNER_CREDENTIAL` = `certificate`. For local work; in Azure use `PARTNER_VAULT`.',
    secret: true,
  }),
  PARTNER_SIGN_IN: z._default(is.oneOf(['app', 'app+user'], 'app or app+user'), 'app').register(about, {
    description:
      'For whom tokens are asked: `app` (app-only), or `app+user` (the app and a person who consented with multi-factor authentication; Secure Application Model).',
  }),
  PARTNER_VAULT: z
    .optional(is.address('the https address of a Key Vault, like https://contoso.vault.azure.net'))
    .register(about, {
      description:
        'Key Vault, like `https://contoso.vault.azure.net`, with the secrets `partner-client-secret` or `partner-client-certificate` (PEM) of the app registration and, with `PARTNER_SIGN_IN` = `app+user`, `partner-refresh-token`, whose successors the worker writes. It is read whenever a token is made: a new value needs no restart. While it cannot be read, the last value stands.',
    }),
};

const all = { ...shared, ...partner };
export type SettingName = keyof typeof all;
export const settingNames = Object.keys(all).filter((name): name is SettingName => Object.hasOwn(all, name));

export interface Setting {
  /** What it does, in one or two sentences. */
  readonly meaning: string;
  /** As it would be written; undefined when there is none. */
  readonly fallback: string | undefined;
  /** Marked in `docs/settings.md`. */
  readonly secret: boolean;
}

export function settingOf(name: SettingName): Setting {
  const { description = '', secret = false } = about.get(all[name]) ?? {};
  const { data: fallback } = all[name].safeParse(undefined);
  return { meaning: description, fallback: fallback === undefined ? undefined : String(fallback), secret };
}
