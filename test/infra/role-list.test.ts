/** Promise: a deployment says which role assignments are its own, so that doctor finds the others. */

import { afterAll, expect, test } from 'vitest';
import { copyTemplates } from './bicep.ts';
import { operatorsGroup, producers } from './variants.ts';

const templates = copyTemplates({ recent: false });
afterAll(() => templates.remove());

test.each([
  {
    operators: operatorsGroup,
    producers,
    customRoles: true,
    vaultIsRead: true,
    vaultIsWritten: true,
    most: 23,
  },
  {
    operators: operatorsGroup,
    producers: [],
    customRoles: false,
    vaultIsRead: true,
    vaultIsWritten: false,
    most: 14,
  },
  { operators: '', producers: [], customRoles: true, vaultIsRead: false, vaultIsWritten: false, most: 9 },
])(
  '$most role assignments',
  async ({ operators, producers, customRoles, vaultIsRead, vaultIsWritten, most }) => {
    const { predictedResources, outputs } = await templates.evaluateModule(`
using 'modules/access.bicep'
import { toNames } from 'modules/names.bicep'
param names = toNames('abcdefghijklm')
param location = 'westeurope'
param tags = {}
param operatorsGroupId = '${operators}'
param producerPrincipalIds = ${JSON.stringify(producers).replaceAll('"', "'")}
param customRoles = ${customRoles}
param vaultIsRead = ${vaultIsRead}
param vaultIsWritten = ${vaultIsWritten}
`);
    const made = predictedResources
      .filter(({ type }) => type === 'Microsoft.Authorization/roleAssignments')
      .map(({ name }) => name);
    expect(made).toHaveLength(most);
    expect(String(outputs['roleAssignments']).split(',').sort()).toEqual(made.sort());
  },
  // The compiler takes seconds, on a busy machine more.
  120_000,
);
