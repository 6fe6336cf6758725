import { HostStartError } from './errors.ts';

/** The parameters of a path that fits, as the worker gets them; undefined: another route's path. */
export type Route = (path: string) => Readonly<Record<string, string>> | undefined;

/**
 * A route as the host knows it: ASP.NET's templates, in any case. Of those the app uses literal segments and `{name}`;
 * what else they may hold is refused, so that a route never fits otherwise than in Azure.
 */
export function parseRoute(prefix: string, template: string, where: string): Route {
  const segments = [prefix, template]
    .flatMap((part) => part.split('/'))
    .filter((segment) => segment !== '')
    .map((segment) => readSegment(segment, where));
  return (path) => {
    const given = path.split('/').filter((segment) => segment !== '');
    if (given.length !== segments.length) return undefined;
    const params: Record<string, string> = {};
    for (const [index, segment] of segments.entries()) {
      const text = decoded(given[index] ?? '');
      if ('name' in segment) params[segment.name] = text;
      else if (segment.literal !== text.toLowerCase()) return undefined;
    }
    return params;
  };
}

type Segment = { readonly literal: string } | { readonly name: string };

function readSegment(segment: string, where: string): Segment {
  const name = /^\{([A-Za-z_][A-Za-z0-9_]*)\}$/.exec(segment)?.[1];
  if (name !== undefined) return { name };
  if (/[{}]/.test(segment))
    throw new HostStartError(`${where}: the local host knows {name} in a route, not "${segment}".`);
  return { literal: segment.toLowerCase() };
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
