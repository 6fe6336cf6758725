/** The step before the call of a job with order lines: resolves the lines, makes the cart and checks it. */

import {
  cartFailed,
  cartHeld,
  cartLater,
  cartRefused,
  catalogueLags,
  isStaleItem,
} from '../domain/cart/after-cart.ts';
import { decodeAvailabilities, itemIn, itemOf, type Offers } from '../domain/cart/availability.ts';
import type { CartContent } from '../domain/cart/cart-content.ts';
import { type AnsweredCart, decodeMadeCart } from '../domain/cart/decode-made-cart.ts';
import { type CartStep, type Making, nextCartStep } from '../domain/cart/next-cart-step.ts';
import { lookUp } from '../domain/checkout/api-errors.ts';
import { isOver } from '../domain/checkout/claim-rules.ts';
import { type FinalAction, unsent } from '../domain/checkout/next-action.ts';
import { type CheckoutRecord, cartIdOf, type Reason, transition } from '../domain/checkout/record.ts';
import type { LeasedRecord } from '../domain/checkout/send-fence.ts';
import { isOrderJob, type OrderJob } from '../domain/message/job.ts';
import { omitUndefined } from '../domain/omit-undefined.ts';
import { firstSendOf } from './claim.ts';
import { readApi } from './read-api.ts';
import { contextOf, learnedBy, type Run, whileMine, withLearned } from './run.ts';
import { waitForPermit } from './wait-for-permit.ts';

/** What making or repairing a cart leaves to do: send it, or something else. */
export type CartMade =
  | { readonly kind: 'send'; readonly leased: LeasedRecord }
  | { readonly kind: 'action'; readonly action: FinalAction };

const act = (action: FinalAction): CartMade => ({ kind: 'action', action });
const lost: CartMade = act({ kind: 'end', why: 'the lease was lost' });

/**
 * Before the fourth step, for a job that carries lines: resolve → create → check → store → claim the send. `nextCartStep` decides, this
 * does it. A crash before the store leaves a cart that nobody knows; it expires and costs nothing. After the store, that cart is the
 * only one that is ever sent.
 */
export async function makeCart(run: Run, claimed: LeasedRecord): Promise<CartMade> {
  run.leased = claimed;
  const built = await build(run, (content) => askForCart(run, content));
  if (built.kind === 'action') return built;
  const stored = await storeCart(run, built);
  return stored === undefined ? lost : claimSend(run);
}

/**
 * The checkout of this cart was refused for a gone availability, and evidence says that nothing of it was bought: the intended content
 * goes into the record, then into the same cart, which is read and checked like a new one.
 */
export async function repairCart(run: Run, claimed: LeasedRecord): Promise<CartMade> {
  run.leased = claimed;
  const { customerId } = claimed.record;
  // Whatever was known when the refused cart was made is out of date.
  for (const item of new Set(orderJobOf(claimed.record).lines.map(itemOf)))
    run.deps.offers.drop(customerId, item);
  const built = await build(run, (content) => replaceContent(run, content));
  if (built.kind === 'action') return built;
  const { checked, bad } = built;
  const written = await whileMine(run, mine(run)).write((record) => ({
    // guard: Repair: the groups of what the cart held before are forgotten [replace: record]
    ...withoutGroups(record),
    made: checked,
    ...badLinesOf(bad),
    ...(record.repair === undefined ? {} : { repair: { ...record.repair, done: true } }),
  }));
  return written === undefined ? lost : { kind: 'send', leased: mine(run) };
}

type Ready = Extract<CartStep, { kind: 'ready' }>;
type Built = Ready | Extract<CartMade, { kind: 'action' }>;

type Asked =
  | { readonly kind: 'cart'; readonly cart: AnsweredCart }
  /** The request as a whole was refused because an availability in it is gone. */
  | { readonly kind: 'stale' }
  | Extract<CartMade, { kind: 'action' }>;

