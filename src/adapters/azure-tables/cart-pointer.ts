/** The row that leads from a cart which the worker made to the job that made it, so that no second job buys that cart. */

import { type JobKey, jobKeyOf, readJobKey, recordKeyOf } from '../../domain/message/job-key.ts';
import type { Row, StoredRow } from '../../ports/table.ts';
import { keyPart } from './keys.ts';

/**
 * A cart that the worker made has the row that a job with this very cart would have. It points to the job that made the cart, so a
 * message for the cart joins that job, and no second job can begin with it.
 */
const column = 'madeBy';

export const pointerKey = (customerId: string, cartId: string): string =>
  keyPart('job', recordKeyOf(jobKeyOf({ customerId, cartId })));

export const pointerRow = (customerId: string, cartId: string, jobKey: JobKey, writeId: string): Row => ({
  partition: keyPart('customerId', customerId),
  key: pointerKey(customerId, cartId),
  properties: { version: 1, writeId, [column]: jobKey },
});

/** The job that the row points to; undefined: it is no pointer. */
export const pointsTo = ({ properties }: StoredRow): JobKey | undefined => readJobKey(properties[column]);
