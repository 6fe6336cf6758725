/** Promise: the rights that docs/deploy.md asks for suffice for each deployment. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { all } from './deployed.ts';
import { type Variant, variants } from './variants.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/deploy.md'), 'utf8');

const authorization = ['locks', 'roleAssignments', 'roleDefinitions'] as const;
type Authorization = (typeof authorization)[number];

/**
 * What a built-in role may write of Microsoft.Authorization; `rest`: of everything else. Source: the role definitions on
 * learn.microsoft.com/azure/role-based-access-control/built-in-roles/privileged. Contributor may write nothing of Microsoft.Authorization.
 */
const mayWrite: Readonly<Record<string, readonly (Authorization | 'rest')[]>> = {
  Owner: ['rest', ...authorization],
  Contributor: ['rest'],
  'User Access Administrator': authorization,
  'Role Based Access Control Administrator': ['roleAssignments'],
  'Locks Contributor': ['locks'],
};

const needs = (variant: Variant): ReadonlySet<Authorization | 'rest'> =>
  new Set(
    all(variant).map(
      ({ type }) =>
        authorization.find((each) => type === `Microsoft.Authorization/${each}`) ?? ('rest' as const),
    ),
  );

/** The rows of the table of rights in docs/deploy.md: roles, and the parameters that they suffice with. */
const rows = [...page.matchAll(/^\| ((?:Owner|Contributor)[\w, ]*?) \| (.*?) \|$/gm)].map(
  ([, roles = '', parameters = '']) => ({
    roles: roles.split(', '),
    parameters: Object.fromEntries(
      [...parameters.matchAll(/`([A-Z_]+)=(\w+)`/g)].map(
        ([, name = '', value = '']) => [name, value] as const,
      ),
    ),
  }),
);

/** The variant that differs from the least in these parameters, and in who operates it. */
function variantOf(parameters: Readonly<Record<string, string>>): Variant {
  const found = (Object.keys(variants) as Variant[]).find((name) => {
    const env: Readonly<Record<string, string>> = variants[name];
    const other = Object.keys(env).filter((key) => !(key in variants.least) && key !== 'OPERATORS_GROUP_ID');
    return (
      other.length === Object.keys(parameters).length && other.every((key) => env[key] === parameters[key])
    );
  });
  if (found === undefined) throw new Error(`no variant has just ${JSON.stringify(parameters)}`);
  return found;
}

test('docs/deploy.md names the roles for each kind of rights', () => {
  expect(rows.length).toBe(4);
  for (const role of rows.flatMap(({ roles }) => roles)) expect(Object.keys(mayWrite)).toContain(role);
});

test.each(rows)('$roles suffice for every resource', ({ roles, parameters }) => {
  const allowed = new Set(roles.flatMap((role) => mayWrite[role] ?? []));
  expect([...needs(variantOf(parameters))].filter((each) => !allowed.has(each))).toEqual([]);
});

test.each(rows.filter(({ parameters }) => Object.keys(parameters).length > 0))(
  '$roles need those parameters',
  ({ roles, parameters }) => {
    const allowed = new Set(roles.flatMap((role) => mayWrite[role] ?? []));
    for (const left of Object.keys(parameters)) {
      const others = Object.fromEntries(Object.entries(parameters).filter(([name]) => name !== left));
      const variant = Object.keys(others).length === 0 ? 'least' : variantOf(others);
      expect(
        [...needs(variant)].every((each) => allowed.has(each)),
        left,
      ).toBe(false);
    }
  },
);

test('docs/deploy.md registers every resource provider', () => {
  const command = /for provider in ([^;]+);/.exec(page)?.[1]?.split(' ') ?? [];
  const used = new Set([
    ...(Object.keys(variants) as Variant[]).flatMap((variant) =>
      all(variant).map(({ type }) => type.split('/')[0]),
    ),
    // The subnet of a Flex Consumption app is delegated to it.
    'Microsoft.App',
  ]);
  const always = ['Microsoft.Authorization', 'Microsoft.Resources'];
  expect(command.sort()).toEqual([...used].filter((name = '') => !always.includes(name)).sort());
});
