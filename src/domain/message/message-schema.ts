/** The JSON Schema of a job message for producers, made from the schema that the first step decodes with. */

import * as z from 'zod/mini';
import { cartMessage, orderMessage } from './job.ts';
import { maxLines, orderLine } from './order-lines.ts';

type Descriptions<Shape> = Readonly<Record<keyof Shape, string>>;

const common = {
  customerId: "The customer's tenant id at Partner Center. Case does not matter.",
  batchId: 'The bulk run that this job belongs to.',
  batchSize:
    'How many lines the run has: distinct carts and lines that will be rejected. Needed for batch.finished.',
  reference:
    "The producer's own word for it, such as a purchase order number. Found again in events and rows.",
  notBefore: 'Not checked out before this instant.',
  notAfter: 'Never checked out after this instant: the job then ends as failed, code too-late.',
  requestedBy: 'Who or what asked for it.',
  correlationId: "The producer's own correlation id; repeated in the events.",
} as const;

const ofCart: Descriptions<typeof cartMessage.shape> = {
  ...common,
  cartId:
    'The cart to check out. (customerId, cartId) is the key: a cart is bought once, however often it is sent.',
};

const ofOrder: Descriptions<typeof orderMessage.shape> = {
  ...common,
  externalOrderId:
    'Your own number of the order. (customerId, externalOrderId) is the key: its lines are bought once, however often it is sent. Case does not matter.',
  lines: `What to buy: 1 to ${maxLines} lines. The worker makes the cart.`,
  maxTotal:
    'The most that the whole cart may cost, as the sum of the extended prices of its lines. Needs currency.',
  currency: 'The currency of maxTotal.',
  onBadLine:
    'What a line that cannot be bought does: fail (the default) fails the whole job before anything is bought, drop buys the good lines.',
  partnerOnRecordAttestation:
    'Sent as partnerOnRecordAttestationAccepted: you attest your role towards the reseller, as "Create a cart" says it.',
};

const ofLine: Descriptions<typeof orderLine.shape> = {
  line: 'Your number of the line; 1, 2, … when absent. Results name it.',
  product: 'The product id.',
  sku: 'The SKU id, with its zeros.',
  quantity: 'A line always starts a new subscription. It never adds seats to one.',
  term: 'The length of the term; none for a product without one (perpetual software, the Azure plan).',
  billing: 'How often it is billed.',
  segment: 'commercial when absent.',
  availability: 'Only this availability; the worker looks it up when absent.',
  promotionId: 'A promotion to ask for. Others join by themselves.',
  reseller: 'PartnerID of the indirect reseller.',
  endDate: 'The custom end of the term, UTC.',
  provisioningContext: 'What the SKU asks for, like scope and subscriptionId of a reservation.',
  friendlyName: 'Shown as the name of the subscription.',
  attestation: 'You accept the attestation that the SKU asks for.',
};

/** The body of a message as JSON Schema (draft 2020-12): the published contract, made from the decoder itself. */
export function messageSchema(): unknown {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'checkout-job.v1.schema.json',
    title: 'Checkout job, version 1',
    description:
      'One cart to check out, or the order lines of one. Unknown fields are refused, so that a typo in notAfter cannot buy.',
    oneOf: [cartSchema(), orderSchema()],
  };
}

const cartSchema = (): unknown => ({
  title: 'A job that carries a cart',
  ...described(z.toJSONSchema(cartMessage, { target: 'draft-2020-12' }), ofCart),
});

function orderSchema(): unknown {
  const schema = described(z.toJSONSchema(orderMessage, { target: 'draft-2020-12' }), ofOrder);
  const line = described(z.toJSONSchema(orderLine, { target: 'draft-2020-12' }), ofLine);
  const { properties } = schema;
  return {
    title: 'A job that carries order lines',
    ...schema,
    properties: { ...properties, lines: { ...properties['lines'], items: line } },
    dependentRequired: { maxTotal: ['currency'], currency: ['maxTotal'] },
  };
}

function described(
  { $schema: _, properties, ...schema }: z.core.JSONSchema.BaseSchema,
  descriptions: Readonly<Record<string, string>>,
) {
  const named: Record<string, object> = {};
  for (const [name, description] of Object.entries(descriptions))
    named[name] = { description, ...Object(properties?.[name]) };
  return { ...schema, properties: named };
}
