import { cartNotFound, dropped, gatewayRefusal, type Reply, refusal, unauthorized } from './answer.ts';
import type { Call } from './calls.ts';
import { type Cart, type CheckoutResult, type GroupError, groupsOf } from './carts.ts';
import { type Course, delayOf, type Struck } from './faults.ts';
import { makeOrder } from './orders.ts';
import { logNormal, within } from './random.ts';
import type { Switches } from './switches.ts';
import { checkoutBody } from './wire.ts';
import type { World } from './world.ts';

type Decision =
  | { readonly act: 'refuse'; readonly reply: Reply }
  | { readonly act: 'replay'; readonly result: CheckoutResult }
  | { readonly act: 'wait'; readonly until: Promise<void> }
  | { readonly act: 'execute'; readonly cart: Cart; readonly open: readonly string[] };

/** What a checkout call does, by the state of its cart and the contract. Pure. */
function decide(
  cart: Cart | undefined,
  { cartId, requestId }: { cartId: string; requestId: string },
  switches: Pick<Switches, 'contract' | 'forgetRequestIds' | 'sameRequest'>,
  isOnSale: (catalogItemId: string) => boolean,
): Decision {
  const refuse = (http: number, code: number, description: string): Decision => ({
    act: 'refuse',
    reply: refusal(http, code, description),
  });
  if (!cart) return { act: 'refuse', reply: cartNotFound(cartId) };
  if (cart.running) {
    return cart.running.requestId === requestId && switches.sameRequest === 'wait'
      ? { act: 'wait', until: cart.running.ended }
      : refuse(409, 800064, `Cart ${cart.id} is being processed by another request.`);
  }
  const known = switches.forgetRequestIds ? undefined : cart.remembered.get(requestId);
  if (known) return { act: 'replay', result: known };
  if (cart.status === 'Ordered') {
    return switches.contract === 'replay' && cart.result
      ? { act: 'replay', result: cart.result }
      : refuse(400, 800065, `Cannot check out an already submitted cart ${cart.id}.`);
  }
  if (cart.lines.length === 0 || cart.lines.some((line) => line.error)) {
    return refuse(400, 800009, `Cart ${cart.id} has items with errors.`);
  }
  const gone = cart.lines.find((line) => !isOnSale(line.catalogItemId));
  if (gone) return refuse(404, 400019, `The availability of ${gone.catalogItemId} is not found.`);
  const made = new Set(cart.orders.map((order) => order.group));
  return { act: 'execute', cart, open: [...groupsOf(cart).keys()].filter((group) => !made.has(group)) };
}

interface Plan {
  readonly made: readonly string[];
  readonly errors: readonly GroupError[];
  readonly status: Cart['status'];
}

/** Which of the open groups become orders, and what the cart is afterwards. Pure. */
function planCommit(open: readonly string[], course: Course | undefined): Plan {
  if ((course?.kind === 'error' || course?.kind === 'drop') && course.when !== 'after') {
    return { made: course.when === 'between' ? open.slice(0, 1) : [], errors: [], status: 'Active' };
  }
  if (course?.kind === 'partial') {
    const failing = new Set(course.groups ?? open.slice(-1));
    const errors = open
      .filter((group) => failing.has(group))
      .map((group) => ({ orderGroupId: group, code: course.code, description: 'The order group failed.' }));
    const status = errors.length === 0 ? 'Ordered' : course.cart;
    return { made: open.filter((group) => !failing.has(group)), errors, status };
  }
  return { made: open, errors: [], status: 'Ordered' };
}

/** The reply that a fault puts in place of the good one; undefined when it does not replace it. */
export function replacement(course: Course | undefined, tenantId: string): Reply | undefined {
  if (course?.kind === 'drop') return dropped;
  if (course?.kind !== 'error') return undefined;
  const { http, code, description = 'Injected fault.' } = course;
  if (http === 401) return unauthorized(tenantId, typeof code === 'number' ? code : undefined, description);
  return code === undefined ? gatewayRefusal(http, description) : refusal(http, code, description);
}

