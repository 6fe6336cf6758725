/** The codes of Partner Center and what the worker does about each. Only `api-errors.ts` reads it. */

/**
 * What the worker does about an answer of the checkout call:
 * - `already-done`: the cart was submitted earlier; find out, never buy again.
 * - `in-progress`: it is being made now; unresolved, look again in minutes.
 * - `slow`: a review or the like; wait hours to days.
 * - `unknown`: it may have been executed.
 * - `throttled`: not executed; wait for Retry-After.
 * - `renew-token` / `credential`: not executed; renew the token once / close the gate, a person must act.
 * - `permanent`: refused for good; `reconcileFirst` asks for evidence before that.
 * - `person`: refused until a person has done what it names, such as attaching a document; the job is held and tried again.
 * - `partner-wide`: refused for every job of this partner.
 * - `stale-item`: an availability is gone; a job with lines looks it up anew, after evidence.
 */
export type Action =
  | 'already-done'
  | 'in-progress'
  | 'slow'
  | 'unknown'
  | 'throttled'
  | 'renew-token'
  | 'credential'
  | 'permanent'
  | 'person'
  | 'partner-wide'
  | 'stale-item';

/**
 * HTTP status, API code (null: none that is listed), what the worker does, what it means, the remedy in one sentence. `new-cart`: the
 * same cart would be refused again, so a retry is of no use.
 * Sources: Partner Center developer documentation, "Partner Center REST error codes" (2021 and 2026), and public reports for
 * the 9002xx to 9004xx. The documentation names no classes of retry: the actions are this program’s reading of the words.
 */
