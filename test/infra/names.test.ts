/** Promise: queues, topic and tables have the names that the code knows. */

import { expect, test } from 'vitest';
import { tableNames } from '../../src/adapters/azure-tables/azure-tables.ts';
import { settingOf } from '../../src/config/settings.ts';
import { all, appSettings, lastName, only } from './deployed.ts';

const names = (type: string) => all('full', type).map(({ name }) => lastName(name));

test('the queues are those that the code knows', () => {
  expect(names('Microsoft.ServiceBus/namespaces/queues')).toEqual([
    settingOf('CHECKOUT_QUEUE').fallback,
    settingOf('URGENT_QUEUE').fallback,
  ]);
  for (const name of ['CHECKOUT_QUEUE', 'URGENT_QUEUE'] as const)
    expect(appSettings('full')[name]).toBe(settingOf(name).fallback);
});

test('the topic is the one that the code knows', () => {
  expect(names('Microsoft.ServiceBus/namespaces/topics')).toEqual([settingOf('EVENTS_TOPIC').fallback]);
});

test('the tables are those that the code knows, in the account that it is told of', () => {
  expect(names('Microsoft.Storage/storageAccounts/tableServices/tables').sort()).toEqual(
    Object.values(tableNames).sort(),
  );
  const { id } = only('full', 'Microsoft.Authorization/locks');
  const account = /storageAccounts\/([^/]+)\//.exec(id)?.[1];
  for (const { name } of all('full', 'Microsoft.Storage/storageAccounts/tableServices/tables'))
    expect(name.split('/')[0]).toBe(account);
});
