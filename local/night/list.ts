import { createReadStream } from 'node:fs';
import { fileProblem } from '../../src/operator/file-problem.ts';
import type { ListLine } from '../../src/operator/list/list-line.ts';
import { readList } from '../../src/operator/list/read-list.ts';
import { UnreadableList } from '../../src/operator/list/unreadable-list.ts';
import type { Sandbox } from '../partner-center/sandbox.ts';
import type { Line, Plan, UnreadLine } from './plan.ts';

export interface OwnList {
  readonly lines: readonly Line[];
  readonly unread: readonly UnreadLine[];
}

/**
 * A list of the user's own, read as `enqueue` reads it, so that a rehearsal says of it what the real run will say.
 * @throws Error in one sentence when the file cannot be read, or holds no line
 */
export async function openList(path: string): Promise<OwnList> {
  const lines: Line[] = [];
  const unread: UnreadLine[] = [];
  try {
    for await (const entry of readList(createReadStream(path))) {
      if ('reason' in entry) unread.push(entry);
      else lines.push(toLine(entry));
    }
  } catch (error) {
    if (error instanceof UnreadableList) throw new Error(`The list ${path} cannot be read. ${error.message}`);
    const problem = fileProblem(error);
    if (problem !== undefined) throw new Error(`The list ${path} cannot be read: ${problem}.`);
    throw error;
  }
  if (lines.length + unread.length === 0) throw new Error(`${path} holds no line to send.`);
  return { lines, unread };
}

/** The sandbox gets a cart for each that the list names. What is not valid is sent as it is: the worker says what is wrong. */
export function filePlan(sandbox: Sandbox, path: string, { lines, unread }: OwnList): Plan {
  const known = new Set<string>();
  const carts = lines.flatMap(({ customerId, cartId }) => {
    if (customerId === undefined || cartId === undefined || known.has(`${customerId}:${cartId}`)) return [];
    known.add(`${customerId}:${cartId}`);
    return [{ customerId, cartId, lineItems: [licence] }];
  });
  if (carts.length > 0) sandbox.createCarts({ carts });
  const count = lines.length + unread.length;
  return { lines, unread, own: true, faults: [], about: `${count} lines of ${path}, ${carts.length} carts` };
}

const toLine = ({ number, value }: Extract<ListLine, { value: unknown }>): Line => ({
  number,
  body: value,
  ...idsIn(value),
});

/** A new-commerce licence: what a cart of the sandbox holds when a list names the cart alone. */
const licence = { catalogItemId: 'CFQ7TTC0LH18:0001:CFQ7TTC0K971', quantity: 5 };

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The cart that a body names, when both of its ids are GUIDs. */
function idsIn(body: unknown): { customerId: string; cartId: string } | Record<string, never> {
  if (typeof body !== 'object' || body === null || !('customerId' in body) || !('cartId' in body)) return {};
  const { customerId, cartId } = body;
  if (typeof customerId !== 'string' || typeof cartId !== 'string') return {};
  if (!guid.test(customerId) || !guid.test(cartId)) return {};
  return { customerId: customerId.toLowerCase(), cartId: cartId.toLowerCase() };
}
