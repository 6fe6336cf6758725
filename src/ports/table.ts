/** Port: a table of rows with ETags and transactions, under the stores of `src/adapters/azure-tables`. */

/** What one row holds beside its keys. Strings over 32,768 UTF-16 units do not fit a property (64 KiB). */
export type Properties = Readonly<Record<string, string | number | boolean | Uint8Array>>;

export interface Row {
  readonly partition: string;
  readonly key: string;
  readonly properties: Properties;
}

export interface StoredRow extends Row {
  readonly etag: string;
}

export type Change =
  | { readonly kind: 'insert'; readonly row: Row }
  /** Replaces the whole row. Without an ETag it overwrites or inserts whatever is there. */
  | { readonly kind: 'replace'; readonly row: Row; readonly etag?: string }
  /** Changes some properties of a row that is there, and leaves the others. Never inserts. */
  | { readonly kind: 'merge'; readonly row: Row }
  | { readonly kind: 'remove'; readonly partition: string; readonly key: string; readonly etag?: string };

/**
 * `exists` = 409, `changed` = 412, `missing` = 404. The client retries by itself, so each of the three may be the
 * echo of our own write whose answer was lost: callers read back (`writeId`).
 */
export type Refusal = 'exists' | 'changed' | 'missing';

export type ChangeResult =
  | { readonly kind: 'done'; readonly etag: string }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

export type TransactionResult =
  | { readonly kind: 'done'; readonly etags: readonly string[] }
  /** Nothing was written; `index` is the change that was refused, -1 when the service does not say. */
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly index: number };

/** What a property must be: equal to this, to one of these, at most this number, or more than it. */
export type Condition =
  | string
  | boolean
  | readonly string[]
  | { readonly atMost: number }
  | { readonly above: number };
export type Where = Readonly<Record<string, Condition>>;

/**
 * One Azure table, as far as we use it. Every call may throw `Unavailable` ('storage'), with nothing known of its effect.
 * Source: Table service REST, entity group transactions: at most 100 changes, 4 MiB, one partition.
 */
export interface Table {
  get(partition: string, key: string): Promise<StoredRow | undefined>;
  change(change: Change): Promise<ChangeResult>;
  transact(changes: readonly [Change, ...Change[]]): Promise<TransactionResult>;
  /**
   * Rows with `from <= key < to` of one partition, in key order, fetched page by page as they are read; without a partition
   * of all, one after the other, which reads the whole table. `select` names the properties wanted; all of them when absent.
   * `where` names what properties must be; a property that is missing matches nothing. `or`: at least one of these holds too.
   * `after`: only rows that come later, in the order of partitions and keys; for a reader that goes on where it stopped.
   */
  rows(query: {
    readonly partition?: string;
    readonly from: string;
    readonly to: string;
    readonly select?: readonly string[];
    readonly where?: Where;
    readonly or?: readonly Where[];
    readonly after?: { readonly partition: string; readonly key: string };
  }): AsyncIterable<StoredRow>;
}
