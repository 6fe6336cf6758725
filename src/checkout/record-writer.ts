import type { CheckoutRecord } from '../domain/checkout/record.ts';
import type { LeasedRecord } from '../domain/checkout/send-fence.ts';
import { omitUndefined } from '../domain/omit-undefined.ts';
import type { Run } from './run.ts';

/** Writes one record, again and again, with the ETag of its own last write. */
export interface RecordWriter {
  /** The record as it was read or written last. */
  record(): CheckoutRecord;
  /** Undefined: the record is somebody else's now. */
  write(change: (record: CheckoutRecord) => CheckoutRecord): Promise<CheckoutRecord | undefined>;
}

/**
 * Writes as long as this run has its lease: after a conflict (a message was merged, say) it reads and writes again. What the run
 * learned, and no write has kept yet, outlives a conflict.
 */
export function whileMine(run: Run, leased: LeasedRecord): RecordWriter {
  const { ledger, random } = run.deps;
  let current = leased;
  return {
    record: () => current.record,
    async write(change) {
      const learned = learnedBy(current.record);
      for (;;) {
        const next = change(current.record);
        const written = await ledger.replace(next, current.etag, random.guid());
        if (written.kind === 'written') {
          current = { record: next, etag: written.etag, leaseId: leased.leaseId };
          run.leased = current;
          return next;
        }
        const found = await ledger.read(current.record.jobKey);
        if (found?.value.lease?.id !== leased.leaseId) return undefined;
        current = { record: withLearned(found.value, learned), etag: found.etag, leaseId: leased.leaseId };
      }
    },
  };
}

/** One If-Match write of a record that nobody has claimed; an insert where there is none. */
export function unleasedWriter(run: Run, record: CheckoutRecord, etag: string | undefined): RecordWriter {
  const { ledger, random } = run.deps;
  let current = record;
  let tag = etag;
  return {
    record: () => current,
    async write(change) {
      const next = change(current);
      const writeId = random.guid();
      const written =
        tag === undefined ? await ledger.insert(next, writeId) : await ledger.replace(next, tag, writeId);
      if (written.kind === 'conflict') return undefined;
      current = next;
      tag = written.etag;
      return next;
    },
  };
}

/** What a run learned, and no ledger write has kept yet. */
export const learnedBy = ({
  history,
  groups,
  repeated,
  requestId,
  goneSince,
  boughtAgain,
  badLines,
}: CheckoutRecord) =>
  omitUndefined({ history, groups, repeated, requestId, goneSince, boughtAgain, badLines });

/** A cart that was read again is not gone, whatever the record says. */
export function withLearned(found: CheckoutRecord, learned: ReturnType<typeof learnedBy>): CheckoutRecord {
  const { goneSince: _, ...record } = found;
  return { ...record, ...learned };
}
