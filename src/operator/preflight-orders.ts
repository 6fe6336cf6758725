/**
 * A list of order lines before it is sent: resolves each line, makes carts that nobody checks out, and says what would fail, what it
 * costs, and what the customer has already. It buys nothing. Each call takes a permit, so it stays within the budget.
 */
import pMap from 'p-map';
import { parseJson, whyIncomplete } from '../domain/answer/answer-fields.ts';
import { decodeSubscriptions, type Subscription } from '../domain/answer/decode-subscriptions.ts';
import type { Decoded } from '../domain/answer/exchange.ts';
import { decodeAvailabilities, itemIn, itemOf, type Offers } from '../domain/cart/availability.ts';
import { decodeMadeCart } from '../domain/cart/decode-made-cart.ts';
import { type Making, nextCartStep } from '../domain/cart/next-cart-step.ts';
import { add, type Decimal, decimalText, readDecimal, zero } from '../domain/decimal.ts';
import type { OrderJob } from '../domain/message/job.ts';
import type { CartApi } from '../ports/cart-api.ts';
import type { OfferCache } from '../ports/offers.ts';
import type { SendOptions } from '../ports/partner-center.ts';
import { budgetedRead, type ReadDeps, readsAtOnce } from './audit/budgeted-read.ts';

export interface OrderFinding {
  /** `unknown`: what the customer has already could not be read. */
  readonly kind: 'line' | 'refused' | 'held' | 'ceiling' | 'second' | 'unknown';
  readonly customerId: string;
  readonly externalOrderId: string;
  /** The producer's number of the line; absent for the order as a whole. */
  readonly line?: number;
  readonly text: string;
}

export interface LookedAt {
  readonly findings: readonly OrderFinding[];
  /** What the cart costs, where every line has a price. */
  readonly total?: { readonly amount: string; readonly currency: string };
  /** Lines that a promotion joins. */
  readonly promotions: number;
}

export interface PreflightOrdersDeps extends ReadDeps {
  readonly cartApi: CartApi;
  readonly offers: OfferCache;
}

/** Throws as `budgetedRead`; what was found until then was told. */
export async function preflightOrders(
  deps: PreflightOrdersDeps,
  jobs: readonly OrderJob[],
  onOrder: (looked: LookedAt) => void,
): Promise<void> {
  const subscriptions = new Map<string, Promise<readonly Subscription[] | undefined>>();
  const subscriptionsOf = (customerId: string) => {
    const known = subscriptions.get(customerId) ?? readSubscriptions(deps, customerId);
    subscriptions.set(customerId, known);
    return known;
  };
  await pMap(
    jobs,
    async (job) => {
      if (deps.signal.aborted) return;
      const looked = await lookAt(deps, job);
      const active = await subscriptionsOf(job.customerId);
      const second = active === undefined ? [unknownSubscriptions(job)] : secondSubscriptions(job, active);
      onOrder({ ...looked, findings: [...looked.findings, ...second] });
    },
    { concurrency: readsAtOnce },
  );
}

/** The sums of several orders, by currency. */
export function totalsByCurrency(looked: readonly LookedAt[]): ReadonlyMap<string, string> {
  const sums = new Map<string, Decimal>();
  for (const { total } of looked) {
    const amount = readDecimal(total?.amount);
    if (total === undefined || amount === undefined) continue;
    sums.set(total.currency, add(sums.get(total.currency) ?? zero, amount));
  }
  return new Map([...sums].map(([currency, sum]) => [currency, decimalText(sum)]));
}

/** Renewals of availabilities, as the worker's own. */
const maxRenewals = 2;

