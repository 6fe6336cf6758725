/** The worker's side of the table Attention: opens and closes rows as results, questions and rejected messages ask for. */

import {
  type JobAttention,
  type RejectedMessage,
  unreadableCode,
} from '../../domain/checkout/attention-row.ts';
import { identityOf } from '../../domain/message/job-key.ts';
import { omitUndefined } from '../../domain/omit-undefined.ts';
import { cutText } from '../../domain/text.ts';
import type { Attention } from '../../ports/attention.ts';
import type { Properties, Row, Table } from '../../ports/table.ts';
import { maxRowBytes, splitBytes, splitText, storedBytes } from './chunks.ts';
import { keyPart } from './keys.ts';
import { showOpen } from './open-attention.ts';
import { column } from './record-rows.ts';
import { replaceIfDue } from './revisions.ts';
import { sha256 } from './shorten.ts';

/** `Attention` over the table of that name: partition `job` with one row for each job, partition
 * `rejected`, and partition `open`: the keys of the open rows by kind, so that counting them reads no closed row. */
export function attentionStore(table: Table): Attention {
  return {
    async write(row, when) {
      const { properties } = toJobRow(row);
      const written = await replaceIfDue(
        table,
        'job',
        keyPart('job', row.jobKey),
        row.revision,
        when,
        (stored) => ({
          ...properties,
          ...(when === 'anyway' ? { revision: revisionBefore(stored) } : {}),
          openedAt: openedAt(row, stored),
          ...takenOf(row, stored),
        }),
      );
      await showOpen(table, 'job', row.jobKey);
      return written !== undefined;
    },

    /** Where no row is, a closed one is left: a slower delivery must not open it for an older revision. */
    async close(jobKey, revision, at, by) {
      const written = await replaceIfDue(
        table,
        'job',
        keyPart('job', jobKey),
        revision,
        'older',
        (stored) => ({
          ...identityOf(jobKey),
          version: 1,
          ...stored,
          revision,
          open: false,
          closedAt: at,
          closedBy: column(by),
        }),
      );
      if (written?.before !== undefined) await showOpen(table, 'job', jobKey);
      return written?.before?.['open'] === true;
    },

    async reject(message) {
      // Refused as `exists`: the same message was here before.
      await table.change({ kind: 'insert', row: toRejectedRow(message) });
      // What a person discards was never open, and a person may delete no row.
      if (message.closedBy === undefined) await showOpen(table, 'rejected', message.key);
    },
  };
}

const revisionBefore = (stored: Properties | undefined): number => {
  const revision = stored?.['revision'];
  // Asked before, it is as it was: not one less at every look.
  if (stored?.['code'] === unreadableCode) return typeof revision === 'number' ? revision : 0;
  return typeof revision === 'number' ? Math.max(0, revision - 1) : 0;
};

/** Who works on it works on it still when the same is asked again. */
function takenOf(row: JobAttention, stored: Properties | undefined): Properties {
  const { takenBy, takenAt } = stored ?? {};
  return isSameQuestion(row, stored) ? omitUndefined({ takenBy, takenAt }) : {};
}

/** A question that is asked at every look keeps the time when it was first asked. */
function openedAt(row: JobAttention, stored: Properties | undefined): number {
  const before = stored?.['openedAt'];
  return isSameQuestion(row, stored) && typeof before === 'number' ? before : row.at;
}

const isSameQuestion = (row: JobAttention, stored: Properties | undefined): boolean =>
  row.open && stored?.['open'] === true && stored['kind'] === row.kind;

function toJobRow(row: JobAttention): { readonly properties: Properties } {
  const { reason } = row;
  return {
    properties: omitUndefined({
      version: 1,
      jobKey: row.jobKey,
      ...identityOf(row.jobKey),
      kind: row.kind,
      open: row.open,
      revision: row.revision,
      code: column(reason.code),
      description: column(reason.description),
      remedy: column(reason.remedy),
      status: reason.status,
      requestId: reason.requestId,
      correlationId: reason.correlationId,
      cv: reason.cv,
      batchIds: column(row.batchIds.join(',')),
      reference: row.reference === undefined ? undefined : column(row.reference),
      at: row.at,
      ...(row.evidence === undefined ? {} : toEvidence(row.evidence)),
    }),
  };
}

function toEvidence(evidence: string): Properties {
  if (storedBytes(evidence) <= maxRowBytes) return splitText('evidence', evidence);
  return {
    ...splitText('evidence', cutText(evidence, maxRowBytes / 4)),
    truncated: true,
    wholeSize: evidence.length,
    wholeSha256: sha256(evidence),
  };
}

/** Leaves room for the properties of the message beside its body. */
const maxBodyBytes = 700 * 1024;
const maxPropertiesLength = 64 * 1024;

function toRejectedRow(message: RejectedMessage): Row {
  const { body, properties } = message;
  const truncated = body.byteLength > maxBodyBytes || properties.length > maxPropertiesLength;
  return {
    partition: 'rejected',
    key: keyPart('rejected message', message.key),
    properties: omitUndefined({
      version: 1,
      kind: 'rejected',
      open: message.closedBy === undefined,
      ...(message.closedBy === undefined ? {} : { closedBy: column(message.closedBy), closedAt: message.at }),
      revision: 0,
      messageId: column(message.messageId),
      reason: column(message.reason),
      path: column(message.path),
      remedy: column(message.remedy),
      batchId: message.batchId,
      enqueuedAt: message.enqueuedAt,
      at: message.at,
      ...splitBytes('body', body.subarray(0, maxBodyBytes)),
      ...splitText('properties', cutText(properties, maxPropertiesLength)),
      ...(truncated ? { truncated, wholeSize: body.byteLength, wholeSha256: sha256(body) } : {}),
    }),
  };
}
