/** Adapter: Azure Resource Manager, for commands that look at the deployment itself. */
import type { TokenCredential } from '@azure/identity';
import * as z from 'zod/mini';

/** Paths begin with `/subscriptions/`. Each call throws with status and answer. */
export interface ResourceManager {
  /** Every page of a list. */
  list(path: string, apiVersion: string): Promise<readonly unknown[]>;
  post(path: string, apiVersion: string): Promise<void>;
}

const page = z.object({ value: z.array(z.unknown()), nextLink: z.optional(z.nullable(z.string())) });

/** `endpoint`: of this cloud, like `https://management.azure.com/`. */
export function resourceManager(endpoint: string, credential: TokenCredential): ResourceManager {
  const ask = async (method: 'GET' | 'POST', address: URL): Promise<Response> => {
    const token = await credential.getToken(new URL('/.default', endpoint).href);
    const headers = { authorization: `Bearer ${token?.token ?? ''}` };
    const asked = `${method} ${address.origin}${address.pathname}`;
    const answer = await fetch(address, { method, headers, signal: AbortSignal.timeout(60_000) }).catch(
      (error: unknown) => {
        throw new Error(`${asked} got no answer: ${causeIn(error)}`, { cause: error });
      },
    );
    if (!answer.ok)
      throw new Error(`${asked} was answered with ${answer.status}: ${(await answer.text()).slice(0, 300)}`);
    return answer;
  };
  const addressOf = (path: string, apiVersion: string): URL => {
    const address = new URL(path, endpoint);
    address.searchParams.set('api-version', apiVersion);
    return address;
  };
  return {
    async list(path, apiVersion) {
      const found: unknown[] = [];
      let address: URL | undefined = addressOf(path, apiVersion);
      while (address !== undefined) {
        const { value, nextLink } = page.parse(await (await ask('GET', address)).json());
        found.push(...value);
        address = nextLink ? nextPage(nextLink, endpoint) : undefined;
      }
      return found;
    },
    post: async (path, apiVersion) => void (await ask('POST', addressOf(path, apiVersion))),
  };
}

/** The token goes nowhere but to the address that was named. */
function nextPage(link: string, endpoint: string): URL {
  const address = new URL(link, endpoint);
  if (address.origin !== new URL(endpoint).origin)
    throw new Error(`Azure Resource Manager names a next page at ${address.origin}, not at ${endpoint}`);
  return address;
}

/** `fetch` hides the reason in the cause. */
const causeIn = (error: unknown): string => {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return inner instanceof Error ? inner.message || inner.name : String(inner);
};
