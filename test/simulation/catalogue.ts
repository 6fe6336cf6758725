import type { Answer, ItemPlan } from './cart-plan.ts';
import { availabilitiesBody, errorBody } from './wire.ts';

/** What Partner Center sells, under ids that it reissues. */
export interface Catalogue {
  /** The item of `product:sku` or of a catalogue item. */
  item(id: string): ItemPlan | undefined;
  /** Whether this is the present `product:sku:availability` of its item. */
  isOnSale(catalogItemId: string): boolean;
  /** The items have other availabilities from now on. */
  reissue(): void;
  /** How often availabilities were reissued, or listed though they were out of date. */
  unrest(): number;
  /** `stale`: the one before the last reissue. */
  availabilities(product: string, sku: string, stale: boolean): Answer;
}

export const itemsOnSale: readonly ItemPlan[] = [
  { product: 'CFQ7TTC0AB12', sku: '0001', price: 10 },
  { product: 'CFQ7TTC0CD34', sku: '000P', price: 7.5 },
  { product: 'CFQ7TTC0EF56', sku: '0002', price: 4, lineError: 10015 },
  { product: 'CFQ7TTC0GH78', sku: '0003', price: undefined },
  { product: 'CFQ7TTC0JK90', sku: '0004', price: 1, unknown: true },
  { product: 'CFQ7TTC0LM12', sku: '0005', price: 2, grows: true },
];

/** The first two parts of a catalogue item. */
export const skuOf = (catalogItemId: string): string => catalogItemId.split(':').slice(0, 2).join(':');

/** `kept`: the availability of the first item changes with every second reissue alone. */
export function createCatalogue(items: readonly ItemPlan[], kept: boolean): Catalogue {
  const byId = new Map(items.map((item) => [`${item.product}:${item.sku}`, item]));
  const places = new Map([...byId.keys()].map((id, place) => [id, place]));
  let issue = 0;
  let staleLists = 0;
  const availabilityOf = (id: string, nth: number): string => {
    const place = places.get(id) ?? 0;
    const issued = kept && place === 0 ? Math.floor(nth / 2) : nth;
    return `CFQ7TT${String(place).padStart(2, '0')}${String(issued).padStart(4, '0')}`;
  };
  return {
    item: (id) => byId.get(skuOf(id)),
    isOnSale: (id) => id === `${skuOf(id)}:${availabilityOf(skuOf(id), issue)}`,
    reissue: () => {
      issue += 1;
    },
    unrest: () => issue + staleLists,
    availabilities(product, sku, stale) {
      if (stale) staleLists += 1;
      const id = `${product}:${sku}`;
      const item = byId.get(id);
      if (item === undefined || item.unknown === true)
        return { status: 404, body: errorBody(400013, 'The product was not found') };
      const nth = stale ? Math.max(0, issue - 1) : issue;
      return { status: 200, body: availabilitiesBody(item, availabilityOf(id, nth), nth) };
    },
  };
}
