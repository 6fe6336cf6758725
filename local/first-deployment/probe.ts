/**
 * Buys one cart at Partner Center's integration sandbox, loses the answer on purpose, asks again, lists and cancels. So it finds out which
 * of the documented contracts holds for a repeated checkout, and how far the order list lags.
 */
import { randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import * as z from 'zod/mini';
import { messageOf } from '../../src/domain/text.ts';

export interface ProbeOptions {
  /** Address of the API, without a slash at its end. */
  readonly api: string;
  readonly token: () => Promise<string>;
  readonly customerId: string;
  /** A cart that is ready for checkout; or what a new one is made of. */
  readonly cart:
    | { readonly cartId: string }
    | { readonly catalogItemId: string; readonly termDuration: string };
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly say: (text: string) => void;
}

export interface Answer {
  readonly status: number;
  /** The API's code, where the body has one. */
  readonly code: string;
  readonly orderIds: readonly string[];
}

export interface ProbeResult {
  readonly cartId: string;
  /** Ms from the lost call until the cart was `ordered`; undefined: it never was within ten minutes. */
  readonly orderedAfter: number | undefined;
  readonly sameRequestId: Answer;
  readonly otherRequestId: Answer;
  /** Ms until the list of orders had the first order; undefined: not within ten minutes. */
  readonly listedAfter: number | undefined;
  readonly orders: readonly string[];
  /** Status of each cancellation. */
  readonly cancelled: readonly number[];
}

const patience = 10 * 60_000;
const lookEvery = 5_000;

/** Throws when a step cannot be made, in words; they say whether the cart may have been bought. */
export async function probe(options: ProbeOptions): Promise<ProbeResult> {
  const ask: Ask = (method, path, body, requestId = randomUUID()) =>
    send(options, { method, path: `/v1/customers/${options.customerId}${path}`, body, requestId });
  const ready = await prepare(options, ask).catch((error: unknown) => {
    throw new Error(`${messageOf(error)} Nothing was bought.`);
  });
  options.say(`Cart ${ready.cartId}.`);
  return buy(options, ask, ready).catch((error: unknown) => {
    throw new Error(
      `${messageOf(error)} The cart ${ready.cartId} may have been bought: look for its order of today, and cancel it.`,
    );
  });
}

interface Ready {
  readonly cartId: string;
  /** Orders that the customer had before. */
  readonly before: ReadonlySet<string>;
}

/** Reads what has to be right before anything is bought. */
async function prepare({ customerId, cart }: ProbeOptions, ask: Ask): Promise<Ready> {
  const orders = await ask('GET', '/orders');
  if (orders.status !== 200)
    throw new Error(`The orders of customer ${customerId} cannot be read: ${shortly(orders)}.`);
  const before = new Set(ordersIn(orders.body));
  if (!('cartId' in cart)) return { cartId: await makeCart(ask, cart), before };
  const found = await ask('GET', `/carts/${cart.cartId}`);
  if (found.status !== 200) throw new Error(`The cart ${cart.cartId} cannot be read: ${shortly(found)}.`);
  const status = statusShape.safeParse(found.body).data?.status;
  if (status !== 'active')
    throw new Error(`The cart ${cart.cartId} is ${status ?? 'of no status'}; it must be active.`);
  return { cartId: cart.cartId, before };
}

async function buy(options: ProbeOptions, ask: Ask, { cartId, before }: Ready): Promise<ProbeResult> {
  const { customerId, now, sleep, say } = options;
  const base = `/v1/customers/${customerId}`;
  const requestId = randomUUID();
  const sentAt = now();
  await send(options, { method: 'POST', path: `${base}/carts/${cartId}/checkout`, requestId, loses: true });
  say('Checkout sent, and its answer lost on purpose.');
  const within = async (holds: () => Promise<boolean>): Promise<number | undefined> => {
    for (;;) {
      if (await holds()) return now() - sentAt;
      if (now() - sentAt > patience) return undefined;
      await sleep(lookEvery);
    }
  };
  const orderedAfter = await within(
    async () => statusShape.safeParse((await ask('GET', `/carts/${cartId}`)).body).data?.status === 'ordered',
  );
  say(
    orderedAfter === undefined
      ? 'The cart was not ordered.'
      : `The cart was ordered after ${seconds(orderedAfter)}.`,
  );

  const sameRequestId = answerOf(await ask('POST', `/carts/${cartId}/checkout`, undefined, requestId));
  say(`The same call with the same MS-RequestId: ${inWords(sameRequestId)}.`);
  const otherRequestId = answerOf(await ask('POST', `/carts/${cartId}/checkout`));
  say(`The same call with another MS-RequestId: ${inWords(otherRequestId)}.`);

  let orders: readonly string[] = [];
  const listedAfter = await within(async () => {
    orders = ordersIn((await ask('GET', '/orders')).body).filter((id) => !before.has(id));
    return orders.length > 0;
  });
  say(
    listedAfter === undefined
      ? 'The list shows no new order.'
      : `The list has it after ${seconds(listedAfter)}.`,
  );
  const cancelled: number[] = [];
  for (const id of new Set([...orders, ...sameRequestId.orderIds, ...otherRequestId.orderIds])) {
    const { status } = await ask('PATCH', `/orders/${id}`, { id, status: 'cancelled' });
    cancelled.push(status);
    say(`Order ${id} cancelled: ${status}${status < 300 ? '' : '. CANCEL IT BY HAND'}.`);
  }
  return { cartId, orderedAfter, sameRequestId, otherRequestId, listedAfter, orders, cancelled };
}

export interface ProbeVerdict {
  readonly contract: 'replay' | 'already-submitted' | 'buys-again' | 'unknown';
  readonly settings: Readonly<Record<string, string>>;
  readonly words: string;
}

const alreadySubmitted = '800065';

/** Which contract the answers show, and the settings that follow. Pure. */
export function verdictOf(result: ProbeResult): ProbeVerdict {
  const { orderedAfter, sameRequestId, otherRequestId, orders } = result;
  const answers = [sameRequestId, otherRequestId];
  const first = new Set(sameRequestId.orderIds);
  const again = otherRequestId.orderIds.some((id) => !first.has(id)) && first.size > 0;
  const more = orders.length > Math.max(sameRequestId.orderIds.length, otherRequestId.orderIds.length, 1);
  if (orderedAfter === undefined)
    return {
      contract: 'unknown',
      settings: { REPEAT_ORDERED_CART: 'false' },
      words: 'The lost call was not executed, so nothing is known of a repeat. Run the probe again.',
    };
  if (again || (more && !answers.some(({ code }) => code === alreadySubmitted)))
    return {
      contract: 'buys-again',
      settings: { REPEAT_ORDERED_CART: 'false' },
      words: 'A repeat made new orders. Neither documented contract holds: nothing ordered may be repeated.',
    };
  if (otherRequestId.code === alreadySubmitted)
    return {
      contract: 'already-submitted',
      settings: { REPEAT_ORDERED_CART: 'true' },
      words:
        'A repeat is answered with 800065 and buys nothing; with the same MS-RequestId it may get its first answer.',
    };
  if (otherRequestId.status < 300 && otherRequestId.orderIds.length > 0)
    return {
      contract: 'replay',
      settings: { REPEAT_ORDERED_CART: 'true' },
      words: 'A repeat is answered with the orders of the first call and buys nothing.',
    };
  return {
    contract: 'unknown',
    settings: { REPEAT_ORDERED_CART: 'false' },
    words: 'The answers fit none of the documented contracts.',
  };
}

type Ask = (method: string, path: string, body?: unknown, requestId?: string) => Promise<Sent>;

const shortly = ({ status, body }: Sent): string =>
  `${status} ${JSON.stringify(body)?.slice(0, 300) ?? ''}`.trim();

async function makeCart(
  ask: Ask,
  { catalogItemId, termDuration }: { readonly catalogItemId: string; readonly termDuration: string },
): Promise<string> {
  const lineItems = [{ id: 0, catalogItemId, quantity: 1, billingCycle: 'monthly', termDuration }];
  const answer = await ask('POST', '/carts', { lineItems });
  const made = z.object({ id: z.string() }).safeParse(answer.body);
  if (!made.success) throw new Error(`Partner Center made no cart: ${shortly(answer)}.`);
  return made.data.id;
}

interface Request {
  readonly method: string;
  readonly path: string;
  readonly requestId: string;
  readonly body?: unknown;
  /** Leaves when the request is sent, before the answer. */
  readonly loses?: boolean;
}

interface Sent {
  readonly status: number;
  readonly body: unknown;
}

/** How long after a request was handed to the network its sender leaves: it is surely there. */
const leavesAfter = 1_000;

async function send({ api, token, sleep }: ProbeOptions, request: Request): Promise<Sent> {
  const address = new URL(`${api}${request.path}`);
  const content = request.body === undefined ? '' : JSON.stringify(request.body);
  const headers = {
    authorization: `Bearer ${await token()}`,
    accept: 'application/json',
    'ms-requestid': request.requestId,
    'ms-correlationid': randomUUID(),
    'content-length': Buffer.byteLength(content),
    ...(content === '' ? {} : { 'content-type': 'application/json; charset=utf-8' }),
  };
  const open = address.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const sending = open(address, { method: request.method, headers, timeout: 180_000 });
    sending.once('error', (error) =>
      request.loses === true
        ? resolve({ status: 0, body: undefined })
        : reject(
            new Error(`${request.method} ${address.href} got no answer: ${error.message || error.name}.`),
          ),
    );
    sending.once('timeout', () => sending.destroy(new Error('nothing within three minutes')));
    if (request.loses === true) {
      // It may be answered before its sender leaves: then the answer is lost unread.
      sending.once('finish', () => void sleep(leavesAfter).then(() => sending.destroy()));
      sending.once('close', () => resolve({ status: 0, body: undefined }));
    } else
      sending.once('response', (response) =>
        text(response).then(
          (answer) => resolve({ status: response.statusCode ?? 0, body: parsed(answer) }),
          (error: Error) =>
            reject(new Error(`The answer to ${request.method} ${address.href} broke off: ${error.message}.`)),
        ),
      );
    sending.end(content);
  });
}

/** The API begins its answers with a byte order mark. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return text;
  }
}

const statusShape = z.object({
  status: z.pipe(
    z.string(),
    z.transform((text) => text.toLowerCase()),
  ),
});
const answerShape = z.object({
  code: z.optional(z.union([z.string(), z.number()])),
  orders: z.optional(z.array(z.object({ id: z.string() }))),
});
const listShape = z.object({ items: z.array(z.object({ id: z.string() })) });

const ordersIn = (body: unknown): readonly string[] =>
  listShape.safeParse(body).data?.items.map(({ id }) => id) ?? [];

function answerOf({ status, body }: Sent): Answer {
  const read = answerShape.safeParse(body).data;
  return { status, code: String(read?.code ?? ''), orderIds: read?.orders?.map(({ id }) => id) ?? [] };
}

const seconds = (ms: number): string => `${Math.round(ms / 1_000)} s`;

const inWords = ({ status, code, orderIds }: Answer): string =>
  [String(status), code, orderIds.length === 0 ? 'no orders' : `orders ${orderIds.join(', ')}`]
    .filter((part) => part !== '')
    .join(', ');
