/** Reads each cart before its batch starts, and says which will not be bought as expected. */
import pMap from 'p-map';
import { decodeCart } from '../domain/answer/decode-cart.ts';
import type { Cart } from '../domain/answer/exchange.ts';
import type { CartKey } from '../domain/message/job.ts';
import { jobKeyOf } from '../domain/message/job-key.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { PartnerCenter } from '../ports/partner-center.ts';
import { budgetedRead, type ReadDeps, readsAtOnce } from './audit/budgeted-read.ts';

/** A cart that will not be bought, or not as it should. */
export interface Finding extends CartKey {
  readonly kind: 'missing' | 'refused' | 'ordered' | 'expires' | 'line';
  readonly text: string;
}

export interface PreflightDeps extends ReadDeps {
  readonly partnerCenter: Pick<PartnerCenter, 'cart'>;
  readonly ledger: Pick<Ledger, 'read'>;
}

export interface Run {
  readonly carts: readonly CartKey[];
  /** Epoch ms: when the run starts. */
  readonly start: number;
  /** How many carts the worker's lane checks out in a minute. */
  readonly perMinute: number;
}

/** Looks at each cart of a run before the night does. Throws as `budgetedRead`; what was found until then was told. */
export async function preflight(
  deps: PreflightDeps,
  { carts, start, perMinute }: Run,
  onCart: (findings: readonly Finding[]) => void,
): Promise<void> {
  await pMap(
    carts,
    async (cart, index) => {
      if (deps.signal.aborted) return;
      const eta = start + ((index + 1) / perMinute) * deps.minuteMs;
      onCart(await look(deps, cart, eta));
    },
    { concurrency: readsAtOnce },
  );
}

async function look(deps: PreflightDeps, cart: CartKey, eta: number): Promise<readonly Finding[]> {
  const { customerId, cartId } = cart;
  const found = (kind: Finding['kind'], text: string): Finding => ({ customerId, cartId, kind, text });
  const send = (options: Parameters<PartnerCenter['cart']>[2]) =>
    deps.partnerCenter.cart(customerId, cartId, options);
  const answer = await budgetedRead(deps, customerId, send, decodeCart);
  const ours = await ourOwn(deps, cart);
  if (answer.kind === 'value') return judgeCart(answer.value, eta, ours, found);
  const { status, code, description } = answer.reason;
  const why = `${status} ${code}: ${description}`;
  return answer.kind === 'gone'
    ? [found('missing', `expired, removed, or of another customer (${why})${ours}`)]
    : [found('refused', `${why}${ours}`)];
}

/** In words, what the ledger knows of it; '' for nothing. */
async function ourOwn({ ledger }: PreflightDeps, cart: CartKey): Promise<string> {
  const record = (await ledger.read(jobKeyOf(cart)))?.value;
  return record === undefined ? '' : `; this worker's record says ${record.state}`;
}

export function judgeCart(
  cart: Cart,
  eta: number,
  ours: string,
  found: (kind: Finding['kind'], text: string) => Finding,
): readonly Finding[] {
  if (cart.status === 'ordered') return [found('ordered', `it is ordered already${ours}`)];
  const lines = cart.lineErrors.map(({ line, code, description }) =>
    found('line', `line ${line}, error ${code}: ${description}`),
  );
  if (cart.groups.length === 0) return [found('line', 'the cart has no lines')];
  if (cart.expiresAt === undefined || cart.expiresAt > eta) return lines;
  const [expires, turn] = [cart.expiresAt, eta].map((time) => new Date(time).toISOString().slice(0, 16));
  return [...lines, found('expires', `it expires at ${expires}Z, its turn comes about ${turn}Z`)];
}
