/** Promise: everybody has the rights that the work needs, and no other. */

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TableClient, TableServiceClient } from '@azure/data-tables';
import { SecretClient } from '@azure/keyvault-secrets';
import { ServiceBusAdministrationClient, ServiceBusClient } from '@azure/service-bus';
import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import { all, lastName } from './deployed.ts';
import { operations, others, ownRoles, type Role, roleIds, type Where, type Who } from './roles.ts';
import { operatorsGroup, producers, type Variant } from './variants.ts';

const root = join(import.meta.dirname, '../..');

test('the table of operations has every call of an SDK in src', () => {
  const found = globSync('src/**/*.ts', { cwd: root }).flatMap((path) => {
    const source = readFileSync(join(root, path), 'utf8');
    const calls = sdkMethods.filter((name) => source.includes('@azure/') && source.includes(`.${name}(`));
    return calls.map((call) => `${path.replaceAll('\\', '/')}: ${call}`);
  });
  const listed = operations.flatMap(({ file, calls }) => calls.map((call) => `${file}: ${call}`));
  expect(found.sort()).toEqual(listed.sort());
});

test('everybody has the roles that the work needs, where it needs them, and no other', () => {
  const needed = new Set(
    [...operations, ...others].flatMap(({ who, role, where }) => who.map((each) => say(each, role, where))),
  );
  expect([...new Set(assigned('full'))].sort()).toEqual([...needed].sort());
});

test('a role on the queues is one on each queue, for each producer', () => {
  const queues = all('full', 'Microsoft.ServiceBus/namespaces/queues').length;
  const of = (sentence: string) => assigned('full').filter((each) => each === sentence).length;
  expect(of(say('worker', 'Azure Service Bus Data Receiver', 'queues'))).toBe(queues);
  expect(of(say('worker', 'Azure Service Bus Data Sender', 'queues'))).toBe(queues);
  expect(of(say('operators', 'Azure Service Bus Data Receiver', 'queues'))).toBe(queues);
  expect(of(say('operators', 'Azure Service Bus Data Sender', 'queues'))).toBe(queues);
  expect(of(say('producers', 'Azure Service Bus Data Sender', 'queues'))).toBe(queues * producers.length);
});

test('the vault is open to nobody when nothing lies in it, and to the worker for reading alone when it only reads', () => {
  const onVault = (variant: Variant) => assigned(variant).filter((each) => each.endsWith(' on vault'));
  expect(onVault('least')).toEqual([]);
  expect(onVault('webhook')).toEqual([say('worker', 'Key Vault Secrets User', 'vault')]);
  expect(onVault('certificate')).toEqual([say('worker', 'Key Vault Secrets User', 'vault')]);
});

test('operators cannot delete what was bought', () => {
  const actions = permissions('full', 'Checkout row writer').flatMap((each) => each.dataActions ?? []);
  expect(actions.map((action) => action.split('/entities/')[1])).toEqual([
    'read',
    'write',
    'add/action',
    'update/action',
  ]);
});

