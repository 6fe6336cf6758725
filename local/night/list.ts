import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import type { Sandbox } from '../partner-center/sandbox.ts';
import type { Line, Plan } from './plan.ts';

/**
 * A list of the user's own: CSV with a header, or one JSON object a line. The sandbox gets a cart for each that is named.
 * What cannot be read is sent as it is, so that the worker itself says what is wrong with it.
 * @throws Error when the file cannot be read, or holds no line
 */
export async function filePlan(sandbox: Sandbox, path: string): Promise<Plan> {
  const { lines, tooLong } = readList(await readFile(path, 'utf8'));
  if (lines.length === 0) throw new Error(`${path} holds no line to send.`);
  const known = new Set<string>();
  const carts = lines.flatMap(({ customerId, cartId }) => {
    if (customerId === undefined || cartId === undefined || known.has(`${customerId}:${cartId}`)) return [];
    known.add(`${customerId}:${cartId}`);
    return [{ customerId, cartId, lineItems: [licence] }];
  });
  if (carts.length > 0) sandbox.createCarts({ carts });
  return { lines, tooLong, faults: [], about: `${lines.length} lines of ${path}, ${carts.length} carts` };
}

/** A new-commerce licence: what a cart of the sandbox holds when a list names the cart alone. */
const licence = { catalogItemId: 'CFQ7TTC0LH18:0001:CFQ7TTC0K971', quantity: 5 };

/** Service Bus takes 256 KB, with what is around the body. */
const longest = 200_000;

/** The lines to send, and the numbers of those that are too long for a message. */
export function readList(text: string): { lines: readonly Line[]; tooLong: readonly number[] } {
  const rows = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((row, index) => ({ row, number: index + 1 }))
    .filter(({ row }) => row.trim() !== '');
  const read =
    rows[0]?.row.trimStart().startsWith('{') === true ? fromJson : fromCsv(rows.shift()?.row ?? '');
  const fits = ({ row }: { row: string }) => Buffer.byteLength(row) <= longest;
  return {
    lines: rows.filter(fits).map(({ row, number }) => {
      const body = read(row);
      return { number, body, ...idsIn(body) };
    }),
    tooLong: rows.filter((row) => !fits(row)).map(({ number }) => number),
  };
}

function fromJson(row: string): unknown {
  try {
    return JSON.parse(row);
  } catch {
    return row;
  }
}

/** Row by row, so that a quote that is never closed spoils one line and not all that follow. */
function fromCsv(header: string): (row: string) => unknown {
  const delimiter = [';', '\t'].find((mark) => header.includes(mark)) ?? ',';
  const cells = (row: string): string[] => {
    const [found = []]: string[][] = parse(row, { delimiter, trim: true });
    return found;
  };
  const names = cells(header);
  const entry = (value: string, index: number): [string, unknown][] => {
    const name = names[index] || `column ${index + 1}`;
    if (value === '') return [];
    return [[name, name === 'batchSize' && /^\d+$/.test(value) ? Number(value) : value]];
  };
  return (row) => {
    try {
      return Object.fromEntries(cells(row).flatMap(entry));
    } catch {
      return row;
    }
  };
}

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The cart that a body names, when both of its ids are GUIDs. */
function idsIn(body: unknown): { customerId: string; cartId: string } | Record<string, never> {
  if (typeof body !== 'object' || body === null || !('customerId' in body) || !('cartId' in body)) return {};
  const { customerId, cartId } = body;
  if (typeof customerId !== 'string' || typeof cartId !== 'string') return {};
  if (!guid.test(customerId) || !guid.test(cartId)) return {};
  return { customerId: customerId.toLowerCase(), cartId: cartId.toLowerCase() };
}