/** So often a job waits for a catalogue that lists what a cart refuses. Then it counts as what Partner Center says. */
const maxWaits = 3;

/** So often a run asks anew for availabilities that were refused: an API that reissues them faster is left alone for a while. */
const maxRenewals = 2;

async function build(run: Run, ask: (content: CartContent) => Promise<Asked>): Promise<Built> {
  const { record } = mine(run);
  const job = orderJobOf(record);
  let making = fresh(job, (record.catalogueWaits ?? 0) < maxWaits);
  const known: Known = { cached: new Set(), asked: new Set() };
  for (let renewals = 0; ; ) {
    const step = nextCartStep(making);
    const outdated = 'bad' in step ? itemsOf(job, step.bad).filter((item) => known.cached.has(item)) : [];
    // guard: Offers: no line is refused for what was known an hour ago
    if (outdated.length > 0) {
      making = without(run, anew(making), outdated, known);
      continue;
    }
    switch (step.kind) {
      case 'resolve': {
        const found = await resolve(run, step, known);
        if (found.kind === 'action') return found;
        making = { ...making, offers: new Map([...making.offers, [itemOf(step), found.offers]]) };
        break;
      }
      case 'create': {
        const asked = await ask(step.content);
        if (asked.kind === 'action') return asked;
        if (asked.kind === 'cart') {
          making = { ...making, bad: step.bad, answered: { content: step.content, cart: asked.cart } };
          break;
        }
        renewals += 1;
        if (renewals > maxRenewals) return { kind: 'action', action: restless(run) };
        making = without(
          run,
          anew(making),
          step.content.lines.map(({ catalogItemId }) => itemIn(catalogItemId)),
          known,
        );
        break;
      }
      case 'renew':
        renewals += 1;
        if (renewals > maxRenewals) return { kind: 'action', action: restless(run) };
        making = {
          ...without(run, anew(making), step.items, known),
          refused: new Set([...making.refused, ...step.catalogItemIds]),
        };
        break;
      case 'wait':
        for (const item of step.items) run.deps.offers.drop(record.customerId, item);
        return { kind: 'action', action: restless(run) };
      case 'fail':
        keep(run, { ...mine(run).record, ...badLinesOf(step.bad) });
        return { kind: 'action', action: cartFailed(step.stop, contextOf(run)) };
      case 'hold':
        return { kind: 'action', action: cartHeld(step.stop, contextOf(run)) };
      case 'ready':
        return step;
    }
  }
}

const fresh = (job: OrderJob, mayWait: boolean): Making => ({
  job,
  offers: new Map(),
  refused: new Set(),
  mayWait,
  bad: [],
});

/** The same, without the cart that was answered and what it refused. */
const anew = ({ answered: _, ...making }: Making): Making => ({ ...making, bad: [] });

/** Where this run has its offers from, by `product:sku`. */
interface Known {
  /** Known before this run, and perhaps out of date. */
  readonly cached: Set<string>;
  /** To be asked of Partner Center, whatever the cache says: a run never comes back to what it has found out of date. */
  readonly asked: Set<string>;
}

/** Forgets these items, here and in the cache. */
function without(run: Run, making: Making, items: readonly string[], { cached, asked }: Known): Making {
  const offers = new Map(making.offers);
  for (const item of items) {
    offers.delete(item);
    cached.delete(item);
    asked.add(item);
    // guard: Offers: a refused availability is dropped at once
    run.deps.offers.drop(mine(run).record.customerId, item);
  }
  return { ...making, offers };
}

const itemsOf = (job: OrderJob, bad: readonly { readonly line: number }[]): readonly string[] => [
  ...new Set(job.lines.filter(({ line }) => bad.some((one) => one.line === line)).map(itemOf)),
];

const restless = (run: Run): FinalAction => catalogueLags(mine(run).record, contextOf(run));

