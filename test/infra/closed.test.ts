import { expect, test } from 'vitest';
import { all, lastName, only } from './deployed.ts';

const properties = (type: string) => all('full', type).map((resource) => resource.properties);

test('there is no way in but with a role', () => {
  expect(properties('Microsoft.ServiceBus/namespaces')).toMatchObject([
    { disableLocalAuth: true, minimumTlsVersion: '1.2' },
  ]);
  const account = {
    allowSharedKeyAccess: false,
    allowBlobPublicAccess: false,
    minimumTlsVersion: 'TLS1_2',
    supportsHttpsTrafficOnly: true,
  };
  expect(properties('Microsoft.Storage/storageAccounts')).toMatchObject([account, account]);
  expect(properties('Microsoft.KeyVault/vaults')).toMatchObject([
    { enableRbacAuthorization: true, enablePurgeProtection: true },
  ]);
  expect(properties('Microsoft.OperationalInsights/workspaces')).toMatchObject([
    { features: { disableLocalAuth: true } },
  ]);
  expect(properties('Microsoft.Insights/components')).toMatchObject([{ DisableLocalAuth: true }]);
  expect(properties('Microsoft.Web/sites')).toMatchObject([
    { httpsOnly: true, siteConfig: { minTlsVersion: '1.2', ftpsState: 'Disabled' } },
  ]);
  const publishing = all('full', 'Microsoft.Web/sites/basicPublishingCredentialsPolicies');
  expect(publishing.map(({ name, properties }) => [lastName(name), properties])).toEqual([
    ['ftp', { allow: false }],
    ['scm', { allow: false }],
  ]);
});

test('the account with the tables cannot be deleted by mistake', () => {
  expect(only('full', 'Microsoft.Authorization/locks').properties).toMatchObject({ level: 'CanNotDelete' });
});

test('no queue loses a job, or takes a second sending for the first', () => {
  for (const queue of properties('Microsoft.ServiceBus/namespaces/queues'))
    expect(queue).toMatchObject({
      maxDeliveryCount: 10,
      defaultMessageTimeToLive: 'P14D',
      deadLetteringOnMessageExpiration: true,
      requiresDuplicateDetection: false,
      requiresSession: false,
    });
});

test('events that nobody reads go', () => {
  expect(properties('Microsoft.ServiceBus/namespaces/topics')).toEqual([
    { defaultMessageTimeToLive: 'P7D', requiresDuplicateDetection: false },
  ]);
  // Subscriptions are their readers' own.
  expect(all('full', 'Microsoft.ServiceBus/namespaces/topics/subscriptions')).toEqual([]);
});

test('azd finds what it made, and where the package goes', () => {
  // These are parts of another resource, and take no tags.
  const parts = /\/(queues|topics|blobServices|containers|tableServices|tables|config|basicPublishing\w+)$/;
  const untagged = /^Microsoft\.(Authorization\/|Insights\/diagnosticSettings)/;
  for (const resource of all('full').filter(({ type }) => !parts.test(type) && !untagged.test(type)))
    expect([resource.name, resource['tags']]).toEqual([
      resource.name,
      expect.objectContaining({ 'azd-env-name': 'night' }),
    ]);
  expect(only('full', 'Microsoft.Web/sites')['tags']).toHaveProperty('azd-service-name', 'worker');
  expect(only('full', 'Microsoft.Resources/resourceGroups').name).toBe('rg-night');
});

test('the version of Node is the one that was asked for', () => {
  const site = (version: string) => ({ functionAppConfig: { runtime: { name: 'node', version } } });
  expect(only('least', 'Microsoft.Web/sites').properties).toMatchObject(site('24'));
  expect(only('full', 'Microsoft.Web/sites').properties).toMatchObject(site('22'));
});

test('who is to be told is told', () => {
  expect(only('full', 'Microsoft.Insights/actionGroups').properties).toMatchObject({
    emailReceivers: [{ emailAddress: 'night-shift@example.com' }],
  });
  expect(only('least', 'Microsoft.Insights/actionGroups').properties).toMatchObject({ emailReceivers: [] });
});