/** One checkout call from its arrival to its reply. It goes on to its commit when the client has left. */
export async function runCheckout(
  world: World,
  target: { customerId: string; cartId: string; requestId: string },
  call: Call,
  struck: Struck,
): Promise<Reply> {
  const { course } = struck;
  const cart = world.carts.find(target.customerId, target.cartId, world.clock.now());
  const decision = decide(cart, target, world.switches, world.availabilities.isOnSale);
  if (decision.act === 'wait') {
    await decision.until;
    return runCheckout(world, target, call, struck);
  }
  if (decision.act === 'execute') return execute(world, decision.cart, decision.open, call, struck);
  await world.linger(world.switches.latency.read, 'checkout', call.number);
  if (course?.kind === 'delay') await world.clock.sleep(world.scaled(course.ms));
  const spoiled = replacement(course, world.credentials.tenantId);
  if (spoiled) return spoiled;
  if (decision.act === 'refuse') return decision.reply;
  call.effect = 'replayed';
  return { http: 200, body: checkoutBody(decision.result, world.clock.now()) };
}

/** Holds the cart's lock from here to the reply; the orders come to exist half way. */
async function execute(
  world: World,
  cart: Cart,
  open: readonly string[],
  call: Call,
  struck: Struck,
): Promise<Reply> {
  const { course } = struck;
  const attempt = cart.attempts;
  cart.attempts += 1;
  const lock = Promise.withResolvers<void>();
  cart.running = { requestId: call.requestId, ended: lock.promise };
  const half = world.scaled(checkoutTime(world, cart, open.length, attempt)) / 2;
  try {
    await world.clock.sleep(half + world.scaled(delayOf(course, 'before')));
    const result = commit(world, cart, planCommit(open, course), attempt, call, struck);
    await world.clock.sleep(half + world.scaled(delayOf(course, 'after')));
    const spoiled = replacement(course, world.credentials.tenantId);
    return spoiled ?? { http: 201, body: checkoutBody(result, world.clock.now()) };
  } finally {
    cart.running = undefined;
    lock.resolve();
  }
}

function checkoutTime(world: World, cart: Cart, groups: number, attempt: number): number {
  const { checkoutBase, perGroup, sigma } = world.switches.latency;
  const fraction = (what: string): number => world.draw.fraction('checkout', what, cart.id, attempt);
  const typical = checkoutBase + groups * within(perGroup, fraction('group'));
  return typical * logNormal(sigma, fraction('tail one'), fraction('tail two'));
}

/** The one place where orders come to exist. */
function commit(
  world: World,
  cart: Cart,
  plan: Plan,
  attempt: number,
  call: Call,
  struck: Struck,
): CheckoutResult {
  const now = world.clock.now();
  const groups = groupsOf(cart);
  const origin = {
    customerId: cart.customerId,
    cartId: cart.id,
    attempt,
    correlationId: call.correlationId,
    requestId: call.requestId,
    call: call.number,
    hidden: struck.spoils.some(({ kind }) => kind === 'hidden'),
  };
  const made = plan.made.map((group) =>
    makeOrder({ ...origin, group }, groups.get(group) ?? [], world.orderTimes(), world.draw, now),
  );
  for (const order of made) world.orders.add(order);
  const order = [...groups.keys()];
  cart.orders = [...cart.orders, ...made].sort((a, b) => order.indexOf(a.group) - order.indexOf(b.group));
  cart.status = plan.status;
  const result: CheckoutResult = { orders: cart.orders, errors: plan.errors };
  cart.result = result;
  if (plan.status === 'Ordered' || plan.errors.length > 0) cart.remembered.set(call.requestId, result);
  if (made.length > 0) {
    cart.modifiedAt = now;
    call.effect = 'created';
    call.committedAt = now;
    call.orderIds = made.map(({ id }) => id);
    world.awaiting.committed(call.number);
  }
  return result;
}
