/** Promise: doctor names each right on the deployment that no parameter asks for, and says so when it cannot look. */

import { expect, test } from 'vitest';
import { resourceManager } from '../../src/adapters/resource-manager/resource-manager.ts';
import { listRoleAssignments } from '../../src/adapters/resource-manager/role-assignment-list.ts';
import { decodeDeployment } from '../../src/config/deployment.ts';
import { rightsCheck } from '../../src/operator/doctor.ts';
import { startResourceManager } from '../support/resource-manager.ts';

const group = '/subscriptions/s/resourceGroups/rg-night';
const namespace = `${group}/providers/Microsoft.ServiceBus/namespaces/sb`;
const anyone = { getToken: async () => ({ token: 'somebody', expiresOnTimestamp: Number.MAX_SAFE_INTEGER }) };
const on = (name: string, principalId: string, scope: string, roleDefinitionId = 'some role') => ({
  name,
  principalId,
  scope,
  roleDefinitionId,
});
const asked = { group, roleAssignments: ['first', 'second'] };

const checkOf = (found: readonly ReturnType<typeof on>[]) =>
  rightsCheck({ ...asked, list: async () => found.map((each) => ({ ...each, createdAt: 0 })) });

test('the roles of the deployment are fine, in any spelling, and so are those that are not its business', async () => {
  const found = [
    on('first', 'worker', `${namespace}/queues/jobs`),
    on('SECOND', 'operators', `${group}/providers/Microsoft.Storage/storageAccounts/st`),
    on('above', 'platform', '/subscriptions/s'),
    on('whole', 'team', group),
    on('other', 'another group', `${group}-2/providers/x/y/z`),
    on('reader', 'a program', `${namespace}/topics/checkout-events/subscriptions/mine`),
  ];
  expect(await checkOf(found)).toMatchObject({ name: 'rights', status: 'ok' });
});

test('what a changed parameter leaves is named: who, on what, and the command that takes it away', async () => {
  const vault = `${group}/providers/Microsoft.KeyVault/vaults/kv`;
  const check = await checkOf([
    on('first', 'worker', vault),
    // The worker itself, from the time when its credential was a secret.
    on('old', 'worker', vault),
    on('gone', 'a producer that left', `${namespace.toUpperCase()}/queues/jobs`),
  ]);
  expect(check).toMatchObject({
    status: 'wrong',
    found: expect.stringMatching(/2 roles: worker on providers\/.*kv; a producer that left on /),
    remedy: expect.stringContaining(
      `delete --ids ${vault}/providers/Microsoft.Authorization/roleAssignments/old `,
    ),
  });
});

test('a replaced group of operators keeps roles on the resource group: they are named, and no other role there', async () => {
  const roles = '/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions';
  const check = await checkOf([
    on('first', 'operators', group, `${roles}/reader`),
    on('second', 'operators', group, `${roles}/restarter`),
    on('third', 'operators of before', group.toUpperCase(), `${roles}/READER`),
    on('fourth', 'operators of before', group, `${roles}/restarter`),
    on('fifth', 'team', group, `${roles}/owner`),
    on('sixth', 'platform', '/subscriptions/s', `${roles}/reader`),
  ]);
  expect(check).toMatchObject({
    status: 'wrong',
    found:
      'no parameter asks for 2 roles: operators of before on the resource group; operators of before on the resource group',
    remedy: expect.stringContaining(`${group}/providers/Microsoft.Authorization/roleAssignments/fourth`),
  });
});

test('every page of the list is read', async () => {
  const pages = [
    [on('first', 'worker', namespace)],
    [on('second', 'worker', namespace)],
    [on('third', 'x', namespace)],
  ];
  const azure = await startResourceManager(pages);
  try {
    const manager = resourceManager(azure.endpoint, anyone);
    const check = await rightsCheck({ ...asked, list: () => listRoleAssignments(manager, group) });
    expect(check).toMatchObject({ status: 'wrong', found: expect.stringContaining('a role: x on ') });
  } finally {
    await azure.stop();
  }
});

test('who may not list, and who reaches nobody, is told what to do', async () => {
  const azure = await startResourceManager([], {
    status: 403,
    body: '{"error":{"code":"AuthorizationFailed","message":"does not have authorization"}}',
  });
  const manager = resourceManager(azure.endpoint, anyone);
  const look = () => rightsCheck({ ...asked, list: () => listRoleAssignments(manager, group) });
  expect(await look()).toMatchObject({
    status: 'unknown',
    found: expect.stringMatching(/^GET http.*roleAssignments was answered with 403: .*AuthorizationFailed/),
    remedy: expect.stringContaining('OPERATORS_GROUP_ID'),
  });
  await azure.stop();
  expect(await look()).toMatchObject({
    status: 'unknown',
    found: expect.stringContaining('ECONNREFUSED'),
    remedy: expect.stringContaining('does not answer here'),
  });
});

test('a page elsewhere gets no token', async () => {
  const manager = resourceManager('http://127.0.0.1:1/', anyone);
  const real = globalThis.fetch;
  const asked: string[] = [];
  globalThis.fetch = async (address) => {
    asked.push(String(address));
    return Response.json({ value: [], nextLink: 'https://elsewhere.example/more' });
  };
  try {
    await expect(manager.list('/subscriptions/s', '2022-04-01')).rejects.toThrow('elsewhere.example');
  } finally {
    globalThis.fetch = real;
  }
  expect(asked).toHaveLength(1);
});

test('settings of no deployment say nothing of rights; those of an older one say what is missing', async () => {
  expect(decodeDeployment({ TablesConnection__tableServiceUri: 'https://x' })).toBeUndefined();
  const older = decodeDeployment({
    AZURE_SUBSCRIPTION_ID: 's',
    AZURE_RESOURCE_GROUP: 'rg-night',
    AZURE_RESOURCE_MANAGER: 'https://management.azure.com/',
  });
  expect(older).toEqual({ missing: ['ROLE_ASSIGNMENTS'] });
  expect(await rightsCheck({ missing: ['ROLE_ASSIGNMENTS'] })).toMatchObject({
    status: 'unknown',
    found: 'the settings lack ROLE_ASSIGNMENTS',
  });
});
