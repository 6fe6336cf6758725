import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { CartRef, Sandbox } from './partner-center/sandbox.ts';

export interface SampleList {
  readonly first: CartRef | undefined;
  readonly refused: CartRef | undefined;
}

/** Carts of some customers, one of which is refused, and a list of them to enqueue. */
export async function makeSampleList(sandbox: Sandbox, path: string): Promise<SampleList> {
  const carts = sandbox.createCarts({ count: 20, customers: 5 });
  const refused = carts[2];
  if (refused !== undefined) {
    const description = 'The customer has not accepted the Microsoft Customer Agreement.';
    sandbox.set({
      faults: [{ kind: 'error', http: 403, code: 13605, description, carts: [refused.cartId] }],
    });
  }
  const lines = carts.map(({ customerId, cartId }, index) => `${customerId},${cartId},PO-${index + 1}`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `customerId,cartId,reference\n${lines.join('\n')}\n`);
  return { first: carts[0], refused };
}
