/** Port: who has which role in the deployment's resource group, for the operator. */

export interface RoleAssignment {
  /** A GUID. */
  readonly name: string;
  readonly principalId: string;
  /** Path of the role. */
  readonly roleDefinitionId: string;
  /** Path of the resource that it holds for, or of a group of resources. */
  readonly scope: string;
  /** Epoch ms. */
  readonly createdAt: number;
}

/** All that hold in the resource group: those on it, below it and above it. Throws with status and answer. */
export type ListRoleAssignments = () => Promise<readonly RoleAssignment[]>;
