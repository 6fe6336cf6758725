import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CartRef, Sandbox } from './partner-center/sandbox.ts';

export interface SampleLists {
  readonly first: CartRef | undefined;
  readonly refused: CartRef | undefined;
}

/**
 * Two lists to enqueue, a third of their jobs with order lines: `sample.csv` with carts of some customers, one of which is refused, and
 * `orders.csv` with order lines of the same customers, one of which cannot be bought.
 */
export async function makeSampleLists(
  sandbox: Pick<Sandbox, 'createCarts' | 'set'>,
  folder: string,
): Promise<SampleLists> {
  const carts = sandbox.createCarts({ count: 20, customers: 5 });
  const refused = carts[2];
  if (refused !== undefined) {
    const description = 'The customer has not accepted the Microsoft Customer Agreement.';
    sandbox.set({
      faults: [{ kind: 'error', http: 403, code: 13605, description, carts: [refused.cartId] }],
    });
  }
  const lines = carts.map(({ customerId, cartId }, index) => `${customerId},${cartId},PO-${index + 1}`);
  const customers = [...new Set(carts.map(({ customerId }) => customerId))];
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'sample.csv'), `customerId,cartId,reference\n${lines.join('\n')}\n`);
  await writeFile(join(folder, 'orders.csv'), ordersOf(customers));
  return { first: carts[0], refused };
}

const orderCount = 10;
const heading =
  'customerId,externalOrderId,line,product,sku,segment,quantity,term,billing,promotionId,reseller,endDate,maxTotal,currency';

/** What each order begins with; every second one has a phone add-on too. */
const items = [
  'CFQ7TTC0AB12,0001,commercial,25,P1Y,monthly',
  'CFQ7TTC0CD35,0002,commercial,3,P1M,monthly',
  'CFQ7TTC0EF56,0001,commercial,5,P1Y,annual',
  // Sold from ten seats on.
  'CFQ7TTC0GH78,0002,commercial,3,P1Y,monthly',
  'DG7GMGF0TU87,0002,commercial,1,none,one_time',
] as const;
const phone = 'CFQ7TTC0CD34,000P,commercial,2,P1Y,monthly';

function ordersOf(customers: readonly string[]): string {
  const rows = Array.from({ length: orderCount }, (_, index) => {
    const number = `${customers[index % customers.length]},SO-${1001 + index}`;
    // The fourth item is wanted once, and replaced by the first one after that.
    const item = items[index === 8 ? 0 : index % items.length];
    const ceiling = index === 0 ? '9000.00,USD' : ',';
    const first = `${number},1,${item},,,,${ceiling}`;
    return index % 2 === 0 ? [first] : [first, `${number},2,${phone},,,,${ceiling}`];
  });
  return `${[heading, ...rows.flat()].join('\n')}\n`;
}
