/** What a cart is to hold, made from the order lines of a job. */

import type { WantedLine } from '../message/order-lines.ts';

/** One line of a cart that the worker makes, in the words of the message contract. */
export interface ContentLine extends Omit<WantedLine, 'product' | 'sku' | 'segment' | 'availability'> {
  /** `product:sku:availability`. */
  readonly catalogItemId: string;
}

/** What the worker asks Partner Center to put into a cart. Its lines keep their places: line n of the cart has the id n. */
export interface CartContent {
  readonly lines: readonly ContentLine[];
  readonly partnerOnRecordAttestation?: boolean;
}

/** A line that cannot be bought, in words for whoever wrote the list. */
export interface BadLine {
  /** The producer's number of the line. */
  readonly line: number;
  /** The API's code, or a word of ours. */
  readonly code: string;
  readonly description: string;
  readonly remedy: string;
}

/** A line of a cart that was made and checked, as the ledger keeps it. */
export interface CheckedLine {
  readonly line: number;
  readonly catalogItemId: string;
  readonly quantity: number;
  readonly term: string;
  readonly billing: string;
  /** `pricing.extendedPrice`, a plain decimal: the whole commitment, before tax. */
  readonly price?: string;
  readonly currency?: string;
  /** Also one that Partner Center added by itself. */
  readonly promotionId?: string;
  readonly group?: string;
}

/** A cart that the worker made, every line of it checked. */
export interface CheckedCart {
  readonly lines: readonly CheckedLine[];
  /** Epoch ms; absent when the cart does not say. */
  readonly expiresAt?: number;
  /** The sum of the lines' prices; absent when a line has none, or they are in several currencies. */
  readonly total?: string;
  readonly currency?: string;
}
