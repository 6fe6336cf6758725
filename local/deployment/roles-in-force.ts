import * as z from 'zod/mini';
import type { Arm } from './arm.ts';

/** Role assignments take this long to be in force; azure-dev 8026 saw about a minute. */
export const rolesTakeMs = 3 * 60_000;

const assignments = z.object({
  value: z.array(
    z.object({
      properties: z.object({
        createdOn: z.optional(z.string()),
        principalId: z.optional(z.string()),
        scope: z.optional(z.string()),
      }),
    }),
  ),
});

/** Role assignments in the resource group, and those above it. */
const listed = async (arm: Arm, group: string) =>
  assignments.parse(await arm.get(`${group}/providers/Microsoft.Authorization/roleAssignments`, '2022-04-01'))
    .value;

/** Milliseconds until the newest role assignment in the resource group is old enough; 0: none is new. */
export async function untilRolesHold(arm: Arm, group: string, now: number): Promise<number> {
  const value = await listed(arm, group);
  const newest = Math.max(0, ...value.map(({ properties }) => Date.parse(properties.createdOn ?? '') || 0));
  return Math.max(0, newest + rolesTakeMs - now);
}

/**
 * Principals that have a role on a resource of the group, and whom no parameter names: a deployment gives rights and takes none.
 * `known`: the worker, the operators' group, the producers.
 */
export async function surplusPrincipals(
  arm: Arm,
  group: string,
  known: readonly string[],
): Promise<readonly string[]> {
  const expected = new Set(known.map((id) => id.toLowerCase()));
  const below = `${group}/`.toLowerCase();
  const value = await listed(arm, group);
  return [
    ...new Set(
      value.flatMap(({ properties: { principalId = '', scope = '' } }) =>
        scope.toLowerCase().startsWith(below) && !expected.has(principalId.toLowerCase())
          ? [principalId]
          : [],
      ),
    ),
  ];
}
