/** The job that a message asks for, and its decoder with the path of each fault. Part of the first step. */

import * as z from 'zod/mini';
import { decimalText, readDecimal } from '../decimal.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { cutText } from '../text.ts';
import { bytesLookLike, notAnObject, textLooksLike } from './job-body.ts';
import { guid, label, optional, text } from './message-fields.ts';
import { orderFields, orderLine, type WantedLine, type WantedOrder, withTime } from './order-lines.ts';
import { repeatedField } from './repeated-field.ts';

/**
 * The message contract, version 1: the body of a message on the checkout queue, as its producer wrote it. It has two shapes: a job carries
 * a cart, and its key is (customerId, cartId); or it carries order lines, and its key is (customerId, externalOrderId).
 * `docs/message-contract.schema.json` is generated from it.
 */
/** Batch ids become table keys: no `/ \ # ?`, no control characters. */
const batchId = text('batchId').check(
  z.regex(/^[A-Za-z0-9][A-Za-z0-9._:@ +=-]{0,127}$/, {
    error: 'batchId must be 1 to 128 of A-Z a-z 0-9 . _ : @ + = - or space, beginning with a letter or digit',
  }),
);

/**
 * From 1970 on: the ledger keeps times as milliseconds since then. The year 1 is what .NET writes for a time that nobody set;
 * a cart is not bought, or dropped, for one.
 */
const instant = z.iso
  .datetime({
    offset: true,
    error: 'must be an ISO 8601 instant with a zone, like 2026-11-24T02:00:00Z',
  })
  .check(
    z.refine(
      (value) => Date.parse(value) >= 0,
      'is before 1970: leave the field out if there is no such time (the year 0001 is an unset DateTime of .NET)',
    ),
  );

const size = 'batchSize must be a whole number from 1 to 10000000';

/** What every job may have, whatever it carries. */
export const commonFields = {
  batchId: optional(batchId),
  batchSize: optional(z.int({ error: size }).check(z.minimum(1, size), z.maximum(10_000_000, size))),
  reference: optional(label('reference')),
  notBefore: optional(instant),
  notAfter: optional(instant),
  requestedBy: optional(label('requestedBy')),
  correlationId: optional(guid('correlationId')),
};

export const cartMessage = z.strictObject({
  customerId: guid('customerId'),
  cartId: guid('cartId'),
  ...commonFields,
});

export const orderMessage = z.strictObject({ ...orderFields, ...commonFields });

export interface CartKey {
  /** The customer's tenant id, a GUID in lower case. */
  readonly customerId: string;
  /** A GUID in lower case. */
  readonly cartId: string;
}

/** A batch id as people and programs write it. */
export function readBatchId(
  value: unknown,
):
  | { readonly ok: true; readonly batchId: string }
  | { readonly ok: false; readonly problems: readonly Problem[] } {
  const parsed = z.safeParse(batchId, value);
  if (parsed.success) return { ok: true, batchId: parsed.data };
  return {
    ok: false,
    problems: [{ path: 'batchId', reason: parsed.error.issues[0]?.message ?? 'no batch id' }],
  };
}

interface JobFields {
  /** The customer's tenant id, a GUID in lower case. */
  readonly customerId: string;
  readonly batchId?: string;
  readonly batchSize?: number;
  readonly reference?: string;
  /** Epoch ms. */
  readonly notBefore?: number;
  /** Epoch ms. */
  readonly notAfter?: number;
  readonly requestedBy?: string;
  readonly correlationId?: string;
}

/** A job that carries a cart which its producer made. */
export interface CartJob extends JobFields, CartKey {}

/** A job that carries order lines: the worker makes its cart. */
export interface OrderJob extends JobFields, WantedOrder {}

export type Job = CartJob | OrderJob;

export const isOrderJob = (job: Job): job is OrderJob => 'lines' in job;

export const rejectionKinds = ['empty', 'not-text', 'too-large', 'not-json', 'not-valid'] as const;

export interface Rejection {
  readonly kind: (typeof rejectionKinds)[number];
  /** The path of the field, like `notAfter` or `checkout-orders`; empty for the body as a whole. */
  readonly path: string;
  readonly reason: string;
  /** Readable though the rest is not: the rejected line counts for its batch. */
  readonly batchId?: string;
  readonly batchSize?: number;
  /** Its job is a line of that batch already, so this message is no other one. */
  readonly isKnownLine?: boolean;
}

export type DecodedJob =
  | { readonly ok: true; readonly job: Job }
  | { readonly ok: false; readonly rejection: Rejection };

/** A job is a few hundred bytes; whatever is larger is not one, and need not be parsed to know it. */
export const maxBodyBytes = 64 * 1024;

