/** Promise: wrong settings are all named at once, and no error shows a secret. */

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { startSandbox } from '../../local/partner-center/sandbox.ts';
import { examplePorts } from '../../local/stack.ts';
import { ConfigError, decodeConfig } from '../../src/config/config.ts';
import { type SettingName, settingNames } from '../../src/config/settings.ts';
import { defaultGateSettings } from '../../src/domain/gate/gate-settings.ts';
import { defaultTimes } from '../../src/domain/times.ts';

const required = {
  ServiceBusConnection__fullyQualifiedNamespace: 'contoso.servicebus.windows.net',
  TablesConnection__tableServiceUri: 'https://contoso.table.core.windows.net/',
  PARTNER_TENANT_ID: '7C1F0A52-6d0e-4b7e-9a43-5e2f8b6f1d10',
  PARTNER_CLIENT_ID: '11111111-6d0e-4b7e-9a43-5e2f8b6f1d10',
};
const key = 'c2VjcmV0LWtleQ==';
const busString = `Endpoint=sb://contoso.servicebus.windows.net/;SharedAccessKeyName=k;SharedAccessKey=${key}`;
const tablesString = `DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey=${key};EndpointSuffix=core.windows.net`;
const { ServiceBusConnection__fullyQualifiedNamespace: _bus, ...noBus } = required;
const { TablesConnection__tableServiceUri: _tables, ...noTables } = required;

