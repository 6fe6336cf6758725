/** How a record becomes a row of the table Checkouts, and back; its columns for people stand here. */

import * as z from 'zod/mini';
import type { CheckoutRecord } from '../../domain/checkout/record.ts';
import { isOrderJob } from '../../domain/message/job.ts';
import { type JobKey, jobKeyOf, jobKeyOfRow, recordKeyOf } from '../../domain/message/job-key.ts';
import { omitUndefined } from '../../domain/omit-undefined.ts';
import { cutText } from '../../domain/text.ts';
import { UnreadableRecord } from '../../ports/ledger.ts';
import type { Row, StoredRow } from '../../ports/table.ts';
import { joinText, maxRowBytes, splitText, storedBytes } from './chunks.ts';
import { keyPart } from './keys.ts';
import { recordSchema, recordVersion } from './record-schema.ts';
import { shortenRecord } from './shorten.ts';

/** Rows of records begin with `cart:` or `job:`; these are the bounds of all of them, and of the pointers among them. */
export const recordRange = { from: 'cart:', to: 'job:\uffff' } as const;
export const isRecordKey = (rowKey: string): boolean =>
  rowKey.startsWith('cart:') || rowKey.startsWith('job:');
export const recordKey = (jobKey: JobKey): string => keyPart('job', recordKeyOf(jobKey));

/** A column can be searched and read in the portal; what does not fit ends in `…`, the whole stands in `record`. */
const maxColumn = 2_000;
export const column = (text: string): string =>
  text.length <= maxColumn ? text.toWellFormed() : `${cutText(text, maxColumn)}…`;

/** The truth stands in `record`, as JSON; the columns beside it are for people and their queries. */
export function toRecordRow(record: CheckoutRecord, writeId: string): Row {
  const whole = JSON.stringify(record);
  const shortened = storedBytes(whole) > maxRowBytes ? shortenRecord(record, whole) : undefined;
  return {
    partition: keyPart('customerId', record.customerId),
    key: recordKey(record.jobKey),
    properties: omitUndefined({
      writeId,
      version: record.version,
      state: record.state,
      revision: record.revision,
      attempts: record.attempts,
      jobKey: record.jobKey,
      cartId: record.cartId,
      externalOrderId: isOrderJob(record.job) ? record.job.externalOrderId : undefined,
      lastSend: record.lastSend,
      nextTry: record.nextTry,
      leaseUntil: record.lease?.until,
      batchIds: column(record.batches.join(',')),
      reference: record.job.reference === undefined ? undefined : column(record.job.reference),
      code: record.reason === undefined ? undefined : column(record.reason.code),
      orderIds: column(record.orders.map((order) => order.id).join(',')),
      createdAt: record.createdAt,
      updatedAt: record.updatedAt,
      truncated: shortened === undefined ? undefined : true,
      wholeSize: shortened === undefined ? undefined : whole.length,
      wholeSha256: shortened?.sha256,
      ...splitText('record', shortened?.text ?? whole),
    }),
  };
}

/** Throws `UnreadableRecord`: nothing is guessed, a wrong guess could buy twice. */
export function fromRecordRow(row: StoredRow): CheckoutRecord {
  const key =
    jobKeyOfRow(row.partition, row.key) ??
    jobKeyOf({ customerId: row.partition, cartId: row.key.slice(row.key.indexOf(':') + 1) });
  const unreadable = (why: string) => new UnreadableRecord(key, why, false);
  const text = joinText('record', row.properties);
  // guard: Version: a newer record is left alone
  if (isNewer(row.properties['version'])) throw newer(key, row.properties['version']);
  if (text === undefined) throw unreadable('its column "record" is missing');
  const value = parse(text, unreadable);
  if (typeof value === 'object' && value !== null && 'version' in value && isNewer(value.version))
    throw newer(key, value.version);
  const parsed = z.safeParse(recordSchema, value);
  if (!parsed.success) throw unreadable(describeIssue(parsed.error));
  const record = parsed.data;
  const { customerId, job } = record;
  const jobKey = isOrderJob(job)
    ? jobKeyOf({ customerId, externalOrderId: job.externalOrderId })
    : jobKeyOf({ customerId, cartId: record.cartId ?? job.cartId });
  if (jobKey !== key) throw unreadable(`it is the record of job ${jobKey}: a row copied by hand?`);
  if (row.properties['state'] !== record.state)
    throw unreadable(
      `its column "state" says ${row.properties['state']}, its column "record" says ${record.state}`,
    );
  return { ...record, jobKey };
}

const isNewer = (version: unknown): boolean => typeof version === 'number' && version > recordVersion;
const newer = (key: JobKey, version: unknown) =>
  new UnreadableRecord(
    key,
    `version ${version} is newer than ${recordVersion}, which this program knows`,
    true,
  );

function parse(text: string, unreadable: (why: string) => UnreadableRecord): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unreadable('its column "record" is not JSON');
  }
}

function describeIssue(error: z.core.$ZodError): string {
  const issue = error.issues[0];
  return issue === undefined ? 'not a record' : `${issue.path.map(String).join('.')}: ${issue.message}`;
}