/** The customer's offers of one product and SKU: from the cache, or from Partner Center. */
async function resolve(
  run: Run,
  { product, sku }: Extract<CartStep, { kind: 'resolve' }>,
  { cached, asked }: Known,
): Promise<{ readonly kind: 'offers'; readonly offers: Offers } | Extract<CartMade, { kind: 'action' }>> {
  const { cartApi, offers } = run.deps;
  const { customerId } = mine(run).record;
  const item = itemOf({ product, sku });
  const known = asked.has(item) ? undefined : offers.get(customerId, item);
  if (known !== undefined) {
    cached.add(item);
    return { kind: 'offers', offers: { kind: 'sold', availabilities: known } };
  }
  const read = await readApi(
    run,
    mine(run).record,
    'availabilities',
    (options) => cartApi.availabilities(customerId, product, sku, options),
    decodeAvailabilities,
  );
  keep(run, read.record);
  switch (read.kind) {
    case 'value':
      offers.keep(customerId, item, read.value);
      return { kind: 'offers', offers: { kind: 'sold', availabilities: read.value } };
    case 'later':
      return { kind: 'action', action: cartLater(read.record, read.at, read.why, contextOf(run)) };
    case 'gone':
    case 'refused': {
      const { code, description, remedy } = read.reason;
      if (!isForGood(read.reason))
        return { kind: 'action', action: cartRefused(read.record, read.reason, contextOf(run)) };
      return { kind: 'offers', offers: { kind: 'refused', code, description, remedy } };
    }
  }
}

const isForGood = (reason: Reason): boolean => {
  const { action } = lookUp(reason.status ?? 0, reason.code);
  return action === 'permanent' || action === 'stale-item';
};

/** `POST …/carts`. An answer that is lost leaves a cart behind; the next one is another. */
async function askForCart(run: Run, content: CartContent): Promise<Asked> {
  const { customerId } = mine(run).record;
  const read = await readApi(
    run,
    mine(run).record,
    'create-cart',
    (options) => run.deps.cartApi.createCart(customerId, content, options),
    decodeMadeCart,
  );
  return answered(run, read);
}

/** Record, PUT, GET: the answer of a PUT alone was seen to show what the cart held before. */
async function replaceContent(run: Run, content: CartContent): Promise<Asked> {
  const { cartApi, partnerCenter, clock, times } = run.deps;
  const written = await whileMine(run, mine(run)).write((record) => ({
    ...record,
    // guard: Repair: the intended content is in the ledger before the PUT
    ...(record.repair === undefined ? {} : { repair: { ...record.repair, intended: content } }),
    lease: { id: mine(run).leaseId, until: clock.now() + times.lease },
  }));
  if (written === undefined) return { kind: 'action', action: { kind: 'end', why: 'the lease was lost' } };
  const { customerId } = written;
  const cartId = cartIdOf(written);
  const put = await readApi(
    run,
    mine(run).record,
    'put-cart',
    (options) => cartApi.putCart(customerId, cartId, content, options),
    decodeMadeCart,
  );
  if (put.kind === 'gone') return notFoundNow(run, put.record);
  const replaced = answered(run, put);
  if (replaced.kind !== 'cart') return replaced;
  const read = await readApi(
    run,
    mine(run).record,
    'cart',
    (options) => partnerCenter.cart(customerId, cartId, options),
    decodeMadeCart,
  );
  if (read.kind === 'gone') return notFoundNow(run, read.record);
  const found = answered(run, read);
  if (found.kind !== 'cart' || found.cart.id === cartId) return found;
  const why = `Partner Center answered with cart ${found.cart.id} in place of ${cartId}`;
  return {
    kind: 'action',
    action: cartLater(read.record, clock.now() + times.inProgressLater, why, contextOf(run)),
  };
}

/** The cart was there a moment ago, and one 404 proves nothing. The next evidence looks for it twice. */
function notFoundNow(run: Run, record: CheckoutRecord): Asked {
  keep(run, record);
  const { clock, times } = run.deps;
  const why = 'its cart was not found, though it was there a moment before';
  return {
    kind: 'action',
    action: cartLater(record, clock.now() + times.inProgressLater, why, contextOf(run)),
  };
}