export function decodeJob(body: Uint8Array): DecodedJob {
  if (body.byteLength === 0) return reject('empty', '', 'the message has no body');
  if (body.byteLength > maxBodyBytes)
    return reject(
      'too-large',
      '',
      `the body has ${body.byteLength} bytes; a job has at most ${maxBodyBytes}`,
    );
  const read = readJson(body);
  return read.ok ? decodeJobValue(read.value) : reject(read.kind, read.path, read.reason);
}

export type ReadJson =
  | { readonly ok: true; readonly value: unknown }
  | ({
      readonly ok: false;
      readonly kind: Extract<Rejection['kind'], 'not-text' | 'not-json' | 'not-valid'>;
    } & Problem);

/** A body as a JSON value, or what it is instead. */
export function readJson(body: Uint8Array): ReadJson {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    const reason = `the body is not UTF-8 text${bytesLookLike(body)}`;
    return { ok: false, kind: 'not-text', path: '', reason };
  }
  try {
    const value: unknown = JSON.parse(text);
    const twice = fieldTwice(text);
    return twice === undefined ? { ok: true, value } : { ok: false, kind: 'not-valid', ...twice };
  } catch (error) {
    const why = error instanceof Error ? error.message.toWellFormed() : 'unreadable';
    const reason = `the body is not JSON${textLooksLike(text)}: ${why}`;
    return { ok: false, kind: 'not-json', path: '', reason };
  }
}

/** Which of the two values was meant, nobody knows, and one of them would buy. */
export function fieldTwice(json: string): Problem | undefined {
  const path = repeatedField(json);
  return path === undefined ? undefined : { path, reason: `the field "${path}" stands twice: write it once` };
}

export function decodeJobValue(value: unknown): DecodedJob {
  const checked = checkJob(value);
  if (checked.ok) return checked;
  // A field with a wrong name is the reason why the right one is missing: it comes first.
  const [{ path, reason } = { path: '', reason: 'not a valid job' }] = checked.problems;
  return reject('not-valid', path, reason, readableBatch(value));
}

/** What is wrong with one field; `path` is as in `Rejection`. */
export interface Problem {
  readonly path: string;
  readonly reason: string;
}

export type CheckedJob =
  | { readonly ok: true; readonly job: Job }
  /** All that is wrong, the unknown fields first. */
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** A job before it is sent, as a value: tells everything that the worker would refuse it for. */
export function checkJob(value: unknown): CheckedJob {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { ok: false, problems: [{ path: '', reason: notAnObject(value) }] };
  // guard: Lines: a job carries a cart or lines, never both
  if (isSet(value, 'cartId') && (isSet(value, 'lines') || isSet(value, 'externalOrderId')))
    return { ok: false, problems: [both] };
  return isSet(value, 'lines') || isSet(value, 'externalOrderId')
    ? checkOrderJob(withoutUnset(value, cartMessage.shape))
    : checkCartJob(withoutUnset(value, orderMessage.shape));
}

/** A producer with one class for both shapes writes null into the fields of the other one. */
const withoutUnset = (value: object, other: object): object =>
  Object.fromEntries(
    Object.entries(value).filter(([name, field]) => field !== null || !Object.hasOwn(other, name)),
  );

const both: Problem = {
  path: 'cartId',
  reason:
    'a job carries a cart (cartId) or lines (externalOrderId and lines), not both: leave out what is not meant',
};

const isSet = (value: object, name: string): boolean =>
  Object.entries(value).some(([key, field]) => key === name && field !== null && field !== undefined);

function checkCartJob(value: object): CheckedJob {
  const parsed = z.safeParse(cartMessage, value);
  if (!parsed.success) return { ok: false, problems: problemsOf(parsed.error.issues, cartMessage.shape) };
  const { notBefore, notAfter, customerId, cartId, ...rest } = withoutNulls(parsed.data);
  const times = { notBefore: toMs(notBefore), notAfter: toMs(notAfter) };
  const problems = problemsOfTimes(times);
  if (problems.length > 0) return { ok: false, problems };
  const ids = { customerId: customerId.toLowerCase(), cartId: cartId.toLowerCase() };
  return { ok: true, job: omitUndefined({ ...ids, ...rest, ...times }) };
}

function checkOrderJob(value: object): CheckedJob {
  const parsed = z.safeParse(orderMessage, value);
  if (!parsed.success) return { ok: false, problems: problemsOf(parsed.error.issues, orderMessage.shape) };
  const { notBefore, notAfter, customerId, lines: written, maxTotal, ...rest } = withoutNulls(parsed.data);
  const times = { notBefore: toMs(notBefore), notAfter: toMs(notAfter) };
  const lines = written.map((line, index) => wantedLine(withoutNulls(line), index));
  const problems = [
    ...problemsOfContext(value),
    ...problemsOfTimes(times),
    ...problemsOfLines(lines),
    ...problemsOfCeiling(maxTotal, rest.currency),
  ];
  if (problems.length > 0) return { ok: false, problems };
  const ceiling = maxTotal === undefined ? undefined : readDecimal(maxTotal);
  return {
    ok: true,
    job: omitUndefined({
      customerId: customerId.toLowerCase(),
      ...rest,
      lines,
      maxTotal: ceiling === undefined ? undefined : decimalText(ceiling),
      ...times,
    }),
  };
}

