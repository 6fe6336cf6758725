import type { Exchange } from '../../src/domain/answer/exchange.ts';
import type { CartContent } from '../../src/domain/cart/cart-content.ts';
import type { Times } from '../../src/domain/times.ts';
import type { CartApi } from '../../src/ports/cart-api.ts';
import type { PartnerCenter, SendOptions } from '../../src/ports/partner-center.ts';
import { type ApiFault, type Course, courseOf, type Ending } from './faults.ts';
import { type Network, type Process, tellBlow } from './process.ts';
import type { Answer, Truth, Work } from './truth.ts';

export type Request =
  | 'checkout'
  | 'cart'
  | 'orders'
  | 'order'
  | 'availabilities'
  | 'create-cart'
  | 'put-cart';

export interface ApiCall {
  readonly what: Request;
  readonly process: Process;
  readonly customerId: string;
  /** Cart or order; the customer's id for a list and for a cart to be made; `product:sku` for availabilities. */
  readonly id: string;
  readonly options: SendOptions;
  /** What a cart is to hold. */
  readonly content?: CartContent;
}

export interface Api extends Network {
  readonly truth: Truth;
  readonly times: Times;
  /** Says what goes wrong with a call. */
  begin(call: ApiCall): ApiFault | undefined;
  /** Checks what must hold in the instant in which it leaves. Returns what to call when it is over. */
  leave(call: ApiCall): () => void;
  /** An answer that nothing spoilt reaches its process. */
  answered(call: ApiCall, ending: Ending): void;
  /** What a 429 to this call asks for. */
  retryAfterMs(call: ApiCall): number;
}

export function partnerCenterPort(api: Api, process: Process): PartnerCenter {
  const ask = (what: Request) => (customerId: string, id: string, options: SendOptions) =>
    request(api, { what, process, customerId, id, options });
  return {
    checkout: ask('checkout'),
    cart: ask('cart'),
    order: ask('order'),
    orders: (customerId, options) => ask('orders')(customerId, customerId, options),
  };
}

export function cartApiPort(api: Api, process: Process): CartApi {
  return {
    availabilities: (customerId, product, sku, options) =>
      request(api, { what: 'availabilities', process, customerId, id: `${product}:${sku}`, options }),
    createCart: (customerId, content, options) =>
      request(api, { what: 'create-cart', process, customerId, id: customerId, options, content }),
    putCart: (customerId, cartId, content, options) =>
      request(api, { what: 'put-cart', process, customerId, id: cartId, options, content }),
    subscriptions: () => Promise.reject(new Error('No delivery asks for subscriptions')),
  };
}

/** One request, from the client's fence to its answer. It counts as a port call: whatever hits those hits it. */
function request(api: Api, call: ApiCall): Promise<Exchange> {
  const { timeline, latency, times } = api;
  const { process, what, id } = call;
  return new Promise((resolve) => {
    if (!process.isAlive()) return;
    const started = timeline.now();
    const name = `api.${what}`;
    const blow = api.next(process, name);
    if (!process.isAlive()) return;
    const drawn = api.begin(call);
    const fault = blow === 'fail' ? 'drop-before' : blow === 'lost' ? 'drop-after' : drawn;
    const later = (ms: number, action: () => void) => timeline.at(timeline.now() + ms, action);
    let isOver = false;
    let over = (): void => {};
    // A token is fetched first, and takes its time.
    if (fault === 'slow-token') later(latency.between(1_000, 70_000), () => process.deliver(leave));
    else leave();

    function leave(): void {
      if (call.options.mayLeave?.() === false) {
        api.trace(process.name, `${name} ${id} does not leave: its time has passed`);
        const failure = 'its time had passed before it left';
        const ms = timeline.now() - started;
        resolve({ kind: 'no-answer', executed: 'no', stale: true, failure, ms });
        return;
      }
      travel(api.leave(call));
    }

    function end(ending: Ending): void {
      if (isOver) return;
      isOver = true;
      over();
      if (fault === undefined || fault === 'slow') api.answered(call, ending);
      api.trace(process.name, `${name} ${id} = ${brief(ending)}${tellBlow(fault)}${tellBlow(blow)}`);
      if (blow === 'after') process.kill(`after ${name}`);
      process.deliver(() => resolve({ ...ending, ms: timeline.now() - started }));
    }

    function travel(whenOver: () => void): void {
      over = whenOver;
      const limit = what === 'checkout' ? times.callTimeout : times.readTimeout;
      later(limit, () =>
        end({ kind: 'no-answer', executed: 'unknown', failure: `no answer within ${limit} ms` }),
      );
      const usual = latency.between(200, what === 'checkout' ? 4_000 : 600);
      const course = courseOf(fault, usual, limit, () => api.retryAfterMs(call), latency);
      const held = blow === 'delay' ? process.frozenUntil() - timeline.now() : 0;
      later(held + course.arrives, () => {
        if (course.executed) execute(usual, course);
        if (course.early !== undefined) end(course.early);
      });
    }

    function execute(usual: number, { takes, back, told }: Course): void {
      const tell = (answer: Answer) => {
        const ending = told(answer);
        if (ending === undefined) return;
        if (back === undefined) end(ending);
        else later(back, () => end(ending));
      };
      if (fault === 'reissued') api.truth.catalogue.reissue();
      const begun = respond(api, call, fault === 'stale');
      if ('finish' in begun) later(takes, () => tell(begun.finish()));
      else later(Math.min(takes, usual), () => tell(begun));
    }
  });
}

function respond(
  { truth }: Api,
  { what, customerId, id, options, content = { lines: [] } }: ApiCall,
  isStale: boolean,
): Answer | Work {
  switch (what) {
    case 'checkout':
      return truth.arrive(id, options.ids.requestId);
    case 'cart':
      return truth.cart(id, isStale);
    case 'order':
      return truth.order(id, isStale);
    case 'orders':
      return truth.list(customerId);
    case 'availabilities': {
      const [product = '', sku = ''] = id.split(':');
      return truth.catalogue.availabilities(product, sku, isStale);
    }
    case 'create-cart':
      return truth.create(customerId, content);
    case 'put-cart':
      return truth.put(id, content, isStale);
  }
}

const brief = (ending: Ending): string =>
  ending.kind === 'answer' ? `${ending.status} ${ending.body?.slice(0, 120)}` : ending.failure;
