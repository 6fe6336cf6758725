/** Adapter: the role assignments of a resource group. */
import * as z from 'zod/mini';
import type { RoleAssignment } from '../../ports/role-assignments.ts';
import type { ResourceManager } from './resource-manager.ts';

const assignment = z.object({
  name: z.string(),
  properties: z.object({
    principalId: z._default(z.string(), ''),
    roleDefinitionId: z._default(z.string(), ''),
    scope: z._default(z.string(), ''),
    createdOn: z.optional(z.string()),
  }),
});

/** `group`: path of the resource group. Source: Microsoft.Authorization/roleAssignments, "List For Resource Group". */
export async function listRoleAssignments(
  manager: Pick<ResourceManager, 'list'>,
  group: string,
): Promise<readonly RoleAssignment[]> {
  const found = await manager.list(
    `${group}/providers/Microsoft.Authorization/roleAssignments`,
    '2022-04-01',
  );
  return z.parse(z.array(assignment), found).map(({ name, properties }) => ({
    name,
    principalId: properties.principalId,
    roleDefinitionId: properties.roleDefinitionId,
    scope: properties.scope,
    createdAt: Date.parse(properties.createdOn ?? '') || 0,
  }));
}
