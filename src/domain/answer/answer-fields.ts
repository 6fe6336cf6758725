/**
 * What the fields of Partner Center's answers are made of. The documentation and its samples spell keys in several ways, write
 * numbers as text and leave fields out: a field that is not what it should be counts as absent, unless its schema says otherwise.
 */
import * as z from 'zod/mini';
import { cutText } from '../text.ts';
import type { Decoded } from './exchange.ts';

/** Well-formed, whatever came: what is kept goes on into keys, headers and events. Empty text is absent. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value.toWellFormed() : undefined;

export const text = z.transform(textOf);
/** An id or a word; cut where it is longer than any of them, as a row of the ledger has to hold it. */
export const shortText = z.transform((value: unknown) => {
  const found = textOf(value);
  return found === undefined ? undefined : cutText(found, 1_000);
});
export const lowerCaseText = z.transform((value: unknown) => textOf(value)?.toLowerCase());

/** Numbers and text as one: error codes and ids come as both. */
export const code = z.transform((value: unknown) => {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  return typeof value === 'string' && value.trim() !== '' ? cutText(value.trim(), 64) : undefined;
});

export const number = z.transform((value: unknown) => {
  const found = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof found === 'number' && Number.isFinite(found) ? found : undefined;
});

/** Whatever it is; null is absent. */
export const anything = z.transform((value: unknown) => value ?? undefined);

/** A field without which the rest is worth nothing. `problem` says what is wrong with a value that `parse` answers `undefined` for. */
export const needed = <T>(parse: (value: unknown) => T | undefined, problem: (value: unknown) => string) =>
  z.transform((value: unknown, { issues }): T => {
    const found = parse(value);
    if (found !== undefined) return found;
    issues.push({ code: 'custom', message: problem(value), input: value });
    return z.NEVER;
  });

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** More spellings than the API has; a hostile answer has millions. */
const maxSpellings = 200;

/** Whose name in the shape a key is. Keys come again and again, so each spelling is compared once. */
function namesIn(shape: object): (key: string) => string | undefined {
  const names = new Map(Object.keys(shape).map((name) => [name.toLowerCase(), name]));
  const seen = new Map<string, string | undefined>();
  return (key) => {
    const known = seen.get(key);
    if (known !== undefined || seen.has(key)) return known;
    const name = names.get(key.toLowerCase());
    if (seen.size < maxSpellings) seen.set(key, name);
    return name;
  };
}

/** An object, whatever the case of its keys. Of two spellings of one key the last counts. */
export function fields<Shape extends Readonly<Record<string, z.ZodMiniType>>>(shape: Shape) {
  const names = namesIn(shape);
  const absent = Object.fromEntries(Object.keys(shape).map((name) => [name, undefined]));
  const byName = (value: unknown): Record<string, unknown> | undefined => {
    if (!isObject(value)) return undefined;
    // All objects of a shape have the same keys in the same order: V8 then reads them fast.
    const found: Record<string, unknown> = { ...absent };
    for (const key in value) {
      const name = names(key);
      if (name !== undefined) found[name] = value[key];
    }
    return found;
  };
  return z.pipe(
    needed(byName, () => 'is not an object'),
    z.object(shape),
  );
}

/** What counts as absent where the schema cannot read it. */
export const part = <T>(schema: z.ZodMiniType<T>) =>
  z.transform((value: unknown) =>
    value === undefined || value === null ? undefined : schema.safeParse(value).data,
  );

/** An absent list is an empty one. The first entry that cannot be read ends it: a hostile list has millions of them. */
export const list = <Entry>(entry: z.ZodMiniType<Entry>) =>
  z.transform((value: unknown, { issues }): readonly Entry[] => {
    const entries = value ?? [];
    if (!Array.isArray(entries)) {
      issues.push({ code: 'custom', message: 'is not a list', input: value });
      return z.NEVER;
    }
    const read: Entry[] = [];
    for (const [index, found] of entries.entries()) {
      const { data, error } = entry.safeParse(found);
      if (error !== undefined) {
        const [issue] = error.issues;
        issues.push({
          code: 'custom',
          path: [index, ...(issue?.path ?? [])],
          message: issue?.message ?? 'cannot be read',
          input: found,
        });
        return z.NEVER;
      }
      read.push(data);
    }
    return read;
  });

const collection = fields({ items: anything, totalCount: number, links: anything });
const links = fields({ next: anything });

/** Why a list is only a part of what there is, as it says itself; undefined: it does not say so. */
export function whyIncomplete(json: unknown): string | undefined {
  const { items, totalCount: total = 0, links: further } = collection.safeParse(json).data ?? {};
  const count = Array.isArray(items) ? items.length : 0;
  // guard: Evidence: a list that names a larger total is no list
  if (total > count) return `the list has ${count} of ${total} entries`;
  // guard: Evidence: a list that names a next page is no list
  if (links.safeParse(further).data?.next !== undefined) return 'the list goes on at another address';
  return undefined;
}

/** Undefined when the text is no JSON. One BOM in front is taken off: the API has been seen to send it. */
export function parseJson(body: string): unknown {
  try {
    return JSON.parse(body.startsWith('\uFEFF') ? body.slice(1) : body);
  } catch {
    return undefined;
  }
}

/** What `parseJson` found, as the schema reads it; else the first thing that is wrong, with its place. */
export function read<T>(schema: z.ZodMiniType<T>, value: unknown): Decoded<T> {
  const { data, error } = schema.safeParse(value);
  if (error === undefined) return { ok: true, value: data };
  const [issue] = error.issues;
  const place = (issue?.path ?? [])
    .map((part, index) =>
      typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`,
    )
    .join('');
  return { ok: false, why: `${place === '' ? 'the body' : place} ${issue?.message ?? 'cannot be read'}` };
}
