import type { IncomingMessage } from 'node:http';
import * as z from 'zod/mini';
import {
  type Answer,
  cartNotFound,
  gatewayRefusal,
  ok,
  type Reply,
  refusal,
  unauthorized,
} from './answer.ts';
import type { Call } from './calls.ts';
import type { CartLine, WantedLine } from './cart-line.ts';
import { arrangeLines, newCart } from './carts.ts';
import { replacement, runCheckout } from './checkout.ts';
import { type Course, delayOf, type Operation, type Struck } from './faults.ts';
import type { OrderRecord } from './orders.ts';
import {
  availabilitiesBody,
  checkedLine,
  findProduct,
  type Product,
  productBody,
  products,
  skuBody,
} from './products.ts';
import { cartBody, collectionBody, orderBody, provisioningBody, subscriptionsOf } from './wire.ts';
import type { World } from './world.ts';

/** The API that tokens must be meant for. */
export const audience = 'https://api.partnercenter.microsoft.com';

export interface Route {
  readonly operation: Operation;
  /** Lower-cased. */
  readonly customerId: string;
  /** The cart's or the order's id as written: order ids are case-sensitive. */
  readonly id: string;
  readonly query: URLSearchParams;
}

const routes: readonly [method: string, pattern: RegExp, operation: Operation][] = [
  ['POST', /^\/v1\/customers\/([^/]+)\/carts$/i, 'create-cart'],
  ['GET', /^\/v1\/customers\/([^/]+)\/carts\/([^/]+)$/i, 'get-cart'],
  ['PUT', /^\/v1\/customers\/([^/]+)\/carts\/([^/]+)$/i, 'replace-cart'],
  ['POST', /^\/v1\/customers\/([^/]+)\/carts\/([^/]+)\/checkout$/i, 'checkout'],
  ['GET', /^\/v1\/customers\/([^/]+)\/(products\/[^/]+\/skus\/[^/]+)\/availabilities$/i, 'availabilities'],
  ['GET', /^\/v1\/customers\/([^/]+)\/agreements$/i, 'agreements'],
  ['GET', /^\/v1\/customers\/([^/]+)\/orders$/i, 'list-orders'],
  ['GET', /^\/v1\/customers\/([^/]+)\/orders\/([^/]+)$/i, 'get-order'],
  ['GET', /^\/v1\/customers\/([^/]+)\/orders\/([^/]+)\/provisioningstatus$/i, 'provisioning-status'],
  ['GET', /^\/v1\/customers\/([^/]+)\/subscriptions$/i, 'subscriptions'],
];

/** Without a customer: what a market is sold. */
const marketRoutes: readonly [pattern: RegExp, operation: Operation][] = [
  [/^\/v1\/(products\/[^/]+\/skus\/[^/]+)\/availabilities$/i, 'availabilities'],
  [/^\/v1\/(products\/[^/]+\/skus\/[^/]+)$/i, 'sku'],
  [/^\/v1\/(products\/[^/]+)$/i, 'product'],
];

export function findRoute(method: string, url: string): Route | undefined {
  const { pathname, searchParams } = new URL(url, 'http://sandbox');
  for (const [wanted, pattern, operation] of routes) {
    const match = method === wanted ? pattern.exec(pathname) : null;
    if (match) {
      const [, customerId = '', id = ''] = match;
      return { operation, customerId: customerId.toLowerCase(), id, query: searchParams };
    }
  }
  for (const [pattern, operation] of marketRoutes) {
    const match = method === 'GET' ? pattern.exec(pathname) : null;
    if (match) return { operation, customerId: '', id: match[1] ?? '', query: searchParams };
  }
  return undefined;
}

/** Why the bearer token is refused, or the kind of token that it is. */
function authorize(world: World, header: string | undefined): Answer | 'app' | 'user' {
  const { tenantId } = world.credentials;
  const claims = world.tokens.read(/^Bearer (.+)$/i.exec(header ?? '')?.[1] ?? '');
  const now = world.clock.now();
  if (!claims || now >= claims.expiresAt || claims.issuedAt < world.switches.tokensValidFrom) {
    return unauthorized(tenantId);
  }
  if (claims.aud !== audience) {
    return unauthorized(tenantId, 900420, `The token is for ${claims.aud}, not for ${audience}.`);
  }
  return claims.idtyp;
}

function throttled(call: Call, retryAfter: string | undefined, scope: 'partner' | 'customer'): Reply {
  call.throttled = true;
  call.throttleScope = scope;
  return gatewayRefusal(
    429,
    `Rate limit is exceeded. Try again in ${retryAfter ?? 'a few'} seconds.`,
    retryAfter === undefined ? {} : { 'Retry-After': retryAfter },
  );
}

