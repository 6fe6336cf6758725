import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import * as z from 'zod/mini';
import type { HttpData, InvocationResponse } from './core.ts';
import type { Driver, HostContext, HostedFunction } from './driver.ts';
import { HostStartError, textOf } from './errors.ts';
import { type Body, bodyLimit, readBody } from './http-body.ts';
import { parseRoute, type Route } from './http-route.ts';
import { setting } from './settings.ts';

const options = z.object({
  route: z.optional(z.string()),
  methods: z._default(z.array(z.string()), ['GET', 'POST']),
  authLevel: z._default(z.enum(['anonymous', 'function', 'admin']), 'anonymous'),
});

interface Endpoint {
  readonly fn: HostedFunction;
  readonly route: Route;
  readonly methods: readonly string[];
  readonly open: boolean;
}

/**
 * HTTP triggers on a free port of 127.0.0.1. As in Azure: a wrong method is a 404, a wrong key a 401 without a body, a handler that
 * throws a 500 without one. `LOCAL_FUNCTION_KEY` is the key; without it every door is open, as with `func start`.
 */
export const httpDriver: Driver = (functions, context) => {
  const endpoints = functions.map((fn) => prepare(fn, context));
  const key = setting(context.env, 'LOCAL_FUNCTION_KEY');
  const inFlight = new Set<Promise<void>>();
  const server = createServer((request, response) => {
    const answer = serve(endpoints, key, context, request, response)
      .catch((error: unknown) => {
        context.log('error', 'Host.Http', textOf(error));
        response.destroy();
      })
      .finally(() => inFlight.delete(answer));
    inFlight.add(answer);
  });
  return {
    start: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(0, '127.0.0.1', resolve);
      }),
    address: () => {
      const address = server.address();
      return typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : undefined;
    },
    drain: async () => {
      server.close();
      while (inFlight.size > 0) await Promise.all(inFlight);
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
};

function prepare(fn: HostedFunction, { hostJson }: HostContext): Endpoint {
  const where = `Function "${fn.name}"`;
  const parsed = options.safeParse(fn.trigger);
  if (!parsed.success) throw new HostStartError(`${where}: ${z.prettifyError(parsed.error)}`);
  const { route = fn.name, methods, authLevel } = parsed.data;
  return {
    fn,
    route: parseRoute(hostJson.routePrefix, route, where),
    methods: methods.map((method) => method.toUpperCase()),
    open: authLevel === 'anonymous',
  };
}

async function serve(
  endpoints: readonly Endpoint[],
  key: string | undefined,
  { env, log }: HostContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', `http://${request.headers.host ?? '127.0.0.1'}`);
  const method = request.method ?? 'GET';
  const found = find(endpoints, method, url.pathname);
  if (found === undefined) return refuse(response, 404);
  const given = request.headers['x-functions-key'] ?? url.searchParams.get('code') ?? '';
  if (!found.endpoint.open && key !== undefined && !isKey(String(given), key)) return refuse(response, 401);
  const body = await readBody(request, bodyLimit(env));
  if (body === 'too-large') return refuse(response, 413);
  let answer: InvocationResponse;
  try {
    answer = await found.endpoint.fn.run({
      data: { http: requestData(request, url, method, found.params, body) },
      metadata: {},
      traceParent: headerOf(request, 'traceparent'),
      traceState: headerOf(request, 'tracestate'),
    });
  } catch (error) {
    log('error', `Function.${found.endpoint.fn.name}`, `failed: ${textOf(error)}`);
    return refuse(response, 500);
  }
  write(response, answer.returnValue?.http, method === 'HEAD');
}

function find(endpoints: readonly Endpoint[], method: string, path: string) {
  for (const endpoint of endpoints) {
    const params = endpoint.methods.includes(method) ? endpoint.route(path) : undefined;
    if (params !== undefined) return { endpoint, params };
  }
  return undefined;
}

/** Without a body, as the host does it. What was not read of the request is thrown away as it comes. */
function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-length': 0 }).end();
}

/** Compares in a time that tells nothing of the key. */
function isKey(given: string, key: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(key));
}

const headerOf = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
};

const nullable = (pairs: Iterable<readonly [string, string]>): Record<string, { value: string }> =>
  Object.fromEntries([...pairs].map(([name, value]) => [name, { value }]));

/** Headers without a value are left out, and query values of one name are joined: so does the host for this worker. */
function requestData(
  request: IncomingMessage,
  url: URL,
  method: string,
  params: Readonly<Record<string, string>>,
  body: Body,
): HttpData {
  const headers = Object.keys(request.headers).flatMap((name): [string, string][] => {
    const value = headerOf(request, name);
    return value === undefined || value === '' ? [] : [[name, value]];
  });
  const names = [...new Set(url.searchParams.keys())];
  const query = names.map((name): [string, string] => [name, url.searchParams.getAll(name).join(',')]);
  return {
    method,
    url: url.href,
    nullableHeaders: nullable(headers),
    nullableQuery: nullable(query),
    nullableParams: nullable(Object.entries(params)),
    ...(body.length === 0 ? {} : { body: { bytes: body } }),
  };
}

/** Nothing returned is a 204. */
function write(response: ServerResponse, http: HttpData | undefined, headOnly: boolean): void {
  if (http === undefined) {
    response.writeHead(204).end();
    return;
  }
  const status = Number(http.statusCode ?? 200);
  const body = Buffer.from(http.body?.bytes ?? []);
  const bodyless = [204, 205, 304].includes(status);
  response.writeHead(status, {
    ...http.headers,
    ...(bodyless ? {} : { 'content-length': body.length }),
  });
  response.end(headOnly || bodyless ? undefined : body);
}
