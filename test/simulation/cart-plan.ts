/** What Partner Center answers. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** What one order group of a cart holds, and what becomes of it. */
export interface GroupPlan {
  readonly group: string;
  readonly offerId: string;
  readonly quantity: number;
  readonly term: string;
  readonly billingCycle: string;
  /** Bought with the base line, in the same order. */
  readonly addons?: readonly { readonly offerId: string; readonly quantity: number; readonly term: string }[];
  /** Of a cart that the worker made: the numbers of the order lines that this group holds. */
  readonly lines?: readonly number[];
  /** Refused with this code the first `times` times that it is tried. */
  readonly refusal?: { readonly code: number; readonly times: number };
  /** How long its order is pending; 0: completed in the answer. */
  readonly pendingMs: number;
  readonly end: 'completed' | 'cancelled';
}

export interface OrderTruth {
  readonly id: string;
  /** Undefined: a person placed it. */
  readonly cartId: string | undefined;
  readonly customerId: string;
  readonly plan: GroupPlan;
  readonly createdAt: number;
  /** The date that the API states; undefined: it states none. */
  readonly creationDate: string | undefined;
  /** Whether a reader can tell from that date when the order was created. */
  readonly isDated: boolean;
  /** When the customer's order list shows it. */
  readonly listedAt: number;
  /** When a read by id finds it. */
  readonly readableAt: number;
  readonly endsAt: number;
}

export interface CartPlan {
  readonly customerId: string;
  readonly id: string;
  readonly groups: readonly GroupPlan[];
  /** Refused from the n-th checkout on (1 = always). */
  readonly refused?: {
    readonly status: number;
    readonly code: number;
    readonly fromCheckout: number;
    /** The last checkout that is refused so. */
    readonly toCheckout?: number;
  };
  /** Gone (404/800008) so long after its first checkout arrived. */
  readonly goneAfter?: number;
  /** The customer is under review until then, ms after the start: 403/800073. */
  readonly reviewUntil?: number;
}

/** One product and SKU of the new-commerce catalogue. Every customer may buy it. */
export interface ItemPlan {
  readonly product: string;
  readonly sku: string;
  /** Of one seat, the whole commitment, in USD. Undefined: the cart's line has no price. */
  readonly price: number | undefined;
  /** Each line of it is in error, with this code of a cart's line. */
  readonly lineError?: number;
  /** Not in the catalogue: 404/400013 for its availabilities. */
  readonly unknown?: boolean;
  /** Sold for a month alone, until the first reissue. */
  readonly grows?: boolean;
}