type WrittenLine = WithoutNulls<z.infer<typeof orderLine>>;

const wantedLine = ({ segment, endDate, ...line }: WrittenLine, index: number): WantedLine =>
  omitUndefined({
    ...line,
    line: line.line ?? index + 1,
    product: line.product.toUpperCase(),
    sku: line.sku.toUpperCase(),
    segment: segment ?? ('commercial' as const),
    availability: line.availability?.toUpperCase(),
    endDate: endDate === undefined ? undefined : withTime(endDate),
  });

function problemsOfTimes(times: {
  readonly notBefore: number | undefined;
  readonly notAfter: number | undefined;
}): readonly Problem[] {
  const isEmpty =
    times.notBefore !== undefined && times.notAfter !== undefined && times.notAfter <= times.notBefore;
  return isEmpty ? [{ path: 'notAfter', reason: 'notAfter must be later than notBefore' }] : [];
}

/** The schema drops this name in silence, and something else would be bought than the message says. */
const dropped = '__proto__';

function problemsOfContext(value: object): readonly Problem[] {
  const lines: unknown = 'lines' in value ? value.lines : [];
  return (Array.isArray(lines) ? lines : []).flatMap((line: unknown, index) => {
    const context = typeof line === 'object' && line !== null && 'provisioningContext' in line;
    return context && Object.hasOwn(Object(line.provisioningContext), dropped)
      ? [
          {
            path: `lines.${index}.provisioningContext.${dropped}`,
            reason: `${dropped} is no name that provisioningContext may hold`,
          },
        ]
      : [];
  });
}

/** Two lines of one number could not be told apart in the result. */
function problemsOfLines(lines: readonly WantedLine[]): readonly Problem[] {
  const seen = new Set<number>();
  return lines.flatMap(({ line }, index) => {
    const isTwice = seen.has(line);
    seen.add(line);
    return isTwice
      ? [{ path: `lines.${index}.line`, reason: `line ${line} is there twice: number the lines apart` }]
      : [];
  });
}

function problemsOfCeiling(maxTotal: string | undefined, currency: string | undefined): readonly Problem[] {
  if (maxTotal !== undefined && currency === undefined)
    return [{ path: 'currency', reason: 'currency is missing: maxTotal needs one, like EUR' }];
  if (maxTotal === undefined && currency !== undefined)
    return [{ path: 'maxTotal', reason: 'maxTotal is missing: currency is that of maxTotal' }];
  return [];
}

interface Issue {
  readonly code?: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
}

function problemsOf(issues: readonly unknown[], shape: object): readonly Problem[] {
  const all = (issues as readonly Issue[]).map((issue): { unknown: boolean; problems: Problem[] } => {
    const path = cutText(issue.path.map(String).join('.'), 256);
    if (issue.code !== 'unrecognized_keys')
      return { unknown: false, problems: [{ path, reason: issue.message }] };
    return {
      unknown: true,
      problems: (issue.keys ?? []).map((key) =>
        unknownField(path, cutText(key, 128), path === '' ? shape : orderLine.shape),
      ),
    };
  });
  return [...all.filter(({ unknown }) => unknown), ...all.filter(({ unknown }) => !unknown)].flatMap(
    ({ problems }) => problems,
  );
}

const unknownField = (path: string, name: string, shape: object): Problem => ({
  path: [path, name].filter((part) => part !== '').join('.'),
  reason: `unknown field "${name}": known are ${Object.keys(shape).join(', ')}`,
});

function readableBatch(value: unknown): NamedBatch {
  if (typeof value !== 'object' || value === null) return {};
  const named = z.safeParse(cartMessage.shape.batchId, 'batchId' in value ? value.batchId : undefined);
  const sized = z.safeParse(cartMessage.shape.batchSize, 'batchSize' in value ? value.batchSize : undefined);
  return { batchId: named.data ?? undefined, batchSize: sized.data ?? undefined };
}

interface NamedBatch {
  readonly batchId?: string | undefined;
  readonly batchSize?: number | undefined;
}

function reject(kind: Rejection['kind'], path: string, reason: string, batch: NamedBatch = {}): DecodedJob {
  const { batchId, batchSize } = batch;
  // The reason may quote the body, and be cut within a character.
  const words = { path: path.toWellFormed(), reason: reason.toWellFormed() };
  return { ok: false, rejection: omitUndefined({ kind, ...words, batchId, batchSize }) };
}

const toMs = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Date.parse(text);

type WithoutNulls<T> = { [K in keyof T]: Exclude<T[K], null> };

function withoutNulls<T extends object>(fields: T): WithoutNulls<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as WithoutNulls<T>;
}
