/** The kinds of fields that a job's message has, each with the sentence that refuses a wrong one. */

import * as z from 'zod/mini';

/** The kinds of fields that both shapes of the message contract have. */
export const text = (what: string) =>
  z
    .string({
      error: ({ input }) =>
        input === undefined
          ? `${what} is missing`
          : input === null
            ? `${what} is null: it must be text`
            : `${what} must be text`,
    })
    .check(z.refine((value) => value.isWellFormed(), `${what} holds half of a character (a lone surrogate)`));

/** Producers write null for what is not set: it counts as absent. */
export const optional = <T extends z.core.SomeType>(type: T) => z.optional(z.nullable(type));

export const guid = (what: string) =>
  text(what).check(
    z.regex(/^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/, {
      error: `${what} must be a GUID, like 7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10`,
    }),
  );

/** Long enough for a purchase order number or a name, short enough for a message property. */
const length = 'must have 1 to 256 characters';
export const label = (what: string) =>
  text(what).check(z.minLength(1, `${what} ${length}`), z.maxLength(256, `${what} ${length}`));