test('no command of an operator needs to delete a row', () => {
  const found = (pattern: RegExp, inside: string) =>
    globSync(`${inside}/**/*.ts`, { cwd: root })
      .flatMap((path) => {
        const source = readFileSync(join(root, path), 'utf8');
        return [...source.matchAll(pattern)].map(([what]) => `${path.replaceAll('\\', '/')}: ${what}`);
      })
      .sort();
  const removals = new Set(found(/kind: 'remove',/g, 'src').map((line) => line.split(':')[0]));
  expect([...removals]).toEqual([
    'src/adapters/azure-tables/notice-store.ts',
    'src/adapters/azure-tables/open-attention.ts',
    'src/adapters/azure-tables/schedule-store.ts',
  ]);
  // What reaches a removal in these three.
  const removing =
    /\bschedule\.(?:remove|move|drop)\(|\battention\.(?:write|close)\(|\b(?:showOpen|openAttention|noticeStore)\(|'(?:remove|move|drop)'/g;
  // An entry that stays wakes its job once, for nothing, so a refusal is passed over.
  expect([...found(removing, 'src/operator'), ...found(removing, 'src/cli')]).toEqual([
    "src/operator/jobs/decide-job.ts: 'remove'",
    'src/operator/jobs/decide-job.ts: schedule.remove(',
  ]);
});

test('whoever reads queue lengths changes nothing', () => {
  expect(permissions('full', 'Checkout queue reader')).toEqual([
    { actions: ['Microsoft.ServiceBus/namespaces/*/read'] },
  ]);
});

test('whoever restarts the app changes neither its code nor its settings', () => {
  expect(permissions('full', 'Checkout restarter')).toEqual([
    { actions: ['Microsoft.Web/sites/restart/action'] },
  ]);
});

test('without roles of our own the built-in ones stand in, and the scale controller has to estimate', () => {
  const sentences = new Set(assigned('withoutRoles'));
  expect([...sentences].filter((each) => each.startsWith('operators')).sort()).toEqual([
    say('operators', 'Azure Service Bus Data Owner', 'queues'),
    say('operators', 'Monitoring Reader', 'resource group'),
    say('operators', 'Storage Table Data Contributor', 'tables'),
  ]);
  expect([...sentences].filter((each) => each.endsWith(' on namespace'))).toEqual([]);
  expect(all('withoutRoles', 'Microsoft.Authorization/roleDefinitions')).toEqual([]);
});

test('nobody but the worker gets a role when nobody is named', () => {
  expect(assigned('least').filter((each) => !each.startsWith('worker'))).toEqual([]);
});

const say = (who: Who, role: Role, where: Where) => `${who}: ${role} on ${where}`;

const assignment = z.object({ principalId: z.string(), roleDefinitionId: z.string() });

const assigned = (variant: Variant): readonly string[] =>
  all(variant, 'Microsoft.Authorization/roleAssignments').map(({ id, properties }) => {
    const { principalId, roleDefinitionId } = assignment.parse(properties);
    return say(whoIs(principalId), roleOf(variant, lastName(roleDefinitionId)), whereIs(id));
  });

function whoIs(principal: string): Who {
  if (principal.includes('/userAssignedIdentities/id-')) return 'worker';
  if (principal === operatorsGroup) return 'operators';
  if (producers.includes(principal)) return 'producers';
  throw new Error(`who is ${principal}?`);
}

const definition = z.object({
  roleName: z.string(),
  permissions: z.array(
    z.object({ actions: z.array(z.string()), dataActions: z.optional(z.array(z.string())) }),
  ),
});

const definitions = (variant: Variant) =>
  all(variant, 'Microsoft.Authorization/roleDefinitions').map(({ name, properties }) => ({
    guid: name,
    ...definition.parse(properties),
  }));

const permissions = (variant: Variant, role: (typeof ownRoles)[number]) =>
  definitions(variant)
    .filter(({ roleName }) => roleName.startsWith(role))
    .flatMap((each) => each.permissions);

function roleOf(variant: Variant, guid: string): Role {
  const own = definitions(variant).find((each) => each.guid === guid);
  const ownRole = ownRoles.find((role) => own?.roleName.startsWith(role));
  if (ownRole !== undefined) return ownRole;
  const found = (Object.keys(roleIds) as (keyof typeof roleIds)[]).find((role) => roleIds[role] === guid);
  if (found === undefined) throw new Error(`which role is ${guid}?`);
  return found;
}

/** The scope of an assignment stands in its id. */
function whereIs(id: string): Where {
  const places: readonly (readonly [RegExp, Where])[] = [
    [/\/namespaces\/[^/]+\/queues\/[^/]+\/providers\//, 'queues'],
    [/\/namespaces\/[^/]+\/providers\//, 'namespace'],
    [/\/namespaces\/[^/]+\/topics\/[^/]+\/providers\//, 'topic'],
    [/\/storageAccounts\/sthost[^/]+\/providers\//, 'host storage'],
    [/\/storageAccounts\/st[^/]+\/providers\//, 'tables'],
    [/\/vaults\/[^/]+\/providers\//, 'vault'],
    [/\/components\/[^/]+\/providers\//, 'Application Insights'],
    [/\/resourceGroups\/[^/]+\/providers\/Microsoft\.Authorization\//, 'resource group'],
  ];
  const found = places.find(([pattern]) => pattern.test(id));
  if (found === undefined) throw new Error(`what is the scope of ${id}?`);
  return found[1];
}

/** What the SDKs' clients can do; nothing is connected for it. */
const sdkMethods = (() => {
  const key = 'SharedAccessKeyName=none;SharedAccessKey=bm9uZQ==';
  const bus = new ServiceBusClient(`Endpoint=sb://nowhere.invalid;${key}`);
  const made = [
    bus.createSender('none'),
    bus.createReceiver('none'),
    TableClient.prototype,
    TableServiceClient.prototype,
    SecretClient.prototype,
    ServiceBusAdministrationClient.prototype,
  ];
  const harmless = new Set(['close', ...Object.getOwnPropertyNames(Object.prototype)]);
  const names = made.flatMap((each) => [
    ...Object.getOwnPropertyNames(each),
    ...Object.getOwnPropertyNames(Object.getPrototypeOf(each)),
  ]);
  return [...new Set(names)].filter((name) => /^[a-z]/.test(name) && !harmless.has(name));
})();
