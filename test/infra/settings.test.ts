/** Promise: the app in Azure has each setting that the code reads. */

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hostSettings } from '../../local/host-settings.ts';
import { decodeConfig, decodeOperatorConfig } from '../../src/config/config.ts';
import { decodeDeployment } from '../../src/config/deployment.ts';
import { settingNames, settingOf } from '../../src/config/settings.ts';
import { appSettings, outputsOf } from './deployed.ts';
import { type Variant, variants } from './variants.ts';

/** Set by the template for the Functions host; our code does not read them. */
const ofTheHost = [
  'AzureWebJobsStorage__credential',
  'AzureWebJobsStorage__clientId',
  'AzureWebJobsStorage__blobServiceUri',
  'ServiceBusConnection__credential',
  'ServiceBusConnection__clientId',
  'FUNCTIONS_REQUEST_BODY_SIZE_LIMIT',
  'languageWorkers__node__arguments',
  'APPLICATIONINSIGHTS_AUTHENTICATION_STRING',
];

/** Read by the code and never set by the template. */
const notInAzure: Readonly<Record<string, string>> = {
  ServiceBusConnection: 'a secret, for local work',
  TablesConnection: 'a secret, for local work',
  PARTNER_CENTER_API: 'for the sandbox',
  PARTNER_CENTER_AUTHORITY: 'for the sandbox',
  PARTNER_CLIENT_SECRET: 'a secret, for local work',
  PARTNER_CLIENT_CERTIFICATE: 'a secret, for local work',
  CHECKOUT_TIME_FACTOR: 'refused in Azure',
  MAX_ATTEMPTS: 'its default is right for everybody',
  REPEAT_ORDERED_CART: 'its default is right for everybody',
  REPEAT_WITHIN_MINUTES: 'its default is right for everybody',
};
const leftOut = Object.keys(notInAzure);

const variantNames = Object.keys(variants) as Variant[];
const setSomewhere = new Set(variantNames.flatMap((variant) => Object.keys(appSettings(variant))));

test('every setting that the template sets is read by the code, or is the host’s', () => {
  expect([...setSomewhere].sort()).toEqual([...new Set([...setByTemplate(), ...ofTheHost])].sort());
  expect(ofTheHost.filter((name) => settingNames.some((known) => known === name))).toEqual([]);
});

test('every setting that the code reads is set by the template, or left out for a reason', () => {
  expect(settingNames.filter((name) => !setSomewhere.has(name)).sort()).toEqual([...leftOut].sort());
});

const setByTemplate = () => settingNames.filter((name) => !leftOut.includes(name));

test('the code reads no variable that is no setting', () => {
  // Azure sets WEBSITE_… and CONTAINER_NAME, and those of OpenTelemetry are its own. The command line, on a person's machine, may read what the
  // shell sets, and outputs of the deployment.
  const foreign =
    /^(WEBSITE_|OTEL_|APPLICATIONINSIGHTS_OPENTELEMETRY_|CONTAINER_NAME$|AZURE_RESOURCE_GROUP$)/;
  const root = join(import.meta.dirname, '../..');
  const read = globSync('{src,functions}/**/*.ts', { cwd: root, exclude: ['src/cli/**'] }).flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/\benv(?:\.|\[')([A-Za-z_]+)/g)].map(
      ([, name]) => name,
    ),
  );
  const known = new Set<string | undefined>(settingNames);
  expect(read.filter((name = '') => !known.has(name) && !foreign.test(name))).toEqual([]);
});

test.each(variantNames)('the worker starts with the settings of %s', (variant) => {
  const config = decodeConfig(resolved(appSettings(variant)));
  const { serviceBus, tables, partnerCenter, gate, times } = config;
  expect(serviceBus.connection).toMatchObject({ kind: 'identity', clientId: identityClientId });
  expect(tables).toMatchObject({ kind: 'identity', clientId: identityClientId });
  const env: Readonly<Record<string, string>> = variants[variant];
  expect(partnerCenter.credential).toMatchObject({
    kind: env['PARTNER_CREDENTIAL'] === undefined ? 'federated' : 'vault',
    tenantId: env['PARTNER_TENANT_ID'],
    clientId: env['PARTNER_CLIENT_ID'],
  });
  expect(partnerCenter.signIn).toBe(env['PARTNER_SIGN_IN'] ?? 'app');
  expect(gate.limitPerMinute).toBe(Number(env['CALLS_PER_MINUTE'] ?? 300));
  expect(gate.ceilingPerMinute).toBe(Number(env['CALLS_PER_MINUTE_CEILING'] ?? 400));
  expect(gate.maxJobsPerDay).toBe(env['MAX_JOBS_PER_DAY'] === undefined ? undefined : 12_000);
  expect(config.notify).toMatchObject({
    ...(variant === 'webhook'
      ? { webhook: { kind: 'vault', vault: 'https://kv-night.vault.azure.net' } }
      : {}),
    runbook: env['RUNBOOK_URL'] ?? 'docs/runbook.md',
  });
  expect(times.pendingAlarm).toBe(Number(env['PENDING_ALARM_HOURS'] ?? 24) * 3_600_000);
});

