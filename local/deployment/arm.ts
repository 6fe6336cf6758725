import { DefaultAzureCredential } from '@azure/identity';
import * as z from 'zod/mini';

/** Azure Resource Manager, as far as a deployment needs it. Paths begin with `/subscriptions/`. Each throws with status and answer. */
export interface Arm {
  get(path: string, apiVersion: string): Promise<unknown>;
  post(path: string, apiVersion: string): Promise<void>;
}

/** With the sign-in of `azd auth login` or `az login`. `endpoint`: of this cloud, like `https://management.azure.com/`. */
export function resourceManager(endpoint: string): Arm {
  const credential = new DefaultAzureCredential();
  const ask = async (method: 'GET' | 'POST', path: string, apiVersion: string): Promise<Response> => {
    const { token } = await credential.getToken(new URL('/.default', endpoint).href);
    const address = new URL(path, endpoint);
    address.searchParams.set('api-version', apiVersion);
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(address, { method, headers, signal: AbortSignal.timeout(60_000) });
    if (!answer.ok)
      throw new Error(
        `${method} ${address.pathname} was answered with ${answer.status}: ${(await answer.text()).slice(0, 300)}`,
      );
    return answer;
  };
  return {
    get: async (path, apiVersion) => (await ask('GET', path, apiVersion)).json(),
    post: async (path, apiVersion) => void (await ask('POST', path, apiVersion)),
  };
}

/** What the outputs of `infra/main.bicep` leave in the azd environment. */
const environment = z.object({
  AZURE_SUBSCRIPTION_ID: z.string(),
  AZURE_RESOURCE_GROUP: z.string(),
  AZURE_FUNCTION_NAME: z.string(),
  AZURE_RESOURCE_MANAGER: z.string(),
  WORKER_ADDRESS: z.string(),
  WORKER_IDENTITY_PRINCIPAL_ID: z.string(),
  OPERATORS_GROUP_ID: z._default(z.string(), ''),
  PRODUCER_PRINCIPAL_IDS: z._default(z.string(), ''),
});

export interface Deployed {
  readonly arm: Arm;
  /** Path of the resource group. */
  readonly group: string;
  /** Path of the function app. */
  readonly site: string;
  /** Address of the HTTP functions. */
  readonly address: string;
  /** Object ids of those whom the templates give a role. */
  readonly principals: readonly string[];
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
  const group = `/subscriptions/${AZURE_SUBSCRIPTION_ID}/resourceGroups/${AZURE_RESOURCE_GROUP}`;
  return {
    arm: resourceManager(parsed.data.AZURE_RESOURCE_MANAGER),
    group,
    site: `${group}/providers/Microsoft.Web/sites/${AZURE_FUNCTION_NAME}`,
    address: parsed.data.WORKER_ADDRESS,
    principals: [
      parsed.data.WORKER_IDENTITY_PRINCIPAL_ID,
      parsed.data.OPERATORS_GROUP_ID,
      ...parsed.data.PRODUCER_PRINCIPAL_IDS.split(','),
    ].filter((id) => id !== ''),
  };
}
