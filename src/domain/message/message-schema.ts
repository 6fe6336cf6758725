import * as z from 'zod/mini';
import { jobMessage } from './job.ts';

const descriptions: Readonly<Record<keyof typeof jobMessage.shape, string>> = {
  customerId: "The customer's tenant id at Partner Center. Case does not matter.",
  cartId:
    'The cart to check out. (customerId, cartId) is the key: a cart is bought once, however often it is sent.',
  batchId: 'The bulk run that this job belongs to.',
  batchSize:
    'How many lines the run has: distinct carts and lines that will be rejected. Needed for batch.finished.',
  reference:
    "The producer's own word for it, such as a purchase order number. Found again in events and rows.",
  notBefore: 'Not checked out before this instant.',
  notAfter: 'Never checked out after this instant: the job then ends as failed, code too-late.',
  requestedBy: 'Who or what asked for it.',
  correlationId: "The producer's own correlation id; repeated in the events.",
};

/** The body of a message as JSON Schema (draft 2020-12): the published contract, made from the decoder itself. */
export function messageSchema(): unknown {
  const { properties, ...schema } = z.toJSONSchema(jobMessage, { target: 'draft-2020-12' });
  return {
    $id: 'checkout-job.v1.schema.json',
    title: 'Checkout job, version 1',
    description: 'One cart to check out. Unknown fields are refused, so that a typo in notAfter cannot buy.',
    ...schema,
    properties: Object.fromEntries(
      Object.entries(descriptions).map(([name, description]) => [
        name,
        { description, ...Object(properties?.[name]) },
      ]),
    ),
  };
}
