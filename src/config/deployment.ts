/** Reads what `azd env get-values` says of the deployment, beside the settings: for commands that look at the deployment itself. */
import * as z from 'zod/mini';
import type { Environment } from './config.ts';

const outputs = z.object({
  AZURE_SUBSCRIPTION_ID: z.string(),
  AZURE_RESOURCE_GROUP: z.string(),
  AZURE_RESOURCE_MANAGER: z.url(),
  ROLE_ASSIGNMENTS: z.string().check(z.minLength(1)),
});

export interface Deployment {
  /** Azure Resource Manager of its cloud. */
  readonly endpoint: string;
  /** Path of the resource group. */
  readonly group: string;
  /** Names of the role assignments that the parameters ask for. */
  readonly roleAssignments: readonly string[];
}

/** Undefined: these settings come from no deployment. Missing: the names of the outputs that a deployment should have left. */
export function decodeDeployment(
  env: Environment,
): Deployment | { readonly missing: readonly string[] } | undefined {
  if (!env['AZURE_RESOURCE_GROUP']) return undefined;
  const { data, error } = outputs.safeParse(env);
  if (error !== undefined) return { missing: error.issues.map(({ path }) => path.join('.')) };
  return {
    endpoint: data.AZURE_RESOURCE_MANAGER,
    group: groupPath(data.AZURE_SUBSCRIPTION_ID, data.AZURE_RESOURCE_GROUP),
    roleAssignments: data.ROLE_ASSIGNMENTS.split(','),
  };
}

export const groupPath = (subscription: string, group: string): string =>
  `/subscriptions/${subscription}/resourceGroups/${group}`;
