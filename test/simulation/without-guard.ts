import type { Mutation } from './mutations.ts';

/** The source without the guard. Throws when a text to be replaced is not there exactly once: the list is out of date. */
export function withoutGuard(source: string, { name, file, find, replace, also = [] }: Mutation): string {
  let changed = source;
  for (const edit of [{ find, replace }, ...also]) {
    const parts = changed.split(edit.find);
    if (parts.length !== 2)
      throw new Error(
        `The mutation "${name}" no longer applies: "${edit.find}" is ${parts.length - 1} times in ${file}`,
      );
    changed = parts.join(edit.replace);
  }
  return changed;
}