async function lookAt(deps: PreflightOrdersDeps, job: OrderJob): Promise<LookedAt> {
  const { customerId, externalOrderId } = job;
  const found = (kind: OrderFinding['kind'], text: string, line?: number): OrderFinding => ({
    kind,
    customerId,
    externalOrderId,
    text,
    ...(line === undefined ? {} : { line }),
  });
  const ends = (...findings: readonly OrderFinding[]): LookedAt => ({ findings, promotions: 0 });
  let making: Making = { job, offers: new Map(), refused: new Set(), mayWait: true, bad: [] };
  for (let renewals = 0; ; ) {
    const step = nextCartStep(making);
    switch (step.kind) {
      case 'resolve': {
        const item = itemOf(step);
        const offers = await resolve(deps, customerId, step);
        making = { ...making, offers: new Map([...making.offers, [item, offers]]) };
        break;
      }
      case 'create': {
        const { content, bad } = step;
        const send = (options: SendOptions) => deps.cartApi.createCart(customerId, content, options);
        const answer = await budgetedRead(deps, customerId, send, decodeMadeCart);
        if (answer.kind !== 'value') {
          const { status, code, description } = answer.reason;
          return ends(found('refused', `${status} ${code}: ${description}`));
        }
        making = { ...making, bad, answered: { content, cart: answer.value } };
        break;
      }
      case 'renew': {
        renewals += 1;
        if (renewals > maxRenewals) return ends(found('refused', 'its availabilities change all the time'));
        const offers = new Map(making.offers);
        for (const item of step.items) {
          offers.delete(item);
          deps.offers.drop(customerId, item);
        }
        making = {
          job,
          offers,
          refused: new Set([...making.refused, ...step.catalogItemIds]),
          mayWait: true,
          bad: [],
        };
        break;
      }
      case 'wait':
        return ends(
          found(
            'refused',
            `the catalogue lists for ${step.items.join(', ')} what a cart refuses: look again later`,
          ),
        );
      case 'fail':
        return ends(
          ...step.bad.map(({ line, code, description }) => found('line', `${code}: ${description}`, line)),
          ...(step.bad.length === 0 ? [found('ceiling', step.stop.description)] : []),
        );
      case 'hold':
        return ends(found('held', step.stop.description));
      case 'ready': {
        const { lines, total, currency } = step.checked;
        return {
          findings: step.bad.map(({ line, code, description }) =>
            found('line', `left out, ${code}: ${description}`, line),
          ),
          promotions: lines.filter(({ promotionId }) => promotionId !== undefined).length,
          ...(total === undefined || currency === undefined ? {} : { total: { amount: total, currency } }),
        };
      }
    }
  }
}

async function resolve(
  deps: PreflightOrdersDeps,
  customerId: string,
  { product, sku }: { readonly product: string; readonly sku: string },
): Promise<Offers> {
  const item = itemOf({ product, sku });
  const known = deps.offers.get(customerId, item);
  if (known !== undefined) return { kind: 'sold', availabilities: known };
  const send = (options: SendOptions) => deps.cartApi.availabilities(customerId, product, sku, options);
  const answer = await budgetedRead(deps, customerId, send, decodeAvailabilities);
  if (answer.kind !== 'value') {
    const { code, description, remedy } = answer.reason;
    return { kind: 'refused', code, description, remedy };
  }
  deps.offers.keep(customerId, item, answer.value);
  return { kind: 'sold', availabilities: answer.value };
}

/** An all-clear is earned: a part of the list does not show what is not there. */
function decodeAll(body: string): Decoded<readonly Subscription[]> {
  const why = whyIncomplete(parseJson(body));
  return why === undefined ? decodeSubscriptions(body) : { ok: false, why, incomplete: true };
}

/** Undefined: they cannot be read. */
async function readSubscriptions(
  deps: PreflightOrdersDeps,
  customerId: string,
): Promise<readonly Subscription[] | undefined> {
  const send = (options: SendOptions) => deps.cartApi.subscriptions({ customerId }, options);
  const answer = await budgetedRead(deps, customerId, send, decodeAll);
  return answer.kind === 'value' ? answer.value : undefined;
}

const unknownSubscriptions = ({ customerId, externalOrderId }: OrderJob): OrderFinding => ({
  kind: 'unknown',
  customerId,
  externalOrderId,
  text: 'the subscriptions of this customer cannot be read: a line may make a second one of what is active',
});

/** A cart line always starts a subscription of its own. */
const secondSubscriptions = (job: OrderJob, active: readonly Subscription[]): readonly OrderFinding[] =>
  job.lines.flatMap((line): OrderFinding[] => {
    const equal = active.filter(
      ({ status, offerId }) => status === 'active' && itemIn(offerId).toUpperCase() === itemOf(line),
    );
    if (equal.length === 0) return [];
    const seats = equal.reduce((sum, { quantity }) => sum + quantity, 0);
    return [
      {
        kind: 'second',
        customerId: job.customerId,
        externalOrderId: job.externalOrderId,
        line: line.line,
        text: `${itemOf(line)} is active with ${seats} seats: this line makes a second subscription, not more seats`,
      },
    ];
  });
