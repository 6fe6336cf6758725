/** Rights that no parameter of the deployment asks for: a deployment gives rights and takes none. */
import type { RoleAssignment } from '../ports/role-assignments.ts';

export interface AskedRights {
  /** Path of the resource group. */
  readonly group: string;
  /** Names of the role assignments that the parameters ask for. */
  readonly roleAssignments: readonly string[];
}

/**
 * Role assignments on the resources of the group that are not the deployment's. Those on the whole group, or above it, are how a company
 * runs its subscription, but for the roles that the deployment itself gives on the group: a replaced group of operators keeps them.
 * A reader of events has a role on the subscription that it made for itself.
 */
export function surplusRights(
  found: readonly RoleAssignment[],
  { group, roleAssignments }: AskedRights,
): readonly RoleAssignment[] {
  const names = new Set(roleAssignments.map((name) => name.toLowerCase()));
  const isAsked = ({ name }: RoleAssignment) => names.has(name.toLowerCase());
  const isOnGroup = ({ scope }: RoleAssignment) => scope.toLowerCase() === group.toLowerCase();
  const roleOf = ({ roleDefinitionId }: RoleAssignment) => roleDefinitionId.toLowerCase();
  const rolesOnGroup = new Set(found.filter((each) => isAsked(each) && isOnGroup(each)).map(roleOf));
  const isOurs = (each: RoleAssignment) =>
    isOnGroup(each)
      ? rolesOnGroup.has(roleOf(each))
      : each.scope.toLowerCase().startsWith(`${group}/`.toLowerCase()) && !isOfEventReader(each.scope);
  return found.filter((each) => isOurs(each) && !isAsked(each));
}

/** Its scope is a subscription of the topic: `…/topics/{topic}/subscriptions/{subscription}`. */
const isOfEventReader = (scope: string): boolean => {
  const parts = scope.toLowerCase().split('/');
  return parts.some((part, index) => part === 'topics' && parts[index + 2] === 'subscriptions');
};
