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
 * runs its subscription, and a reader of events has a role on the subscription that it made for itself.
 */
export function surplusRights(
  found: readonly RoleAssignment[],
  { group, roleAssignments }: AskedRights,
): readonly RoleAssignment[] {
  const asked = new Set(roleAssignments.map((name) => name.toLowerCase()));
  const below = `${group}/`.toLowerCase();
  return found.filter(
    ({ name, scope }) =>
      scope.toLowerCase().startsWith(below) && !isOfEventReader(scope) && !asked.has(name.toLowerCase()),
  );
}

/** Its scope is a subscription of the topic: `…/topics/{topic}/subscriptions/{subscription}`. */
const isOfEventReader = (scope: string): boolean => {
  const parts = scope.toLowerCase().split('/');
  return parts.some((part, index) => part === 'topics' && parts[index + 2] === 'subscriptions');
};
