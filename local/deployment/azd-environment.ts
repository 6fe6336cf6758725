import * as z from 'zod/mini';
import { azureIdentity } from '../../src/adapters/azure-tables/azure-identity.ts';
import {
  type ResourceManager,
  resourceManager,
} from '../../src/adapters/resource-manager/resource-manager.ts';
import { groupPath } from '../../src/config/deployment.ts';

/** What the outputs of `infra/main.bicep` leave in the azd environment. */
const environment = z.object({
  AZURE_SUBSCRIPTION_ID: z.string(),
  AZURE_RESOURCE_GROUP: z.string(),
  AZURE_FUNCTION_NAME: z.string(),
  AZURE_RESOURCE_MANAGER: z.string(),
  WORKER_ADDRESS: z.string(),
});

export interface Deployed {
  readonly manager: ResourceManager;
  /** Path of the resource group. */
  readonly group: string;
  /** Path of the function app. */
  readonly site: string;
  /** Address of the HTTP functions. */
  readonly address: string;
}

/** @throws Error that names the values that are missing */
export function deployed(env: Readonly<Record<string, string | undefined>>): Deployed {
  const parsed = environment.safeParse(env);
  if (!parsed.success) {
    const missing = parsed.error.issues.map(({ path }) => path.join('.')).join(', ');
    throw new Error(
      `The azd environment lacks ${missing}. Run it as an azd hook, or name the file that \`azd env get-values\` wrote; \`azd env refresh\` reads the outputs of a deployment.`,
    );
  }
  const { AZURE_SUBSCRIPTION_ID, AZURE_RESOURCE_GROUP, AZURE_FUNCTION_NAME } = parsed.data;
  const group = groupPath(AZURE_SUBSCRIPTION_ID, AZURE_RESOURCE_GROUP);
  return {
    // The sign-in of `azd auth login` or `az login`.
    manager: resourceManager(parsed.data.AZURE_RESOURCE_MANAGER, azureIdentity(undefined)),
    group,
    site: `${group}/providers/Microsoft.Web/sites/${AZURE_FUNCTION_NAME}`,
    address: parsed.data.WORKER_ADDRESS,
  };
}
