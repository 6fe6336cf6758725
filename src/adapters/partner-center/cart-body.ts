/** The JSON body with which a cart is created or replaced. */

import type { CartContent, ContentLine } from '../../domain/cart/cart-content.ts';
import { omitUndefined } from '../../domain/omit-undefined.ts';

/**
 * The body that creates or replaces a cart. Source: Partner Center, "Create a cart", "Cart resources". Lines are numbered 0 … n-1: by
 * that number alone the lines of the answer are matched to ours.
 */
export const cartBody = ({ lines, partnerOnRecordAttestation }: CartContent): string =>
  JSON.stringify(
    omitUndefined({
      lineItems: lines.map(lineItem),
      partnerOnRecordAttestationAccepted: partnerOnRecordAttestation,
    }),
  );

const lineItem = (line: ContentLine, id: number) =>
  omitUndefined({
    id,
    catalogItemId: line.catalogItemId,
    quantity: line.quantity,
    billingCycle: line.billing,
    termDuration: line.term === 'none' ? undefined : line.term,
    friendlyName: line.friendlyName,
    promotionId: line.promotionId,
    customTermEndDate: line.endDate,
    attestationAccepted: line.attestation,
    provisioningContext: line.provisioningContext,
    participants:
      line.reseller === undefined ? undefined : [{ key: 'transaction_reseller', value: line.reseller }],
  });