type Env = Partial<Record<SettingName | 'WEBSITE_SITE_NAME', string>>;
function problems(env: Env): readonly string[] {
  try {
    decodeConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

test('what is required is enough; the rest has its defaults', () => {
  expect(decodeConfig(required)).toEqual({
    serviceBus: {
      connection: { kind: 'identity', address: 'contoso.servicebus.windows.net' },
      queue: 'checkout-jobs',
      urgentQueue: 'checkout-urgent',
      topic: 'checkout-events',
    },
    tables: { kind: 'identity', address: 'https://contoso.table.core.windows.net' },
    partnerCenter: {
      api: 'https://api.partnercenter.microsoft.com',
      audience: 'https://api.partnercenter.microsoft.com',
      credential: {
        kind: 'federated',
        tenantId: '7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10',
        clientId: '11111111-6d0e-4b7e-9a43-5e2f8b6f1d10',
        authorityHost: 'https://login.microsoftonline.com',
        exchangeAudience: 'api://AzureADTokenExchange',
      },
      signIn: 'app',
    },
    rules: { maxAttempts: 8, repeatOrderedCart: true },
    times: defaultTimes,
    gate: { ...defaultGateSettings, permitLifeMs: defaultTimes.permitLife },
    timeFactor: 1,
    notify: { runbook: 'docs/runbook.md' },
  });
});

test('every problem is told at once, one sentence each that names the setting', () => {
  const found = problems({ REPEAT_WITHIN_MINUTES: '10m', MAX_ATTEMPTS: '0', PARTNER_CENTER_CLOUD: 'mars' });
  expect(found).toHaveLength(7);
  for (const name of [
    'ServiceBusConnection',
    'TablesConnection',
    'PARTNER_TENANT_ID is missing',
    'PARTNER_CLIENT_ID is missing',
    'PARTNER_CENTER_CLOUD is a text of 4 characters that looks like one word (not shown); expected: global, china or usgovernment',
    'REPEAT_WITHIN_MINUTES is a text of 3 characters that looks like a length of time (not shown); expected: a whole number from 5 to 43200',
    'MAX_ATTEMPTS is a text of 1 character that looks like a single digit (not shown); expected: a whole number from 1 to 100',
  ])
    expect(found.filter((problem) => problem.includes(name))).toHaveLength(1);
  expect(found.every((problem) => problem.endsWith('.') && !problem.endsWith('..'))).toBe(true);
});

test.each([...Object.keys(required), 'PENDING_ALARM_HOURS', 'CHECKOUT_QUEUE', 'PARTNER_CREDENTIAL'])(
  '%s: empty is wrong, told once',
  (name) => {
    const found = problems({ ...required, [name]: ' ' });
    expect(found).toEqual([expect.stringMatching(new RegExp(`^${name} is empty; expected: a value`))]);
  },
);

test('a Key Vault reference that was not resolved is told as such', () => {
  const found = problems({
    ...required,
    PARTNER_CREDENTIAL: 'secret',
    PARTNER_CLIENT_SECRET: '@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/s)',
  });
  expect(found).toEqual([
    expect.stringContaining('PARTNER_CLIENT_SECRET is a Key Vault reference that was not resolved'),
  ]);
});

describe('connections', () => {
  test('by the managed identity that is named', () => {
    const clientId = required.PARTNER_CLIENT_ID;
    const config = decodeConfig({ ...required, AZURE_CLIENT_ID: clientId });
    expect(config.serviceBus.connection).toMatchObject({ kind: 'identity', clientId });
    expect(config.tables).toMatchObject({ kind: 'identity', clientId });
  });

  test('by connection string', () => {
    const config = decodeConfig({
      PARTNER_TENANT_ID: required.PARTNER_TENANT_ID,
      PARTNER_CLIENT_ID: required.PARTNER_CLIENT_ID,
      ServiceBusConnection: busString,
      TablesConnection: tablesString,
    });
    expect(config.serviceBus.connection).toEqual({ kind: 'connection-string', connectionString: busString });
    expect(config.tables).toEqual({ kind: 'connection-string', connectionString: tablesString });
  });

  test.each([
    'Endpoint=sb://127.0.0.1:5672;SharedAccessKeyName=k;SharedAccessKey=x;UseDevelopmentEmulator=true',
    'Endpoint=sb://localhost;SharedAccessKeyName=k;SharedAccessKey=x;UseDevelopmentEmulator=true',
    'Endpoint=sb://[::1]:5672/;SharedAccessKeyName=k;SharedAccessKey=x;UseDevelopmentEmulator=true',
  ])('the emulator on this machine: %s', (text) => {
    expect(problems({ ...noBus, ServiceBusConnection: text })).toEqual([]);
  });

  test.each([
    ['no connection string', 'contoso'],
    ['another kind', tablesString],
    ['EntityPath', `${busString};EntityPath=checkout-jobs`],
    ['UseDevelopmentEmulator', `${busString};UseDevelopmentEmulator=true`],
  ])('Service Bus, %s: refused without showing the secret', (_, text) => {
    const found = problems({ ...noBus, ServiceBusConnection: text });
    expect(found).toEqual([expect.stringMatching(/^ServiceBusConnection is a text of \d+ characters/)]);
    expect(found.join()).not.toContain(key);
  });

  test.each([
    'UseDevelopmentStorage=true',
    `AccountName=a;AccountKey=${key};TableEndpoint=http://127.0.0.1:10002/a`,
    'TableEndpoint=https://a.table.core.windows.net;SharedAccessSignature=sv=2026&sig=x%3D',
  ])('tables: %s', (text) => {
    expect(problems({ ...noTables, TablesConnection: text })).toEqual([]);
  });

  test.each([
    ['another kind', busString],
    ['plain http', `AccountName=a;AccountKey=${key};TableEndpoint=http://10.0.0.1:10002/a`],
    ['plain http', `DefaultEndpointsProtocol=http;AccountName=a;AccountKey=${key}`],
    ['no key', 'AccountName=a'],
  ])('tables, %s: refused without showing the secret', (_, text) => {
    const found = problems({ ...noTables, TablesConnection: text });
    expect(found).toEqual([expect.stringMatching(/^TablesConnection is a text of \d+ characters/)]);
    expect(found.join()).not.toContain(key);
  });

  test('both ways at once are refused', () => {
    expect(
      problems({ ...required, ServiceBusConnection: busString, TablesConnection: tablesString }),
    ).toEqual([expect.stringContaining('are both set'), expect.stringContaining('are both set')]);
  });

  test.each(['sb://contoso.servicebus.windows.net', 'contoso', 'contoso.servicebus.windows.net/'])(
    'no host name: %s',
    (text) => {
      expect(problems({ ...required, ServiceBusConnection__fullyQualifiedNamespace: text })).toHaveLength(1);
    },
  );

  test.each([
    'http://contoso.table.core.windows.net',
    'contoso',
    'https://u:p@contoso.net',
    'https://a.net?sig=x',
  ])('no table service: %s', (text) => {
    expect(problems({ ...required, TablesConnection__tableServiceUri: text })).toHaveLength(1);
  });
});

describe('Partner Center', () => {
  const credentialOf = (env: Env) => decodeConfig({ ...required, ...env }).partnerCenter.credential;
  const pem =
    '-----BEGIN CERTIFICATE-----\\nA\\n-----END CERTIFICATE-----\\n-----BEGIN PRIVATE KEY-----\\nB\\n-----END PRIVATE KEY-----';

  test.each([
    [
      'china',
      'https://partner.partnercenterapi.microsoftonline.cn',
      'https://login.partner.microsoftonline.cn',
    ],
    ['usgovernment', 'https://api.partnercenter.microsoft.com', 'https://login.microsoftonline.us'],
  ])('%s', (cloud, api, authorityHost) => {
    const { partnerCenter } = decodeConfig({ ...required, PARTNER_CENTER_CLOUD: cloud });
    expect(partnerCenter).toMatchObject({ api, audience: api, credential: { authorityHost } });
  });

  test('germany is refused with the reason', () => {
    expect(problems({ ...required, PARTNER_CENTER_CLOUD: 'germany' })).toEqual([
      expect.stringContaining('has closed'),
    ]);
  });

  test('the sandbox takes the place of the cloud; tokens keep the audience', () => {
    const { partnerCenter } = decodeConfig({
      ...required,
      PARTNER_CENTER_API: 'http://127.0.0.1:8080/',
      PARTNER_CENTER_AUTHORITY: 'https://localhost:8443',
    });
    expect(partnerCenter).toMatchObject({
      api: 'http://127.0.0.1:8080',
      audience: 'https://api.partnercenter.microsoft.com',
      credential: { authorityHost: 'https://localhost:8443' },
    });
  });

  test.each(['https://gateway.contoso.com/partner-center', 'https://gateway.contoso.com/v1/'])(
    'a path after the address of the API, which no call would keep, is refused: %s',
    (text) => {
      expect(problems({ ...required, PARTNER_CENTER_API: text })).toEqual([
        expect.stringMatching(/PARTNER_CENTER_API.*without a path/),
      ]);
    },
  );

  test.each(['http://10.0.0.1', 'http://localhost.evil.com', 'ftp://127.0.0.1', '127.0.0.1:80'])(
    'no address for a token: %s',
    (text) => {
      expect(
        problems({ ...required, PARTNER_CENTER_API: text, PARTNER_CENTER_AUTHORITY: text }),
      ).toHaveLength(2);
    },
  );

  test('the three ways to prove who the app is', () => {
    expect(credentialOf({ AZURE_CLIENT_ID: required.PARTNER_TENANT_ID })).toMatchObject({
      kind: 'federated',
      managedIdentityClientId: required.PARTNER_TENANT_ID.toLowerCase(),
    });
    expect(credentialOf({ PARTNER_CREDENTIAL: 'secret', PARTNER_CLIENT_SECRET: 'abc' })).toMatchObject({
      kind: 'secret',
      clientSecret: 'abc',
    });
    expect(
      credentialOf({ PARTNER_CREDENTIAL: 'certificate', PARTNER_CLIENT_CERTIFICATE: pem }),
    ).toMatchObject({
      kind: 'certificate',
      certificate: pem.replaceAll('\\n', '\n'),
    });
    const path = new URL(import.meta.url).pathname;
    expect(
      credentialOf({ PARTNER_CREDENTIAL: 'certificate', PARTNER_CLIENT_CERTIFICATE: path }),
    ).toMatchObject({
      certificate: path,
    });
  });

  test('what proves it may be in the vault', () => {
    const vault = 'https://contoso.vault.azure.net';
    for (const holds of ['secret', 'certificate'] as const) {
      const env = { ...required, PARTNER_CREDENTIAL: holds, PARTNER_VAULT: `${vault}/` };
      expect(decodeConfig(env).partnerCenter).toMatchObject({
        credential: { kind: 'vault', holds },
        vault: { address: vault },
      });
    }
    // For the one sign-in of a person, on a machine that is not the worker's.
    const both = { PARTNER_SIGN_IN: 'app+user', PARTNER_CREDENTIAL: 'secret', PARTNER_CLIENT_SECRET: 'abc' };
    expect(decodeConfig({ ...required, ...both, PARTNER_VAULT: vault }).partnerCenter).toMatchObject({
      credential: { kind: 'secret' },
      signIn: 'app+user',
      vault: { address: vault },
    });
  });

  test.each<[string, Env, string]>([
    [
      'no secret',
      { PARTNER_CREDENTIAL: 'secret' },
      'Neither PARTNER_VAULT nor PARTNER_CLIENT_SECRET is set, and PARTNER_CREDENTIAL is secret',
    ],
    ['no certificate', { PARTNER_CREDENTIAL: 'certificate' }, 'nor PARTNER_CLIENT_CERTIFICATE is set'],
    [
      'two places of one secret',
      {
        PARTNER_CREDENTIAL: 'secret',
        PARTNER_CLIENT_SECRET: 'abc',
        PARTNER_VAULT: 'https://contoso.vault.azure.net',
      },
      'PARTNER_VAULT and PARTNER_CLIENT_SECRET are both set',
    ],
    [
      'no key',
      { PARTNER_CREDENTIAL: 'certificate', PARTNER_CLIENT_CERTIFICATE: '-----BEGIN CERTIFICATE-----' },
      'private key',
    ],
    [
      'no file',
      { PARTNER_CREDENTIAL: 'certificate', PARTNER_CLIENT_CERTIFICATE: '/no/such.pem' },
      'the path',
    ],
    [
      'another sign-in',
      { PARTNER_SIGN_IN: 'user' },
      'PARTNER_SIGN_IN is a text of 4 characters that looks like one word (not shown); expected: app or app+user',
    ],
    ['no vault', { PARTNER_SIGN_IN: 'app+user' }, 'PARTNER_VAULT is missing'],
    [
      'a vault without TLS',
      { PARTNER_SIGN_IN: 'app+user', PARTNER_VAULT: 'http://contoso.vault.azure.net' },
      'PARTNER_VAULT is a text of 30 characters that looks like a URL (not shown); expected: the https address',
    ],
    [
      'a vault that nobody asks',
      { PARTNER_VAULT: 'https://contoso.vault.azure.net' },
      'PARTNER_SIGN_IN is app',
    ],
    ['a secret left over', { PARTNER_CLIENT_SECRET: 'abc' }, 'PARTNER_CREDENTIAL is federated'],
    ['an unknown way', { PARTNER_CREDENTIAL: 'password' }, 'federated, certificate or secret'],
    ['a tenant by name', { PARTNER_TENANT_ID: 'contoso.onmicrosoft.com' }, 'a GUID'],
  ])('%s', (_, env, says) => {
    const found = problems({ ...required, ...env });
    expect(found).toEqual([expect.stringContaining(says)]);
    expect(found.join()).not.toContain('abc');
    expect(found.join()).not.toContain('/no/such.pem');
  });
});

describe('the gate and the rules', () => {
  test('are read', () => {
    const config = decodeConfig({
      ...required,
      CALLS_PER_MINUTE: '60',
      CALLS_PER_MINUTE_CEILING: '60',
      MAX_JOBS_PER_DAY: '5000',
      MAX_ATTEMPTS: '3',
      REPEAT_ORDERED_CART: 'false',
    });
    expect(config.gate).toMatchObject({ limitPerMinute: 60, ceilingPerMinute: 60, maxJobsPerDay: 5_000 });
    expect(config.rules).toEqual({ maxAttempts: 3, repeatOrderedCart: false });
  });

  test.each<[SettingName, string]>([
    ['CALLS_PER_MINUTE', '0'],
    ['CALLS_PER_MINUTE', '401'],
    ['CALLS_PER_MINUTE', '1e2'],
    ['CALLS_PER_MINUTE_CEILING', '501'],
    ['CALLS_PER_MINUTE_CEILING', '299'],
    ['MAX_JOBS_PER_DAY', '0'],
    ['MAX_ATTEMPTS', '8.5'],
    ['REPEAT_ORDERED_CART', 'yes'],
    ['CHECKOUT_QUEUE', 'a b'],
    ['URGENT_QUEUE', 'Checkout-Jobs'],
    ['EVENTS_TOPIC', '/a'],
    ['AZURE_CLIENT_ID', 'me'],
    ['CHECKOUT_TIME_FACTOR', '0.5'],
    ['CHECKOUT_TIME_FACTOR', '-1'],
    ['PENDING_ALARM_HOURS', '0.5'],
    ['PENDING_ALARM_HOURS', '1d'],
    ['REPEAT_WITHIN_MINUTES', '4'],
    ['NOTIFY_URL', 'http://hooks.example.com/abc'],
    ['NOTIFY_URL', 'https://user:password@hooks.example.com/abc'],
  ])('%s = %s is refused', (name, value) => {
    expect(problems({ ...required, [name]: value })).toEqual([expect.stringContaining(name)]);
  });
});

test('the hours of the alarm may have a fraction', () => {
  expect(decodeConfig({ ...required, PENDING_ALARM_HOURS: '1.5' }).times.pendingAlarm).toBe(5_400_000);
});

test('all other times are constants: an unknown setting changes none', () => {
  expect(decodeConfig({ ...required, LEASE: '1s', POLL_STEPS: '1s' }).times).toEqual(defaultTimes);
});

test('the factor divides every time, and is refused in Azure', () => {
  const { times, gate, timeFactor } = decodeConfig({
    ...required,
    CHECKOUT_TIME_FACTOR: '60',
    REPEAT_WITHIN_MINUTES: '5',
  });
  expect(timeFactor).toBe(60);
  expect(times).toMatchObject({
    callTimeout: 3_000,
    lease: 4_000,
    repeatWithin: 5_000,
    listLag: 20_000,
    permitLife: 250,
  });
  expect(times.pollSteps).toEqual(defaultTimes.pollSteps.map((step) => step / 60));
  expect(gate.minuteMs).toBe(1_000);
  expect(problems({ ...required, CHECKOUT_TIME_FACTOR: '60', WEBSITE_SITE_NAME: 'app' })).toEqual([
    expect.stringContaining('CHECKOUT_TIME_FACTOR'),
  ]);
  expect(problems({ ...required, WEBSITE_SITE_NAME: 'app' })).toEqual([]);
});

test('the life of a permit is divided down to a quarter of a second', () => {
  const env = { ...required, CHECKOUT_TIME_FACTOR: '60' };
  expect(decodeConfig(env)).toMatchObject({
    times: { permitLife: 250, lease: 4_000 },
    gate: { permitLifeMs: 250, permitBatchAheadMs: 150 },
  });
  expect(decodeConfig({ ...env, CHECKOUT_TIME_FACTOR: '2' }).times.permitLife).toBe(500);
});

test('the webhook is an address, or the secret of a vault, and its value is shown in no error', () => {
  const notify = (value: string) => decodeConfig({ ...required, NOTIFY_URL: value }).notify.webhook;
  const address =
    'https://prod-1.westeurope.logic.azure.com:443/workflows/a/triggers/manual/paths/invoke?sig=s3cret';
  expect(notify(address)).toEqual({ kind: 'address', address: address.replace(':443', '') });
  expect(notify('http://127.0.0.1:8080/hook')).toEqual({
    kind: 'address',
    address: 'http://127.0.0.1:8080/hook',
  });
  expect(notify('https://kv-night.vault.azure.net/secrets/notify-url')).toEqual({
    kind: 'vault',
    vault: 'https://kv-night.vault.azure.net',
  });
  expect(decodeConfig(required).notify).toEqual({ runbook: 'docs/runbook.md' });
  expect(problems({ ...required, NOTIFY_URL: 'ftp://hooks.example.com/s3cret' }).join()).not.toContain(
    's3cret',
  );
});

test('the settings of the consent step in docs/deploy.md are accepted together', () => {
  const page = readFileSync(new URL('../../docs/deploy.md', import.meta.url), 'utf8');
  const lines = [...page.matchAll(/^ *echo "(\w+)=(.*)" >> consent\.env$/gm)];
  expect(lines.length).toBeGreaterThan(3);
  const values = lines.map(([, name = '', value = '']) => [
    name,
    value.includes('AZURE_KEY_VAULT_URI') ? 'https://kv-night.vault.azure.net' : value,
  ]);
  expect(problems({ ...required, ...Object.fromEntries(values) })).toEqual([]);
});

test('the example for local work is right, and fits the stack that waits for a worker of one’s own', async () => {
  const file = new URL('../../local.settings.json.example', import.meta.url);
  const { Values } = JSON.parse(readFileSync(file, 'utf8')) as { Values: Record<string, string> };
  expect(problems(Values)).toEqual([]);
  const sandbox = await startSandbox();
  await sandbox.stop();
  expect(Values).toMatchObject({
    ServiceBusConnection: expect.stringContaining(`sb://127.0.0.1:${examplePorts.bus};`),
    // Azurite's own port.
    TablesConnection: examplePorts.tables === 10_002 ? 'UseDevelopmentStorage=true' : '',
    PARTNER_CENTER_API: `http://127.0.0.1:${examplePorts.api}`,
    PARTNER_CENTER_AUTHORITY: `https://127.0.0.1:${examplePorts.authority}`,
    PARTNER_TENANT_ID: sandbox.credentials.tenantId,
    PARTNER_CLIENT_ID: sandbox.credentials.clientId,
    PARTNER_CLIENT_SECRET: sandbox.credentials.clientSecret,
  });
});

describe('a value that could not be read may be a secret in the wrong setting', () => {
  const ending = fc.string({
    minLength: 8,
    maxLength: 60,
    unit: fc.constantFrom(...'QZXJKVWqzxjkvw0123456789+/=~_.'),
  });
  const secretLike = fc.oneof(
    ending,
    fc.uuid(),
    ending.map((text) => `https://proxy:${text}@gw.net`),
    ending.map((text) => `https://a.net/?sig=${text}`),
    ending.map((text) => `-----BEGIN PRIVATE KEY-----${text}`),
    ending.map((text) => `Endpoint=sb://h/;SharedAccessKeyName=w;SharedAccessKey=${text}`),
    ending.map((text) => `{"clientSecret":"${text}"}`),
    ending.map((text) => `AccountName=a;AccountKey=${text}`),
    ending.map((text) => ` ${text} `),
  );
  /** What the sentence would say of any text: a piece of the value that stands there anyway is no leak. */
  const usual = (name: SettingName): string => problems({ ...required, [name]: '\u00a7' }).join('\n');
  const withProof = { ...required, PARTNER_CREDENTIAL: 'secret', PARTNER_CLIENT_SECRET: 'x' };

  test.each([required, withProof])('no error holds six characters of it in a row', (base) => {
    fc.assert(
      fc.property(fc.constantFrom(...settingNames), secretLike, (name, value) => {
        const found = problems({ ...base, [name]: value }).join('\n');
        for (let at = 0; at + 6 <= value.length; at += 1) {
          const piece = value.slice(at, at + 6);
          if (found.includes(piece)) expect(usual(name)).toContain(piece);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('it is not shown either when it stands in two settings that must differ, or decides about a third', () => {
    const secret = 'Zq8QS3cr3tValue';
    for (const env of [
      { CHECKOUT_QUEUE: secret, URGENT_QUEUE: secret },
      { PARTNER_CREDENTIAL: secret, PARTNER_CLIENT_SECRET: 'x' },
    ]) {
      const found = problems({ ...required, ...env });
      expect(found).toHaveLength(1);
      expect(found.join()).not.toContain(secret);
    }
  });

  test('the error is one line, whatever is wrong', () => {
    const wrong = () => decodeConfig({ PARTNER_TENANT_ID: 'a\nb', MAX_ATTEMPTS: 'x\r\ny', EVENTS_TOPIC: '' });
    expect(wrong).toThrow(/^\d settings are wrong: [^\n\r]+$/);
  });
});

test('whatever stands in one setting, it is read or told in a sentence, and a secret is never shown', () => {
  const names = [
    'ServiceBusConnection',
    'TablesConnection',
    'PARTNER_CLIENT_SECRET',
    'PENDING_ALARM_HOURS',
    'REPEAT_WITHIN_MINUTES',
  ];
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.string({ minLength: 12 }), (name, value) => {
      const found = problems({ ...required, [name]: value });
      expect(found.every((problem) => problem.endsWith('.'))).toBe(true);
      if (value.trim().length > 11 && (name.endsWith('Connection') || name.endsWith('SECRET')))
        expect(found.join()).not.toContain(value.trim());
    }),
  );
});