function answered(run: Run, read: Awaited<ReturnType<typeof readApi<AnsweredCart>>>): Asked {
  keep(run, read.record);
  switch (read.kind) {
    case 'value':
      return { kind: 'cart', cart: read.value };
    case 'later':
      return { kind: 'action', action: cartLater(read.record, read.at, read.why, contextOf(run)) };
    case 'gone':
    case 'refused':
      return isStaleItem(read.reason)
        ? { kind: 'stale' }
        : { kind: 'action', action: cartRefused(read.record, read.reason, contextOf(run)) };
  }
}

/** Evidence reads the groups of the new content: an order of it would else be looked for in vain. */
const withoutGroups = ({ groups: _, ...record }: CheckoutRecord): CheckoutRecord => record;

/** From here on no other cart is sent for this job, unless this one expires before anything was. Undefined: the lease is lost. */
async function storeCart(run: Run, { cart, checked, bad }: Ready): Promise<LeasedRecord | undefined> {
  const { ledger, random, clock, times } = run.deps;
  let { record, etag, leaseId } = mine(run);
  const learned = learnedBy(record);
  for (;;) {
    const now = clock.now();
    const { badLines: _, ...rest } = record;
    const next: CheckoutRecord = {
      ...rest,
      cartId: cart.id,
      made: checked,
      ...badLinesOf(bad),
      lease: { id: leaseId, until: now + times.lease },
      updatedAt: now,
    };
    const written = await ledger.storeCart({ record: next, cartId: cart.id, etag, writeId: random.guid() });
    if (written.kind === 'written') {
      run.leased = { record: next, etag: written.etag, leaseId };
      return run.leased;
    }
    // A message was merged meanwhile, or another run has taken over: its cart is the one that counts then.
    const found = await ledger.read(record.jobKey);
    if (found?.value.lease?.id !== leaseId) return undefined;
    record = withLearned(found.value, learned);
    etag = found.etag;
  }
}

/** The send is in the ledger before the call, as of any job: a crash after this leads to evidence. */
async function claimSend(run: Run): Promise<CartMade> {
  const { clock, times } = run.deps;
  const { record } = mine(run);
  // The fence ends a job whose time is over, or whose batch is stopped.
  if (run.stopped !== undefined || isOver(record.job, clock.now()))
    return { kind: 'send', leased: mine(run) };
  const waited = await waitForPermit(run, times.callTimeout);
  if (waited.kind === 'none') return act(unsent(waited.until, waited.why));
  const written = await whileMine(run, mine(run)).write((current) => {
    const now = clock.now();
    return {
      ...current,
      state: transition(current.state, 'submit'),
      ...firstSendOf(run, current, now),
      // guard: Last send: written before the checkout of a new cart
      lastSend: now,
      unansweredSends: current.unansweredSends + 1,
      reconciliations: 0,
      lease: { id: mine(run).leaseId, until: now + times.lease },
      updatedAt: now,
    };
  });
  return written === undefined ? lost : { kind: 'send', leased: mine(run) };
}

const badLinesOf = (bad: Ready['bad']): Pick<CheckoutRecord, 'badLines'> =>
  omitUndefined({ badLines: bad.length === 0 ? undefined : bad });

function mine({ leased, delivery }: Run): LeasedRecord {
  if (leased === undefined) throw new Error(`Job ${delivery.jobKey}: a cart is made by whoever claimed it`);
  return leased;
}

function keep(run: Run, record: CheckoutRecord): void {
  run.leased = { ...mine(run), record };
}

function orderJobOf({ job, jobKey }: CheckoutRecord): OrderJob {
  if (!isOrderJob(job)) throw new Error(`Job ${jobKey} carries a cart, so none is made for it`);
  return job;
}
