import {
  type CartAttention,
  type RejectedMessage,
  unreadableCode,
} from '../../domain/checkout/attention-row.ts';
import { omitUndefined } from '../../domain/omit-undefined.ts';
import { cutText } from '../../domain/text.ts';
import type { Attention } from '../../ports/attention.ts';
import type { Properties, Row, Table } from '../../ports/table.ts';
import { Unavailable } from '../../ports/unavailable.ts';
import { maxRowBytes, splitBytes, splitText, storedBytes } from './chunks.ts';
import { cartKey, keyPart } from './keys.ts';
import { column } from './record-rows.ts';
import { replaceIfDue } from './revisions.ts';
import { sha256 } from './shorten.ts';

/** Writers of one row at the same time are two or three, never this many. */
const maxRounds = 10;

/** `Attention` over the table of that name: partition `cart` with one row for each cart, partition `rejected`. */
export function attentionStore(table: Table): Attention {
  return {
    async write(row, when) {
      const { properties } = toCartRow(row);
      const written = await replaceIfDue(table, 'cart', cartKey(row), row.revision, when, (stored) => ({
        ...properties,
        ...(when === 'anyway' ? { revision: revisionBefore(stored) } : {}),
        openedAt: openedAt(row, stored),
        ...keptWords(row, stored),
      }));
      return written !== undefined;
    },

    /** Where no row is, a closed one is left: a slower delivery must not open it for an older revision. */
    async close(key, revision, at, by) {
      const written = await replaceIfDue(table, 'cart', cartKey(key), revision, 'older', (stored) => ({
        customerId: key.customerId,
        cartId: key.cartId,
        version: 1,
        ...stored,
        revision,
        open: false,
        closedAt: at,
        closedBy: column(by),
      }));
      return written?.before?.['open'] === true;
    },

    async overtaken(key, words) {
      for (let round = 0; round < maxRounds; round++) {
        const stored = await table.get('cart', cartKey(key));
        if (stored === undefined || stored.properties['overtaken'] === column(words)) return;
        const row = { ...stored, properties: { ...stored.properties, overtaken: column(words) } };
        const written = await table.change({ kind: 'replace', row, etag: stored.etag });
        if (written.kind === 'done') return;
      }
      throw new Unavailable(
        'storage',
        `The attention row of cart ${key.cartId}, customer ${key.customerId}, kept changing: gave up after ${maxRounds} tries`,
      );
    },

    async reject(message) {
      // Refused as `exists`: the same message was here before.
      await table.change({ kind: 'insert', row: toRejectedRow(message) });
    },
  };
}

/** A question that is asked again is of the same revision: what was said about it stays. */
function keptWords(row: CartAttention, stored: Properties | undefined): Properties {
  const words = stored?.['overtaken'];
  return stored?.['revision'] === row.revision && typeof words === 'string' ? { overtaken: words } : {};
}

const revisionBefore = (stored: Properties | undefined): number => {
  const revision = stored?.['revision'];
  // Asked before, it is as it was: not one less at every look.
  if (stored?.['code'] === unreadableCode) return typeof revision === 'number' ? revision : 0;
  return typeof revision === 'number' ? Math.max(0, revision - 1) : 0;
};

/** A question that is asked at every look keeps the time when it was first asked. */
function openedAt(row: CartAttention, stored: Properties | undefined): number {
  const before = stored?.['openedAt'];
  const same = stored?.['open'] === true && stored['kind'] === row.kind;
  return same && typeof before === 'number' ? before : row.at;
}

function toCartRow(row: CartAttention): { readonly properties: Properties } {
  const { reason } = row;
  return {
    properties: omitUndefined({
      version: 1,
      customerId: row.customerId,
      cartId: row.cartId,
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