/** The gateway's say: storm, then limiter. A refused call has counted. */
function gateway(world: World, call: Call, customerId: string): Reply | undefined {
  const now = world.clock.now();
  const wait = world.limit(customerId);
  const { storm, limiter } = world.switches;
  if (storm && now < storm.until) return throttled(call, String(storm.retryAfter), 'partner');
  if (wait === 0) return undefined;
  return throttled(
    call,
    String(Math.max(1, Math.ceil(wait / 1_000))),
    limiter?.kind === 'customer' ? 'customer' : 'partner',
  );
}

function throttleFault(world: World, call: Call, course: Course & { kind: 'throttle' }): Reply {
  const { retryAfter, carts, customers } = course;
  const text =
    typeof retryAfter === 'object'
      ? 'text' in retryAfter
        ? retryAfter.text
        : // An HTTP date has whole seconds: rounded up, so that the wait is not shorter than asked for.
          new Date(Math.ceil(world.clock.now() / 1_000 + retryAfter.dateIn) * 1_000).toUTCString()
      : retryAfter?.toString();
  return throttled(call, text, carts || customers ? 'customer' : 'partner');
}

/** Answers one API call. `body` is the request's, already read. */
export async function respond(
  world: World,
  request: Pick<IncomingMessage, 'headers'>,
  route: Route | undefined,
  body: string,
  call: Call,
): Promise<{ reply: Reply; struck: Struck }> {
  const whole: Struck = { spoils: [] };
  if (!route) return { reply: refusal(404, 1000, 'Resource not found.'), struck: whole };
  const { operation, customerId, id } = route;
  const who = authorize(world, request.headers.authorization);
  if (typeof who === 'object') return { reply: who, struck: whole };
  const stopped = gateway(world, call, customerId);
  if (stopped) return { reply: stopped, struck: whole };
  if (customerId !== '' && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(customerId)) {
    return { reply: refusal(400, 900118, 'The customer id is not valid.'), struck: whole };
  }
  const struck = world.pickFaults({ operation, customerId, id });
  const { course } = struck;
  const names = [...(course ? [course] : []), ...struck.spoils].map(({ kind }) => kind);
  if (names.length > 0) call.faults = names;
  if (course?.kind === 'throttle') return { reply: throttleFault(world, call, course), struck };
  if (isWithoutAgreement(world, operation, customerId)) {
    return { reply: refusal(403, 13605, 'The Microsoft Customer Agreement is not accepted.'), struck };
  }
  if (course?.kind === 'reissue') reissueLines(world, route, body);
  if (operation === 'checkout') {
    const target = { customerId, cartId: id, requestId: call.requestId };
    return { reply: await runCheckout(world, target, call, struck), struck };
  }
  await world.linger(world.switches.latency.read, operation, call.number);
  await world.clock.sleep(world.scaled(delayOf(course, 'before')));
  const reply = replacement(course, world.credentials.tenantId) ?? serve(world, operation, route, body, who);
  if (operation !== 'create-cart' && operation !== 'replace-cart') call.effect = 'read';
  if (operation === 'create-cart' && reply !== 'dropped' && reply.http === 201)
    world.creating.committed(call.number);
  await world.clock.sleep(world.scaled(delayOf(course, 'after')));
  return { reply, struck };
}

const linesSchema = z.object({
  lineItems: z
    .array(z.looseObject({ catalogItemId: z.string(), quantity: z.number().check(z.int(), z.positive()) }))
    .check(z.minLength(1)),
});

const isWithoutAgreement = (world: World, operation: Operation, customerId: string): boolean =>
  (operation === 'create-cart' || operation === 'checkout') &&
  world.switches.withoutAgreement.some((id) => id.toLowerCase() === customerId);

/** Other availabilities for what a create asks for, or what the cart of a checkout holds. */
function reissueLines(world: World, { customerId, id }: Route, body: string): void {
  const lines = readLines(body) ?? world.carts.find(customerId, id, world.clock.now())?.lines ?? [];
  for (const item of new Set(lines.map(({ catalogItemId }) => catalogItemId)))
    world.availabilities.reissue(item);
}

