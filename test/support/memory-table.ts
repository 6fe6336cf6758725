import type {
  Change,
  ChangeResult,
  Condition,
  Properties,
  Refusal,
  Row,
  StoredRow,
  Table,
  TransactionResult,
  Where,
} from '../../src/ports/table.ts';
import { Unavailable } from '../../src/ports/unavailable.ts';

export type Operation =
  | { readonly kind: 'get'; readonly partition: string; readonly key: string }
  | { readonly kind: 'change'; readonly change: Change }
  | { readonly kind: 'transact'; readonly changes: readonly [Change, ...Change[]] }
  | { readonly kind: 'page'; readonly partition: string; readonly from: string; readonly to: string };

/**
 * `unreached`: nothing happened, `Unavailable`. `unanswered`: it happened, `Unavailable`. `echo`: it happened, the answer
 * was lost and the client sent it again, so that our own write comes back as 409, 412 or 404.
 */
export type Fault = 'unreached' | 'unanswered' | 'echo';

export interface TableHooks {
  /** On the way to the table. May sleep on the test's clock; what it returns goes wrong. */
  readonly before?: (operation: Operation) => Fault | undefined | Promise<Fault | undefined>;
  /** On the way back, after the effect. May sleep. */
  readonly after?: (operation: Operation) => void | Promise<void>;
  /** Rows fetched at a time; the real service sends at most 1,000. */
  readonly pageSize?: number;
}

export interface MemoryTable extends Table {
  /** Everything it holds, in key order, for assertions. */
  all(): StoredRow[];
  isEmpty(): boolean;
  /** A row put there past all hooks, as by a person with a storage browser. */
  put(row: Row): void;
}

interface Partition {
  readonly rows: Map<string, StoredRow>;
  /** Ordinal order of UTF-16 units: what the service does, and what `<` on strings does. */
  readonly keys: string[];
}

/** A table in memory that keeps the promises of the `Table` port, and breaks down on demand. */
export function memoryTable(hooks: TableHooks = {}): MemoryTable {
  const partitions = new Map<string, Partition>();
  let writes = 0;

  function lookUp(partition: string, key: string): StoredRow | undefined {
    return partitions.get(partition)?.rows.get(key);
  }

  function refusalOf(change: Change): Refusal | undefined {
    const { partition, key } = keysOf(change);
    const found = lookUp(partition, key);
    if (change.kind === 'insert') return found === undefined ? undefined : 'exists';
    if (change.kind === 'replace' && change.etag === undefined) return undefined;
    if (found === undefined) return 'missing';
    if (change.kind === 'merge') return undefined;
    return change.etag === undefined || change.etag === found.etag ? undefined : 'changed';
  }

  function write(change: Change): string {
    const { partition, key } = keysOf(change);
    if (change.kind === 'remove') {
      const at = partitions.get(partition);
      at?.rows.delete(key);
      at?.keys.splice(placeOf(at.keys, key), 1);
      return '';
    }
    const at = partitions.get(partition) ?? { rows: new Map(), keys: [] };
    partitions.set(partition, at);
    if (!at.rows.has(key)) at.keys.splice(placeOf(at.keys, key), 0, key);
    writes += 1;
    const etag = `W/"${writes}"`;
    const merged = change.kind === 'merge' ? at.rows.get(key)?.properties : undefined;
    at.rows.set(key, { partition, key, properties: { ...merged, ...copyOf(change.row.properties) }, etag });
    return etag;
  }

  function apply(changes: readonly Change[]): TransactionResult {
    for (const [index, change] of changes.entries()) {
      const refusal = refusalOf(change);
      if (refusal !== undefined) return { kind: 'refused', refusal, index };
    }
    return { kind: 'done', etags: changes.map(write) };
  }

  /** The way there, the effect, the way back, with whatever the hooks do to it. */
  async function perform<T>(operation: Operation, effect: () => T): Promise<T> {
    const fault = await hooks.before?.(operation);
    if (fault === 'unreached')
      throw new Unavailable('storage', `memory table: ${operation.kind} did not arrive`);
    let result = effect();
    await hooks.after?.(operation);
    if (fault === 'unanswered')
      throw new Unavailable('storage', `memory table: ${operation.kind} has no answer`);
    if (fault === 'echo') result = effect();
    return result;
  }

  async function* rows(query: Parameters<Table['rows']>[0]): AsyncGenerator<StoredRow> {
    const names = query.partition === undefined ? [...partitions.keys()].sort() : [query.partition];
    for (const partition of names) yield* rowsOf({ ...query, partition });
  }

  async function* rowsOf(
    query: Parameters<Table['rows']>[0] & { readonly partition: string },
  ): AsyncGenerator<StoredRow> {
    const { partition, to, select, where = {}, or = [], after } = query;
    if (after !== undefined && partition < after.partition) return;
    let from = query.from;
    if (after?.partition === partition && `${after.key}\0` > from) from = `${after.key}\0`;
    for (;;) {
      const page = await perform({ kind: 'page', partition, from, to }, () => {
        const at = partitions.get(partition);
        if (at === undefined) return [];
        const first = placeOf(at.keys, from);
        const keys = at.keys.slice(first, first + (hooks.pageSize ?? 1_000)).filter((key) => key < to);
        return keys.flatMap((key) => at.rows.get(key) ?? []);
      });
      for (const row of page)
        if (holds(row, where) && (or.length === 0 || or.some((one) => holds(row, one))))
          yield { ...row, properties: copyOf(row.properties, select) };
      const last = page.at(-1);
      if (last === undefined || page.length < (hooks.pageSize ?? 1_000)) return;
      from = `${last.key}\0`;
    }
  }

  return {
    get: async (partition, key) => {
      const row = await perform({ kind: 'get', partition, key }, () => lookUp(partition, key));
      return row && { ...row, properties: copyOf(row.properties) };
    },
    change: async (change): Promise<ChangeResult> => {
      check([change]);
      const result = await perform({ kind: 'change', change }, () => apply([change]));
      return result.kind === 'done'
        ? { kind: 'done', etag: result.etags[0] ?? '' }
        : { kind: 'refused', refusal: result.refusal };
    },
    transact: async (changes) => {
      check(changes);
      return perform({ kind: 'transact', changes }, () => apply(changes));
    },
    rows,
    all() {
      const rows: StoredRow[] = [];
      for (const at of partitions.values())
        for (const key of at.keys) {
          const row = at.rows.get(key);
          if (row !== undefined) rows.push(row);
        }
      return rows;
    },
    isEmpty: () => [...partitions.values()].every((at) => at.keys.length === 0),
    put: (row) => {
      write({ kind: 'replace', row });
    },
  };
}

