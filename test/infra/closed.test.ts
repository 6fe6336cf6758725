/** Promise: the resources in Azure have no way in but a role, and lose nothing by mistake. */

import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import { all, lastName, only } from './deployed.ts';
import type { Variant } from './variants.ts';

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
    publicNetworkAccess: 'Enabled',
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

test('the host account has the zones that the tables have', () => {
  const skus = (variant: Variant) =>
    all(variant, 'Microsoft.Storage/storageAccounts').map((account) => account['sku']);
  expect(skus('least')).toEqual([{ name: 'Standard_ZRS' }, { name: 'Standard_ZRS' }]);
  expect(skus('full')).toEqual([{ name: 'Standard_LRS' }, { name: 'Standard_LRS' }]);
});

test('it is logged who deleted rows of the ledger', () => {
  const logs = all('least', 'Microsoft.Insights/diagnosticSettings').filter(({ id }) =>
    id.includes('/tableServices/'),
  );
  expect(logs.map((each) => each.properties)).toMatchObject([
    { logs: [{ category: 'StorageDelete', enabled: true }] },
  ]);
});

test('a deployment lets what runs end, unless somebody asks for the other way', () => {
  const strategy = (variant: Variant) => only(variant, 'Microsoft.Web/sites').properties;
  expect(strategy('least')).toMatchObject({
    functionAppConfig: { siteUpdateStrategy: { type: 'RollingUpdate' } },
  });
  expect(strategy('full')).toMatchObject({ functionAppConfig: { siteUpdateStrategy: { type: 'Recreate' } } });
});

test('the HTTP functions can be kept for some addresses', () => {
  expect(only('least', 'Microsoft.Web/sites').properties).not.toHaveProperty(
    'siteConfig.ipSecurityRestrictions',
  );
  expect(only('full', 'Microsoft.Web/sites').properties).toMatchObject({
    siteConfig: {
      ipSecurityRestrictionsDefaultAction: 'Deny',
      ipSecurityRestrictions: [
        { ipAddress: '203.0.113.0/24', action: 'Allow' },
        { ipAddress: '198.51.100.7/32', action: 'Allow' },
      ],
    },
  });
});

test('in a private network nothing but the telemetry is reached from outside', () => {
  const closed = [
    'Microsoft.ServiceBus/namespaces',
    'Microsoft.Storage/storageAccounts',
    'Microsoft.KeyVault/vaults',
    'Microsoft.Web/sites',
  ];
  for (const type of closed)
    for (const { name, properties } of all('private', type))
      expect([name, properties]).toEqual([
        name,
        expect.objectContaining({ publicNetworkAccess: 'Disabled' }),
      ]);
  expect(only('private', 'Microsoft.ServiceBus/namespaces')['sku']).toMatchObject({ name: 'Premium' });
});

test('in a private network each service that is closed has an endpoint, and the worker a way to it', () => {
  const endpoint = z.object({
    privateLinkServiceConnections: z.tuple([
      z.object({ properties: z.object({ privateLinkServiceId: z.string(), groupIds: z.array(z.string()) }) }),
    ]),
  });
  const reached = all('private', 'Microsoft.Network/privateEndpoints').map(({ properties }) => {
    const [connection] = endpoint.parse(properties).privateLinkServiceConnections;
    const { privateLinkServiceId, groupIds } = connection.properties;
    return [lastName(privateLinkServiceId).replace(/cunb.*|-.*/, ''), ...groupIds].join(' ');
  });
  expect(reached.sort()).toEqual(['func sites', 'kv vault', 'sb namespace', 'st table', 'sthost blob']);
  const site = z.object({ virtualNetworkSubnetId: z.string() });
  expect(site.parse(only('private', 'Microsoft.Web/sites').properties).virtualNetworkSubnetId).toContain(
    'workerSubnetId',
  );
  expect(only('private', 'Microsoft.Network/virtualNetworks').properties).toMatchObject({
    subnets: [
      {
        name: 'worker',
        properties: { delegations: [{ properties: { serviceName: 'Microsoft.App/environments' } }] },
      },
      { name: 'endpoints' },
    ],
  });
  expect(all('least').filter(({ type }) => type.startsWith('Microsoft.Network/'))).toEqual([]);
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
