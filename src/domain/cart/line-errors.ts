/**
 * Errors that Partner Center writes on a line of a cart (`CartError`), and the remedy for whoever wrote the list. Source: Partner Center,
 * "Cart resources". The description of the API holds the supported values and limits, so it is always shown.
 */
const remedies: Readonly<Record<string, string>> = {
  '10000': "Use the currency of the partner's or the customer's market.",
  '10001': 'The catalogue item is not on sale any more: correct product, sku or availability.',
  '10002': 'Reduce the quantity, or ask for a higher quota.',
  '10003': 'No inventory for the item in this region: choose another one.',
  '10004': 'Remove or correct the reseller: the partner may not set it.',
  '10006': 'Correct the line as the description says.',
  '10007': 'Correct the subscription in provisioningContext.',
  '10008': 'Enable the Azure subscription for reservations, or name another one.',
  '10009': 'Free the sandbox: its limit is reached.',
  '10010': 'Correct the line as the description says.',
  '10011': 'Register the Azure subscription for reservations first.',
  '10012': 'Read what the SKU attests, then set attestation to true.',
  '10013': 'Correct the billing of the line.',
  '10014': 'Remove or correct the promotion.',
  '10015': 'Reduce the quantity: the limit counts the seats of all partners of this customer.',
  '10016': 'Correct endDate: choose one of the dates that Partner Center allows.',
  '10017': 'Correct endDate: choose one of the dates that Partner Center allows.',
  '10018': 'Raise the quantity to the minimum.',
  '10019': 'Raise the quantity to the minimum.',
  '500600': 'The offer is not eligible for purchase: choose its successor in the catalogue.',
};

/** The availability is not on sale any more: another one may be. */
export const isStaleLine = (code: string): boolean => code === '10001';

export const remedyOfLine = (code: string): string =>
  remedies[code] ?? 'Correct the line as the description says.';