export const holds = (row: StoredRow, where: Where): boolean =>
  Object.entries(where).every(([name, wanted]) => isAs(row.properties[name], wanted));

function isAs(found: unknown, wanted: Condition): boolean {
  if (typeof wanted !== 'object') return found === wanted;
  if ('atMost' in wanted) return typeof found === 'number' && found <= wanted.atMost;
  if ('above' in wanted) return typeof found === 'number' && found > wanted.above;
  return wanted.some((one) => one === found);
}

const keysOf = (change: Change): { partition: string; key: string } =>
  change.kind === 'remove' ? change : change.row;

/** What the service answers with 400: a bug in the caller, so it throws. */
function check(changes: readonly Change[]): void {
  const keys = changes.map(keysOf);
  if (changes.length > 100)
    throw new Error(`memory table: a transaction of ${changes.length} changes; 100 fit`);
  if (new Set(keys.map(({ partition }) => partition)).size > 1) {
    throw new Error('memory table: a transaction over two partitions');
  }
  if (new Set(keys.map(({ key }) => key)).size < keys.length) {
    throw new Error('memory table: a transaction that changes one row twice (InvalidDuplicateRow)');
  }
  for (const { partition, key } of keys) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly what the service refuses in a key
    const refused = /[/\\#?\u0000-\u001f\u007f-\u009f]/u;
    for (const text of [partition, key]) {
      if (refused.test(text) || text.length > 512)
        throw new Error(`memory table: refused key ${JSON.stringify(text)}`);
    }
  }
  let total = 0;
  for (const change of changes) {
    if (change.kind === 'remove') continue;
    const size = sizeOf(change.row.properties);
    if (size > 1024 * 1024)
      throw new Error(`memory table: a row of ${size} bytes; 1 MiB fits (EntityTooLarge)`);
    total += size;
  }
  if (total > 4 * 1024 * 1024) throw new Error(`memory table: a transaction of ${total} bytes; 4 MiB fit`);
}

function sizeOf(properties: Properties): number {
  let size = 0;
  for (const [name, value] of Object.entries(properties)) {
    const own = typeof value === 'string' ? 2 * value.length : value instanceof Uint8Array ? value.length : 8;
    if (own > 65_536)
      throw new Error(`memory table: ${name} has ${own} bytes; 64 KiB fit (PropertyValueTooLarge)`);
    if (typeof value === 'number' && !Number.isFinite(value))
      throw new Error(`memory table: ${name} is ${value}`);
    size += own + 2 * name.length + 8;
  }
  return size;
}

export function copyOf(properties: Properties, select?: readonly string[]): Properties {
  const copy: Record<string, Properties[string]> = {};
  for (const name of select ?? Object.keys(properties)) {
    const value = properties[name];
    if (value !== undefined) copy[name] = value instanceof Uint8Array ? value.slice() : value;
  }
  return copy;
}

/** Where `key` stands in the sorted list, or would stand. */
function placeOf(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
