/** Reads what an error says, whoever wrote it: the API, its gateway, Azure or ASP.NET. */
import type * as z from 'zod/mini';
import { cutText } from '../text.ts';
import { anything, code, fields, parseJson, text, textOf } from './answer-fields.ts';
import type { ApiError } from './exchange.ts';

const maxDescription = 1024;
/** Of a body that says nothing where a reason is looked for. */
const maxExcerpt = 200;
/** An error in an error in an error says no more than its first three. */
const maxNested = 3;

/**
 * The API says `code` and `description`, gateways `statusCode` and `message`, Azure `error.code` and `error.message`, ASP.NET
 * `title` and `detail`.
 */
export const errorShape = {
  code,
  errorCode: code,
  description: text,
  message: text,
  errorMessage: text,
  error_description: text,
  title: text,
  detail: text,
  error: anything,
};
const errorFields = fields(errorShape);

/** An error whose description is '' says nothing in words. */
export function toError(found: z.output<typeof errorFields>, nested = 0): ApiError {
  const isObject = typeof found.error === 'object' && nested < maxNested;
  const inner = isObject ? errorFields.safeParse(found.error).data : undefined;
  const innerError = inner === undefined ? undefined : toError(inner, nested + 1);
  const { title, detail } = found;
  const description =
    found.description ??
    found.message ??
    found.errorMessage ??
    found.error_description ??
    (innerError?.description || undefined) ??
    textOf(found.error) ??
    [title, detail].filter((part) => part !== undefined).join(': ');
  return {
    code: found.code ?? found.errorCode ?? innerError?.code,
    description: cutText(description, maxDescription),
  };
}

/** Of what `parseJson` found. */
export function errorIn(value: unknown): ApiError {
  const { data } = errorFields.safeParse(value);
  return data === undefined ? { code: undefined, description: '' } : toError(data);
}

/** Of a body in no known shape the beginning is kept: it may be all that a person has to go by. */
export function decodeError(body: string): ApiError {
  const { code: found, description } = errorIn(parseJson(body));
  return { code: found, description: description === '' ? excerptOf(body) : description };
}

const excerptOf = (body: string): string =>
  cutText(
    body
      .slice(0, 4 * maxExcerpt)
      .replaceAll(/[\s\p{Cc}]+/gu, ' ')
      .trim(),
    maxExcerpt,
  );

const signs = fields({
  code: anything,
  description: anything,
  message: anything,
  error: anything,
  errorCode: anything,
  errorMessage: anything,
  title: anything,
});

/** Whether an error was written by the API or its gateway, as opposed to a page that something in between made up. */
export function isApiError(body: string | undefined): boolean {
  const { data } = signs.safeParse(body === undefined ? undefined : parseJson(body));
  return data !== undefined && Object.values(data).some((sign) => sign !== undefined);
}
