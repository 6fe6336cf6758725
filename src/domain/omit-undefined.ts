/** Builds records without undefined fields, as exact optional properties want them. Used everywhere. */

export type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Leaves out what is undefined, so that absent and undefined are one thing. */
export function omitUndefined<T extends object>(value: T): Defined<T> {
  const defined: Record<string, unknown> = {};
  // Asked for every row, answer and event: a list of pairs would take six times as long.
  for (const name in value) {
    const field = value[name];
    if (field !== undefined) defined[name] = field;
  }
  return defined as Defined<T>;
}
