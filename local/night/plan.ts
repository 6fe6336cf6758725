import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import type { FaultInput, Sandbox } from '../partner-center/sandbox.ts';

/** One line of the night: a message to send. `number` is its line in the list, from 1. */
export interface Line {
  readonly number: number;
  /** What goes into the message: an object, or text that is none. */
  readonly body: unknown;
  /** The cart that it names, when it names one. */
  readonly customerId?: string;
  readonly cartId?: string;
}

export interface Plan {
  readonly lines: readonly Line[];
  readonly about: string;
  /** What Partner Center does to some of them. */
  readonly faults: readonly FaultInput[];
}

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The sample night: ordinary carts of some customers, some of them equal, and the few that make a night interesting. */
export function samplePlan(sandbox: Sandbox, carts: number, customers: number): Plan {
  const [sample] = sandbox.createCarts({ count: 1, customers: 1, baskets: ['sample'] });
  const [expired] = sandbox.createCarts({ count: 1, customers: 1, baskets: ['licence'], life: 1 });
  const ordinary = sandbox.createCarts({ count: carts - 2, customers });
  const underReview = ordinary.at(-1)?.customerId;
  const refused = ordinary.at(2);
  const faults: FaultInput[] = [
    ...(underReview === undefined
      ? []
      : [{ kind: 'error' as const, http: 403, code: 800073, description: review, customers: [underReview] }]),
    ...(refused === undefined
      ? []
      : [
          { kind: 'error' as const, http: 403, code: 13605, description: agreement, carts: [refused.cartId] },
        ]),
  ];
  const refs = [
    ...ordinary,
    ...(sample === undefined ? [] : [sample]),
    ...(expired === undefined ? [] : [expired]),
  ];
  const lines: Line[] = refs.map((ref, index) => ({
    number: index + 1,
    body: { ...ref, reference: `PO-${index + 1}` },
    ...ref,
  }));
  const number = lines.length + 1;
  lines.push({
    number,
    body: { customerId: refs[0]?.customerId, cartID: refs[0]?.cartId, reference: `PO-${number}` },
  });
  return {
    lines: lines.map((line) => withBatch(line, 'sample-night', lines.length)),
    faults,
    about: `${carts} carts of ${customers} customers: licences, reservations, software, SaaS; some customers have equal carts; one cart has expired, one customer is under review, one line is no job`,
  };
}

const review = 'The customer account is under review. Check back in a few days.';
const agreement = 'The customer has not accepted the Microsoft Customer Agreement.';

/** A list of the user's own: CSV with a header, or one JSON object a line. The sandbox gets a cart for each that is named. */
export async function filePlan(sandbox: Sandbox, path: string): Promise<Plan> {
  const text = (await readFile(path, 'utf8')).replace(/^\uFEFF/, '');
  const lines = /^\s*\{/.test(text) ? jsonLines(text) : csvLines(text);
  const known = new Set<string>();
  const carts = lines.flatMap(({ customerId, cartId }) => {
    const key = `${customerId}:${cartId}`.toLowerCase();
    if (customerId === undefined || cartId === undefined || known.has(key)) return [];
    known.add(key);
    return [{ customerId: customerId.toLowerCase(), cartId: cartId.toLowerCase(), lineItems: [licence] }];
  });
  if (carts.length > 0) sandbox.createCarts({ carts });
  return { lines, faults: [], about: `${lines.length} lines of ${path}, ${carts.length} carts` };
}

/** A new-commerce licence: what a cart of the sandbox holds when a list names the cart alone. */
const licence = { catalogItemId: 'CFQ7TTC0LH18:0001:CFQ7TTC0K971', quantity: 5 };

function jsonLines(text: string): Line[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    if (line.trim() === '') return [];
    let body: unknown = line;
    try {
      body = JSON.parse(line);
    } catch {
      // Sent as it is: the worker says what is wrong with it.
    }
    return [{ number: index + 1, body, ...idsIn(body) }];
  });
}

function csvLines(text: string): Line[] {
  const delimiter = (text.split(/\r?\n/, 1)[0] ?? '').includes(';') ? ';' : ',';
  const rows: { record: Record<string, string>; info: { lines: number } }[] = parse(text, {
    columns: true,
    delimiter,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    trim: true,
  });
  return rows.map(({ record, info }) => {
    const body = Object.fromEntries(
      Object.entries(record)
        .filter(([, value]) => value !== '')
        .map(([name, value]) => [name, name === 'batchSize' && /^\d+$/.test(value) ? Number(value) : value]),
    );
    return { number: info.lines, body, ...idsIn(body) };
  });
}

function idsIn(body: unknown): { customerId: string; cartId: string } | Record<string, never> {
  if (typeof body !== 'object' || body === null || !('customerId' in body) || !('cartId' in body)) return {};
  const { customerId, cartId } = body;
  if (
    typeof customerId !== 'string' ||
    typeof cartId !== 'string' ||
    !guid.test(customerId) ||
    !guid.test(cartId)
  )
    return {};
  return { customerId: customerId.toLowerCase(), cartId: cartId.toLowerCase() };
}

const withBatch = (line: Line, batchId: string, batchSize: number): Line =>
  typeof line.body === 'object' ? { ...line, body: { ...line.body, batchId, batchSize } } : line;
