/** Lets a person find a job in telemetry by the producer's reference, which may hold a name and so is never in telemetry itself. */
import { createHash } from 'node:crypto';

/** SHA-256 of the UTF-8 text in hex, as KQL's `hash_sha256` makes it. Undefined for a job without a reference. */
export const referenceHash = (reference: string | undefined): string | undefined =>
  reference === undefined ? undefined : createHash('sha256').update(reference).digest('hex');
