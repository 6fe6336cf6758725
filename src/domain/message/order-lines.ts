/** The order lines of a job's message: their shape, and how they are read. */

import * as z from 'zod/mini';
import { instantOf } from '../answer/instant.ts';
import { externalOrderIdPattern } from './job-key.ts';
import { guid, label, optional, text } from './message-fields.ts';

/**
 * The second shape of the message contract: a job that carries order lines in place of a cart. Its key is the customer and the producer's
 * own number. Source of the fields: Partner Center, "Create a cart", "Cart resources", and "Product resources".
 */
export const terms = ['P1M', 'P1Y', 'P3Y', 'none'] as const;
export const billings = ['monthly', 'annual', 'triennial', 'biennial', 'one_time', 'none'] as const;
export const segments = ['commercial', 'education', 'government', 'nonprofit'] as const;
export const badLineChoices = ['fail', 'drop'] as const;

/** Lines of a job: its cart is checked line by line, and its record holds them. */
export const maxLines = 100;
const maxQuantity = 1_000_000;
const maxContext = 10;

const matching = (what: string, pattern: RegExp, like: string) =>
  text(what).check(z.regex(pattern, { error: `${what} must be ${like}` }));

const oneOf = <const T extends readonly [string, ...string[]]>(what: string, words: T) =>
  z.enum(words, {
    error: ({ input }) =>
      input === undefined ? `${what} is missing` : `${what} must be one of ${words.join(', ')}`,
  });

const wholeFrom1 = (what: string, most: number) => {
  const error = `${what} must be a whole number from 1 to ${most}`;
  return z.int({ error }).check(z.minimum(1, error), z.maximum(most, error));
};

/** A date alone is the beginning of its day. */
export const withTime = (date: string): string => (date.includes('T') ? date : `${date}T00:00:00Z`);

export const orderLine = z.strictObject(
  {
    line: optional(wholeFrom1('line', 9_999)),
    product: matching(
      'product',
      /^[A-Za-z0-9]{12}$/,
      'a product id of 12 letters and digits, like CFQ7TTC0LH18 (an offer of the old catalogue needs a cart of your own)',
    ),
    sku: matching(
      'sku',
      /^[A-Za-z0-9]{4}$/,
      'a SKU id of 4 letters and digits, like 0001 (a spreadsheet may have eaten its zeros)',
    ),
    quantity: wholeFrom1('quantity', maxQuantity),
    term: oneOf('term', terms),
    billing: oneOf('billing', billings),
    segment: optional(oneOf('segment', segments)),
    availability: optional(
      matching('availability', /^[A-Za-z0-9]{12}$/, 'an availability id of 12 letters and digits'),
    ),
    promotionId: optional(
      matching(
        'promotionId',
        /^[A-Za-z0-9:_-]{1,64}$/,
        'a promotion id, like 39NFJQT1X0BX:0002:39NFJQT1Q5KN',
      ),
    ),
    reseller: optional(matching('reseller', /^[0-9]{4,12}$/, "the reseller's PartnerID of 4 to 12 digits")),
    endDate: optional(
      matching(
        'endDate',
        /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(T\d{2}:\d{2}:\d{2}(\.\d{1,7})?Z)?$/,
        'a date in UTC, like 2027-06-30 or 2027-06-30T23:59:59Z',
      ).check(
        z.refine(
          (value) => instantOf(withTime(value)) !== undefined,
          'endDate is no day or time of the calendar, or lies before the year 2000 (the year 0001 is an unset DateTime of .NET)',
        ),
      ),
    ),
    provisioningContext: optional(
      z
        .record(
          text('provisioningContext').check(z.minLength(1), z.maxLength(64)),
          label('provisioningContext'),
          {
            error:
              'provisioningContext must be an object of texts, with names of 1 to 64 characters, like {"scope": "shared"}',
          },
        )
        .check(
          z.refine(
            (context) => Object.keys(context).length <= maxContext,
            `provisioningContext has at most ${maxContext} fields`,
          ),
        ),
    ),
    friendlyName: optional(label('friendlyName')),
    attestation: optional(z.boolean({ error: 'attestation must be true or false' })),
  },
  { error: 'a line must be an object, like {"product": "CFQ7TTC0LH18", …}' },
);

/** Text, as money is no double. */
const amount = text('maxTotal').check(
  z.regex(/^\d{1,12}(\.\d{1,6})?$/, {
    error:
      'maxTotal must be an amount of 0 or more as text, like "1234.50", with a point and without a currency',
  }),
);

/** The fields of a job with lines, beside those that every job has. */
export const orderFields = {
  customerId: guid('customerId'),
  externalOrderId: text('externalOrderId').check(
    z.regex(externalOrderIdPattern, {
      error: 'externalOrderId must be 1 to 64 of A-Z a-z 0-9 . _ -, beginning with a letter or digit',
    }),
  ),
  lines: z
    .array(orderLine, {
      error: ({ input }) => (input === undefined ? 'lines is missing' : 'lines must be a list'),
    })
    .check(
      z.minLength(1, 'lines must have at least one line'),
      z.maxLength(maxLines, `lines has more than ${maxLines} lines: split the job`),
    ),
  maxTotal: optional(amount),
  currency: optional(
    matching('currency', /^[A-Z]{3}$/, 'an ISO 4217 code of three capital letters, like EUR'),
  ),
  onBadLine: optional(oneOf('onBadLine', badLineChoices)),
  partnerOnRecordAttestation: optional(
    z.boolean({ error: 'partnerOnRecordAttestation must be true or false' }),
  ),
};

/** One line that a producer wants, as the worker keeps it. */
export interface WantedLine {
  /** The producer's number of the line; counted from 1 where the message names none. */
  readonly line: number;
  /** In upper case, as `sku`. */
  readonly product: string;
  readonly sku: string;
  readonly quantity: number;
  /** `none`: the product has no term (perpetual software, the Azure plan). */
  readonly term: (typeof terms)[number];
  readonly billing: (typeof billings)[number];
  readonly segment: (typeof segments)[number];
  /** Only this availability will do. */
  readonly availability?: string;
  readonly promotionId?: string;
  readonly reseller?: string;
  /** UTC, with its time of day. */
  readonly endDate?: string;
  readonly provisioningContext?: Readonly<Record<string, string>>;
  readonly friendlyName?: string;
  readonly attestation?: boolean;
}

/** What a job with lines wants to buy: two messages of one number must agree on all of it. */
export interface WantedOrder {
  /** The producer's own number, as its first message wrote it. */
  readonly externalOrderId: string;
  readonly lines: readonly WantedLine[];
  /** A plain decimal; always beside `currency`. */
  readonly maxTotal?: string;
  readonly currency?: string;
  readonly onBadLine?: (typeof badLineChoices)[number];
  readonly partnerOnRecordAttestation?: boolean;
}

/** The same text for the same lines, ceiling and choices, whatever order the fields and lines were written in. */
export const orderContent = ({
  lines,
  maxTotal,
  currency,
  onBadLine,
  partnerOnRecordAttestation,
}: WantedOrder): string =>
  JSON.stringify([
    lines.toSorted((one, other) => one.line - other.line).map(sortedFields),
    maxTotal ?? null,
    currency ?? null,
    onBadLine ?? 'fail',
    partnerOnRecordAttestation ?? null,
  ]);

const sortedFields = (line: WantedLine): unknown =>
  Object.entries(line)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => [
      name,
      typeof value === 'object' ? Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)) : value,
    ]);