/** Fills in what the server fills in, and finds what is wrong with each line; seats are pooled over the customer's orders. */
function lineCheck(world: World, customerId: string): (line: CartLine) => CartLine {
  const bought = (product: Product): number =>
    world.orders
      .ofCustomer(customerId)
      .flatMap(({ lines }) => lines)
      .filter(({ line }) => findProduct(line.catalogItemId) === product)
      .reduce((sum, { line }) => sum + line.quantity, 0);
  const seatsLeft = (product: Product): number => product.maximumQuantity - bought(product);
  return (line) => checkedLine(line, { availabilities: world.availabilities, seatsLeft });
}

/** The lines of a create or replace body; undefined when they cannot be taken. */
function readLines(body: string): readonly WantedLine[] | undefined {
  try {
    return linesSchema.parse(JSON.parse(body)).lineItems;
  } catch {
    return undefined;
  }
}

function serve(
  world: World,
  operation: Exclude<Operation, 'checkout'>,
  { customerId, id, query }: Route,
  body: string,
  who: 'app' | 'user',
): Reply {
  const now = world.clock.now();
  const withPrice = query.get('include_price') === 'true';
  const readable = (order: OrderRecord | undefined): OrderRecord | undefined =>
    order && order.customerId === customerId && now >= order.readableAt ? order : undefined;
  switch (operation) {
    case 'create-cart': {
      const lines = readLines(body);
      if (!lines) return refusal(400, 800002, 'The input is not valid: lineItems.');
      const cartId = world.draw.guid('posted cart', world.carts.size);
      const life = world.scaled(world.switches.cartLife);
      const cart = newCart({ customerId, cartId }, lines, now, life, lineCheck(world, customerId));
      world.carts.add(cart);
      return ok(cartBody(cart), 201);
    }
    case 'replace-cart': {
      const cart = world.carts.find(customerId, id, now);
      const lines = readLines(body);
      if (!cart) return cartNotFound(id);
      if (!lines) return refusal(400, 800002, 'The input is not valid: lineItems.');
      if (cart.running) return refusal(409, 800064, `Cart ${id} is being processed by another request.`);
      if (cart.status === 'Ordered') return refusal(400, 800065, `Cart ${id} is already submitted.`);
      cart.lines = arrangeLines(lines, lineCheck(world, customerId));
      cart.modifiedAt = now;
      return ok(cartBody(cart), 201);
    }
    case 'get-cart': {
      const cart = world.carts.find(customerId, id, now);
      return cart ? ok(cartBody(cart)) : cartNotFound(id);
    }
    case 'availabilities':
    case 'sku':
    case 'product': {
      const [, product = '', , sku = ''] = id.split('/');
      const found =
        sku === '' ? products.find((one) => one.product === product) : findProduct(`${product}:${sku}`);
      if (found === undefined) {
        const code = products.some((one) => one.product === product) ? 400018 : 400013;
        return refusal(404, code, `${id} is not found in this market.`);
      }
      if (operation === 'product') return ok(productBody(found));
      if (operation === 'sku') return ok(skuBody(found));
      return ok(collectionBody(availabilitiesBody(found, world.availabilities)));
    }
    case 'agreements': {
      if (who === 'app') return refusal(403, 900329, 'App-only tokens are not supported for this resource.');
      const isSigned = !isWithoutAgreement(world, 'checkout', customerId);
      const agreement = {
        agreementType: 'MicrosoftCustomerAgreement',
        agreementLink: 'https://aka.ms/customeragreement',
      };
      return ok(collectionBody(isSigned ? [agreement] : []));
    }
    case 'get-order': {
      const order = readable(world.orders.get(id));
      return order ? ok(orderBody(order, now, withPrice)) : refusal(404, 20000, `Order ${id} is not found.`);
    }
    case 'list-orders': {
      const listed = world.orders.ofCustomer(customerId).filter((order) => now >= order.listedAt);
      const items = listed.map((order) => orderBody(order, now, withPrice));
      return ok(collectionBody(items, `/customers/${customerId}/orders`));
    }
    case 'provisioning-status': {
      if (who === 'app') return refusal(403, 900329, 'App-only tokens are not supported for this resource.');
      const order = readable(world.orders.get(id));
      return order
        ? ok(provisioningBody(order, now))
        : refusal(404, 800007, 'Provisioning status is not available.');
    }
    case 'subscriptions': {
      const orderId = query.get('order_id');
      const listed = world.orders
        .ofCustomer(customerId)
        .filter((one) => now >= one.listedAt && (orderId === null || one.id === orderId));
      const { cancellationDates } = world.switches;
      return ok(collectionBody(listed.flatMap((one) => subscriptionsOf(one, now, cancellationDates))));
    }
  }
}
