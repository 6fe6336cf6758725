import * as z from 'zod/mini';
import type { Arm } from './arm.ts';

/** Role assignments take this long to be in force; azure-dev 8026 saw about a minute. */
export const rolesTakeMs = 3 * 60_000;

const assignments = z.object({
  value: z.array(z.object({ properties: z.object({ createdOn: z.optional(z.string()) }) })),
});

/** Milliseconds until the newest role assignment in the resource group is old enough; 0: none is new. */
export async function untilRolesHold(arm: Arm, group: string, now: number): Promise<number> {
  const { value } = assignments.parse(
    await arm.get(`${group}/providers/Microsoft.Authorization/roleAssignments`, '2022-04-01'),
  );
  const newest = Math.max(0, ...value.map(({ properties }) => Date.parse(properties.createdOn ?? '') || 0));
  return Math.max(0, newest + rolesTakeMs - now);
}