test('the local host runs with what the template sets for Azure’s', () => {
  expect(appSettings('least')).toMatchObject(hostSettings);
});

test('the template’s defaults are the code’s', () => {
  const settings = appSettings('least');
  for (const name of setByTemplate()) {
    const { fallback } = settingOf(name);
    if (fallback !== undefined) expect([name, settings[name]]).toEqual([name, fallback]);
  }
});

test.each(variantNames)('no setting of %s holds a secret', (variant) => {
  const settings = appSettings(variant);
  // A connection string of Application Insights lets nobody in: its local authentication is off.
  const noSecret = 'APPLICATIONINSIGHTS_CONNECTION_STRING';
  // The webhook's address is in the vault, and the setting says where.
  const { NOTIFY_URL: webhook, ...others } = settings;
  expect(webhook ?? '/secrets/notify-url').toMatch(/\/secrets\/notify-url(['"].*)?$/);
  for (const name of settingNames.filter((each) => settingOf(each).secret && each !== noSecret))
    expect(others).not.toHaveProperty(name);
  const secret = /(AccountKey|SharedAccessKey|sig)=|-----BEGIN/;
  expect(Object.entries(settings).filter(([, value]) => secret.test(value))).toEqual([]);
});

test('what azd prints of its environment serves the command line as settings', () => {
  const outputs = Object.entries(outputsOf('full')).map(([name, value]) => [name, String(value)] as const);
  const operator = decodeOperatorConfig(resolved(Object.fromEntries(outputs)));
  const { queue, topic } = decodeConfig(resolved(appSettings('full'))).serviceBus;
  expect(operator.serviceBus).toMatchObject({ queue, topic, connection: { kind: 'identity' } });
  // azd itself knows the subscription.
  const known = { AZURE_SUBSCRIPTION_ID: identityClientId, ...resolved(Object.fromEntries(outputs)) };
  expect(decodeDeployment(known)).toMatchObject({
    group: expect.stringMatching(/\/resourceGroups\/rg-night$/),
  });
  // People sign in as themselves, not as the worker.
  expect(outputs.map(([name]) => name)).not.toContain('AZURE_CLIENT_ID');
});

const identityClientId = '66666666-6666-4666-8666-666666666666';

/** The settings as the app sees them: with what Azure puts in the place of an expression or a reference. */
function resolved(settings: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const answers: readonly (readonly [RegExp, string])[] = [
    [/outputs\.identityClientId/, identityClientId],
    [/outputs\.identityPrincipalId/, '77777777-7777-4777-8777-777777777777'],
    [/outputs\.namespaceHost/, 'sb-night.servicebus.windows.net'],
    [/outputs\.tableServiceUri/, 'https://stnight.table.core.windows.net'],
    [/\/secrets\/notify-url/, 'https://kv-night.vault.azure.net/secrets/notify-url'],
    [/outputs\.vaultUri|suffixes\.keyvaultDns/, 'https://kv-night.vault.azure.net'],
    [/outputs\.address/, 'https://func-night.azurewebsites.net'],
    [/outputs\.roleAssignments/, '88888888-8888-5888-8888-888888888888'],
    [/environment\(\)\.resourceManager/, 'https://management.azure.com/'],
    [/authentication\.loginEndpoint/, 'https://login.microsoftonline.com/'],
    [/primaryEndpoints\.blob/, 'https://sthostnight.blob.core.windows.net/'],
    [/\.ConnectionString\]$/, 'InstrumentationKey=00000000-0000-0000-0000-000000000000'],
  ];
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => {
      if (!/^[[@]/.test(value)) return [name, value];
      const answer = answers.find(([pattern]) => pattern.test(value));
      if (answer === undefined) throw new Error(`${name} is ${value}: what does Azure put there?`);
      return [name, answer[1]];
    }),
  );
}