// biome-ignore format: a table reads best with one row a line
export const errorCodeTable: readonly (readonly [number, number | null, Action, string, string, 'new-cart'?])[] = [
  [501, 0, 'permanent', 'not implemented / undefined fault', 'Report it to Microsoft support with the correlation id; the API does not implement this for the cart.'],
  [401, 400, 'renew-token', 'access denied: renew the token once', 'Check that the app registration and its secret or certificate are valid; the gate opens as soon as a token works.'],
  [404, 1000, 'permanent', 'not found, generic', 'Check the customer id and the cart id in Partner Center; prepare a new cart if this one is gone.', 'new-cart'],
  [400, 2002, 'permanent', 'quantity outside the allowed range', 'Prepare a new cart with a quantity within the range that the offer allows.', 'new-cart'],
  [400, 2006, 'permanent', 'updates of subscriptions of this offer not allowed', 'Change the subscription in Partner Center instead: this offer does not allow it through a cart.'],
  [403, 2006, 'permanent', 'partner not valid for the offer', 'Choose an offer that your partner type may sell, and prepare a new cart.', 'new-cart'],
  [403, 2030, 'partner-wide', 'partner not set up to sell in this country', "Onboard your partner account for the customer's country in Partner Center, then retry."],
  [403, 2032, 'credential', 'access denied', 'Check that the app registration is enabled for the Partner Center API of this partner tenant.'],
  [400, 2071, 'permanent', 'partner id (MPN) is not a valid advisor', 'Correct the partner id on record in the cart: it is not a valid advisor.'],
  [404, 2072, 'permanent', "indirect provider's partner id not valid as partner on record", "Correct the partner id on record in the cart: the indirect provider's own id is not allowed there."],
  [403, 2085, 'permanent', 'offer not eligible for purchase', 'Choose another offer: this one cannot be bought for the customer.'],
  [403, 2091, 'permanent', 'offer no longer on sale', "Choose the offer's successor: this one is no longer on sale."],
  [400, 2100, 'permanent', 'item belongs to the products and SKUs APIs, not to offers', 'Prepare the cart from the products and SKUs catalogue: the line names an item of the offers catalogue.'],
  [400, 3000, 'permanent', 'property not valid', "Compare the cart's lines with the description and prepare a new cart.", 'new-cart'],
  [400, 4018, 'permanent', 'this order cannot be processed', 'Look at the order history of the customer; if nothing was bought, prepare a new cart or ask Microsoft support.', 'new-cart'],
  [403, 13605, 'permanent', "customer's acceptance of the Microsoft Customer Agreement is missing", 'Have the customer accept the Microsoft Customer Agreement (or confirm it in Partner Center), then retry.'],
  [404, 20000, 'permanent', 'order id not found (list lag up to 15 minutes after checkout)', 'Look for the order in Partner Center: it can take 15 minutes to show.'],
  [403, 20002, 'permanent', 'no commerce relationship between partner and customer', 'Restore the reseller relationship with the customer, then retry.'],
  [400, 27006, 'permanent', 'use limit of the offer exceeded', "The offer's use limit is reached: choose another offer or ask Microsoft support to raise it."],
  [400, 27007, 'permanent', 'promotion code not valid', 'Remove or correct the promotion code in a new cart.', 'new-cart'],
  [404, 60003, 'permanent', 'tenant not found', "Check the customer's tenant id: Partner Center does not know it."],
  [403, 90000, 'credential', 'Microsoft Entra refused to issue a token', "Check the app registration's permissions and consent in Microsoft Entra: it refuses to issue a token."],
  [400, 400056, 'permanent', 'input not valid', "Compare the cart's lines with the description and prepare a new cart.", 'new-cart'],
  [404, 400013, 'permanent', 'product not found in this market', 'Correct the product of the line: it is not sold in the market of this customer.'],
  [404, 400018, 'permanent', 'SKU not found in this market', 'Correct product and sku of the line: they are not sold in the market of this customer.'],
  [404, 400019, 'stale-item', 'availability gone: the catalogue has issued another one', 'If the job has lines, the worker looks up the new availability once. If you made the cart, create a new one with the current availability.', 'new-cart'],
  [200, 400072, 'permanent', 'item not available', 'The item is not available: choose another one and prepare a new cart.', 'new-cart'],
  [401, 800001, 'renew-token', 'partner token missing from the request context: renew once', 'Check the credential of the app registration; the gate opens as soon as a token works.'],
  [400, 800002, 'permanent', 'request input not valid', "Compare the cart's lines with the description and prepare a new cart.", 'new-cart'],
  [500, 800003, 'unknown', 'unexpected service fault', 'Nothing to do: the worker checks whether the cart was bought.'],
  [400, 800004, 'permanent', 'offer id not valid', 'Correct the offer id in a new cart.', 'new-cart'],
  [500, 800005, 'unknown', 'order creation did not succeed; some groups may exist', 'Nothing to do: the worker checks which order groups were made.'],
  [404, 800007, 'permanent', 'provisioning information not available', 'Look again later: provisioning information comes after the order.'],
  [404, 800008, 'permanent', 'cart cannot be read: wrong id, other customer, or expired', "The cart has expired, belongs to another customer, or does not exist. Create a new cart if it is still needed.", 'new-cart'],
  [400, 800009, 'permanent', 'cart items have errors: read the cart and its line errors', 'Read the cart in Partner Center, fix the lines that show an error, and retry.'],
  [400, 800010, 'permanent', 'no inventory for the catalog item', 'No inventory for the item: choose another one, or retry when it is back.'],
  [400, 800011, 'permanent', 'not a valid Azure subscription', 'Name a valid Azure subscription of the customer in a new cart.', 'new-cart'],
  [400, 800012, 'permanent', 'subscription not active', 'Activate the subscription that the cart names, then retry.'],
  [400, 800013, 'permanent', 'subscription not enabled for reservations', 'Enable the subscription for reservations, then retry.'],
  [409, 800014, 'slow', 'an adjustment of this order is pending', 'Nothing to do: it is tried again when the pending adjustment of the order is done.'],
  [404, 800015, 'permanent', 'partner id (MPN) not found', 'Correct the partner id (MPN) in a new cart: it is not known.', 'new-cart'],
  [400, 800016, 'permanent', 'partner id (MPN) is not an indirect reseller', 'Use the MPN id of an indirect reseller in a new cart.', 'new-cart'],
  [400, 800017, 'permanent', 'quantity not available for the catalog item', 'Prepare a new cart with a smaller quantity.', 'new-cart'],
  [400, 800018, 'partner-wide', 'sandbox limit reached', 'Free the sandbox: cancel orders or customers that are no longer needed, then resume.'],
  [403, 800020, 'permanent', 'catalog item not eligible for purchase', 'Choose another item: this one cannot be bought for the customer.'],
  [400, 800021, 'permanent', 'subscription not valid', 'Correct the subscription id in a new cart.', 'new-cart'],
  [400, 800022, 'permanent', 'transaction needs support to decide on eligibility', 'Ask Microsoft support whether the customer may make this purchase, then retry.'],
  [403, 800023, 'partner-wide', 'credit line below the minimum for this purchase', 'Raise the credit line or pay open invoices in Partner Center, then resume.'],
  [400, 800024, 'permanent', 'not eligible for this transaction', "Check the customer's eligibility in Partner Center, then retry."],
  [400, 800025, 'partner-wide', 'credit line below the minimum for this purchase', 'Raise the credit line or pay open invoices in Partner Center, then resume.'],
  [400, 800026, 'permanent', 'not eligible for this transaction', "Check the customer's eligibility in Partner Center, then retry."],
  [403, 800027, 'permanent', 'catalog item does not allow adding or removing quantity', 'Buy the item anew instead of changing its quantity.'],
  [403, 800028, 'permanent', 'original term no longer on sale', 'Choose a term that is still on sale and prepare a new cart.', 'new-cart'],
  [400, 800029, 'permanent', 'add-on does not belong to the given parent subscription', "Name the add-on's own parent subscription in a new cart.", 'new-cart'],
  [400, 800030, 'permanent', 'subscription not registered', 'Register the Azure subscription for the resource provider, then retry.'],
  [500, 800031, 'permanent', 'purchase system not supported', 'Prepare a new cart: the purchase system of this one is not supported.', 'new-cart'],
  [417, 800036, 'permanent', 'pre-condition failed (no detail in the docs)', 'Look at the cart in Partner Center, then ask Microsoft support with the correlation id.'],
  [403, 800039, 'partner-wide', 'reseller programme status not active', "Renew the reseller programme's enrolment in Partner Center, then resume."],
  [403, 800043, 'permanent', 'no access to prices', "Give the app's role access to prices, or ignore it: orders are read without prices."],
  [409, 800060, 'in-progress', 'order accepted and still being made; look at the order history in a few minutes', 'Nothing to do: the order is being made, and is looked at again in minutes.'],
  [400, 800061, 'permanent', 'order cannot be cancelled', 'The order cannot be cancelled: ask Microsoft support.'],
  [400, 800062, 'permanent', 'not eligible for this transaction', "Check the customer's eligibility in Partner Center, then retry."],
  [400, 800063, 'permanent', 'order cannot be cancelled; suspend the subscriptions instead', 'Suspend the subscriptions instead: a legacy order cannot be cancelled.'],
  [409, 800064, 'in-progress', 'another request is processing this cart', 'Nothing to do: another request is buying this cart, and it is looked at again in minutes.'],
  [400, 800065, 'already-done', 'cart was submitted earlier', 'Nothing to do: the cart was bought earlier, and its orders are looked for.'],
  [403, 800066, 'permanent', 'too many subscriptions for this customer', 'The customer has too many subscriptions: remove unused ones, then retry.'],
  [403, 800067, 'permanent', 'more seats than one subscription may have', 'Prepare a new cart with fewer seats: one subscription cannot have so many.', 'new-cart'],
  [403, 800068, 'partner-wide', 'too many Azure subscriptions for this partner', 'Your partner account has too many Azure subscriptions: remove unused ones or ask Microsoft support.'],
  [403, 800069, 'permanent', 'risk check failed', 'The customer did not pass the risk check: contact Microsoft support.'],
  [400, 800070, 'permanent', 'offer not sold in this country', "The offer is not sold in the customer's country: choose another one."],
  [403, 800073, 'slow', 'customer account under review; again in a few days', "Nothing to do: Microsoft reviews the customer's account, and the job is tried again for days."],
  [403, 800074, 'slow', 'customer account under review; again in a few days', "Nothing to do: Microsoft reviews the customer's account, and the job is tried again for days."],
  [403, 800075, 'permanent', 'customer account not approved', "The customer's account was not approved: contact Microsoft support."],
  [400, 800082, 'slow', 'subscription not ready to be updated yet', 'Nothing to do: it is tried again when the subscription can be updated.'],
  [500, 800083, 'permanent', 'availability has several included-quantity options', 'Prepare a new cart with one included-quantity option.', 'new-cart'],
  [500, 800084, 'permanent', 'term duration not supported', 'Choose a term duration that the offer supports and prepare a new cart.', 'new-cart'],
  [400, 800086, 'permanent', 'customer tenant lacks tags the offer needs', "Add the tags that the offer needs to the customer's tenant, then retry."],
  [500, 800087, 'permanent', 'trouble with a line item', "Look at the cart's lines in Partner Center and prepare a new cart.", 'new-cart'],
  [403, 800088, 'permanent', 'more seats than remain for this subscription', 'Prepare a new cart with fewer seats: not so many remain for the subscription.', 'new-cart'],
  [403, 800089, 'permanent', 'too many assets for this customer', 'Check the catalogue ids in the cart first; else the customer has too many assets: remove unused ones.'],
  [409, 900112, 'slow', 'customer upgrade request is pending', "Nothing to do: it is tried again when the customer's upgrade is done."],
  [409, 900113, 'slow', 'customer upgrade request is running', "Nothing to do: it is tried again when the customer's upgrade is done."],
  [409, 900114, 'permanent', 'customer upgrade request failed', "The customer's upgrade failed: start it again in Partner Center, then retry."],
  [400, 900116, 'partner-wide', 'sandbox limit of Azure plans', 'Free the sandbox: its Azure plans are used up.'],
  [400, 900118, 'permanent', 'customer id not valid', "Check the customer's tenant id."],
  [403, 900121, 'partner-wide', 'credit limit too low', 'Raise the credit limit in Partner Center, then resume.'],
  [403, 900123, 'partner-wide', 'indirect reseller has not accepted the partner agreement', 'Have the indirect reseller accept the partner agreement, then resume.'],
  [403, 900124, 'partner-wide', 'partner has not accepted the Microsoft Partner Agreement', 'Accept the Microsoft Partner Agreement in Partner Center, then resume.'],
  [400, 900127, 'permanent', 'operation not supported in this environment', 'This operation does not exist in the sandbox or cloud that the worker calls: check PARTNER_CENTER_CLOUD.'],
  [400, 900128, 'permanent', 'metered SaaS needs an Azure plan first', 'Buy an Azure plan for the customer first, then retry.'],
  [400, 900129, 'permanent', 'Azure plan not found or without active subscription; metered SaaS needs one', 'Give the customer an Azure plan with an active subscription, then retry.'],
  [403, 900149, 'partner-wide', 'named programme status not active', 'Renew the programme that the description names in Partner Center, then resume.'],
  [403, 900150, 'credential', 'the role lacks the right for this operation', "Give the app's role the right that the description names, then resume."],
  [400, 900154, 'permanent', 'partner id not linked to an active indirect reseller', 'Link the partner id to an active indirect reseller, or correct it in a new cart.', 'new-cart'],
  [400, 900203, 'permanent', 'catalog item needs attestation acceptance', 'Accept the attestation in a new cart: the item needs it.', 'new-cart'],
  [400, 900206, 'permanent', 'partner attestation missing', 'Add the partner attestation to a new cart.', 'new-cart'],
  [409, 900278, 'slow', 'pending operation on the subscription; again after 24 hours', 'Nothing to do: it is tried again when the pending operation on the subscription is done.'],
  [403, 900308, 'credential', 'missing privilege or role', 'Give the app the role that the description names (Admin agent), then resume.'],
  [403, 900309, 'credential', 'blocked by a Conditional Access policy', 'Exempt the app from the Conditional Access policy in Microsoft Entra, then resume.'],
  [403, 900329, 'credential', 'resource refuses app-only tokens', 'Use the app+user credential: this resource refuses app-only tokens.'],
  [403, 900416, 'permanent', 'customer account locked for transactions', "The customer's account is locked for purchases: contact Microsoft support."],
  [400, 900419, 'permanent', 'tenant exceeds the limit of subscriptions', "The customer's tenant has too many subscriptions: remove unused ones, then retry."],
  [401, 900420, 'credential', 'token audience no longer accepted (old Azure AD Graph audience)', 'Ask for tokens of the audience https://api.partnercenter.microsoft.com: the old one is no longer accepted.'],
  [401, 900421, 'credential', 'App+User token lacks the MFA claim', 'Consent again with multi-factor authentication: the token lacks the MFA claim.'],
  [400, 800090, 'permanent', 'subscription cannot be changed any more', 'Nothing was bought. Ask Microsoft support if it must be changed.'],
  [404, 800111, 'permanent', 'Azure subscription not found', 'Correct the Azure subscription in provisioningContext.'],
  [400, 800121, 'permanent', 'term duration not valid', 'Correct the term of the line.'],
  [400, 900126, 'permanent', 'a word of the request is not known', 'Correct term and billing of the line: Partner Center does not know the word.'],
  [400, 900142, 'permanent', 'catalogue item id missing', 'Report it: the worker sent a line without a catalogue item.'],
  [400, 900143, 'unknown', 'availabilities cannot be read now', 'Nothing to do: they are asked for again.'],
  [400, 900144, 'permanent', 'SKU for provisioning missing', 'Correct product and sku of the line.'],
  [400, 900169, 'permanent', 'currency is not that of the partner or the customer', 'Leave out the currency of the cart, or use that of the market.'],
  [500, 900192, 'unknown', 'try again after some time', 'Nothing to do: it is tried again.'],
  [400, 900242, 'permanent', 'custom end date not allowed', 'Correct endDate: choose one of the dates that Partner Center allows.'],
  [400, 900252, 'person', 'purchase order document needed', 'Attach the document that the description names in Partner Center. The worker tries again every hour until you give up on the job.'],
  [400, 900253, 'person', 'tender document needed', 'Attach the document that the description names in Partner Center. The worker tries again every hour until you give up on the job.'],
  [400, 900254, 'person', 'purchase order or tender document needed', 'Attach the document that the description names in Partner Center. The worker tries again every hour until you give up on the job.'],
  [400, 900269, 'permanent', 'billing cycle not valid', 'Correct the billing of the line.'],
  [400, 900270, 'permanent', 'billing longer than the term', 'Correct the billing of the line: it must not be longer than its term.'],
  [400, 900275, 'permanent', 'quantity outside the range of the offer', 'Correct the quantity of the line.'],
  [400, 900312, 'permanent', 'scope not supported', 'Correct scope in provisioningContext.'],
  [400, 900313, 'permanent', 'entitlement id missing', 'Add entitlementId to provisioningContext.'],
  [400, 900314, 'permanent', 'Azure subscription not active', 'Activate the Azure subscription that the line names, then retry.'],
  [400, 900315, 'permanent', 'Azure subscription not eligible', 'Name another Azure subscription in provisioningContext.'],
  [400, 900317, 'permanent', 'Azure plan id missing', 'Add the Azure plan to provisioningContext.'],
  [400, 900318, 'permanent', 'Azure plan not there', 'Buy an Azure plan for the customer first, then retry.'],
  [403, 900322, 'permanent', 'not sold in the sandbox', 'Use a product that the sandbox sells.'],
  [403, 900323, 'permanent', "partner on record differs from the Azure plan's", "Use the partner on record of the customer's Azure plan."],
  [401, null, 'renew-token', 'unauthorized without a known code: renew once', 'Check the credential of the app registration; the gate opens as soon as a token works.'],
  [408, null, 'unknown', 'request timeout', 'Nothing to do: the worker checks whether the cart was bought.'],
  [429, null, 'throttled', 'rate limit; some limits are per partner + customer', 'Nothing to do: the gate is closed until Retry-After.'],
  [500, null, 'unknown', 'server fault without a known code', 'Nothing to do: the worker checks whether the cart was bought.'],
  [502, null, 'unknown', 'bad gateway', 'Nothing to do: the worker checks whether the cart was bought.'],
  [503, null, 'unknown', 'service unavailable', 'Nothing to do: the worker checks whether the cart was bought.'],
  [504, null, 'unknown', 'gateway timeout', 'Nothing to do: the worker checks whether the cart was bought.'],
];
