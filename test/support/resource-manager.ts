/** Azure Resource Manager's list of role assignments, a page at a time, for whoever brings a token. */
import { createServer } from 'node:http';
import { listen } from '../../local/azure/listen.ts';

interface Assignment {
  readonly name: string;
  readonly principalId: string;
  readonly scope: string;
}

export async function startResourceManager(
  pages: readonly (readonly Assignment[])[],
  refuses?: { readonly status: number; readonly body: string },
) {
  let endpoint = '';
  const server = createServer((request, response) => {
    const address = new URL(request.url ?? '/', endpoint);
    const isKnown =
      address.pathname.endsWith('/providers/Microsoft.Authorization/roleAssignments') &&
      request.headers.authorization?.startsWith('Bearer ') === true;
    const number = Number(address.searchParams.get('page') ?? 0);
    const next = new URL(address);
    next.searchParams.set('page', String(number + 1));
    const page = {
      value: (pages[number] ?? []).map(({ name, ...properties }) => ({
        name,
        properties: { ...properties, createdOn: '2026-11-30T08:00:00Z' },
      })),
      ...(number + 1 < pages.length ? { nextLink: next.href } : {}),
    };
    response.writeHead(refuses?.status ?? (isKnown ? 200 : 404), { 'Content-Type': 'application/json' });
    response.end(refuses?.body ?? JSON.stringify(page));
  });
  const { port, stop } = await listen(server);
  endpoint = `http://127.0.0.1:${port}/`;
  return { endpoint, stop };
}
