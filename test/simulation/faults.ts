import type { Exchange } from '../../src/domain/answer/exchange.ts';
import type { Random } from './random.ts';
import type { Answer } from './truth.ts';
import { errorBody, partOfList, withoutIds } from './wire.ts';

/** What goes wrong with one request to Partner Center, beside what the cart itself is in for. */
export type ApiFault =
  /** Never left: DNS, connect, TLS; or no token could be had. */
  | 'not-sent'
  | 'no-token'
  /** A token is fetched first, for up to a minute or so. */
  | 'slow-token'
  /** A reset before / after it was executed. */
  | 'drop-before'
  | 'drop-after'
  /** Never executed, never answered. */
  | 'black-hole'
  /** Arrives so late that the client gives up first; executed all the same. */
  | 'arrives-late'
  /** Takes nearly as long as the client waits. */
  | 'slow'
  /** Commits at once, and is told nearly as late. */
  | 'answers-late'
  /** Takes longer than the client waits, and commits then. */
  | 'outlasts'
  | '500-before'
  | '500-after'
  | '503'
  | '800003-after'
  | 'unreadable'
  | 'cut'
  | 'no-ids'
  | 'throttled'
  | 'throttled-bare'
  /** 800060: accepted, made within the window / a little after it, and listed before the list lag ends all the same. */
  | 'accepted'
  | 'accepted-long'
  | 'busy'
  /** Refusals that do not say that nothing was bought: 400/4018 before / after it was, 404/20000 after. */
  | '4018-before'
  | '4018-after'
  | '20000-after'
  | 'unauthorized'
  /** 401 with a code of the API: it is an answer, so that a careless client takes a new request id for its second call. */
  | 'unauthorized-code'
  | 'partner-wide'
  | 'review'
  /** Something between the worker and Partner Center answers, with a page of its own; `after`: in place of the answer. */
  | 'proxy-403'
  | 'proxy-404'
  | 'proxy-407'
  | 'proxy-403-after'
  | 'proxy-404-after'
  /** A read of a cart that is there is answered 404, with the code of the API: by a server that does not know it yet. */
  | 'false-gone'
  /** A list of orders that says itself that it is not whole. */
  | 'list-counts-more'
  | 'list-has-next'
  /** A read that tells an old status: of an order, or of a cart; old availabilities; the answer of a PUT that shows the old lines. */
  | 'stale'
  /** Every availability is reissued in the instant before it is executed. */
  | 'reissued';

/** Those of a checkout that are told as a refusal for good. */
export const refusals: readonly (ApiFault | undefined)[] = ['4018-before', '4018-after', '20000-after'];
/** Those after which nobody knows all orders of the customer. */
export const listFaults: readonly (ApiFault | undefined)[] = ['list-counts-more', 'list-has-next'];

/** `Omit` over each member of a union. */
type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
export type Ending = Without<Exchange, 'ms'>;

/** The way of one request. What Partner Center was asked to do, it does, whatever becomes of the asking process. */
export interface Course {
  /** Until it reaches Partner Center, or whoever answers in its place. */
  readonly arrives: number;
  /** Whether Partner Center itself ever sees it. */
  readonly executed: boolean;
  readonly takes: number;
  /** From then until the answer is back; at once where it is left out. */
  readonly back?: number;
  /** Said on arrival. */
  readonly early?: Ending;
  /** What the client sees of the answer; undefined: nothing. */
  readonly told: (answer: Answer) => Ending | undefined;
}

const html = '<html><body><h1>502 Bad Gateway</h1></body></html>';
const proxyPage = '<html><body><h1>Blocked by the network</h1></body></html>';

const answer = ({ status, body }: Answer): Ending => ({
  kind: 'answer',
  status,
  body,
  cv: 'cv',
  serverId: 'server',
});
const error = (status: number, code: number, description: string): Ending =>
  answer({ status, body: errorBody(code, description) });
const reset: Ending = { kind: 'no-answer', executed: 'unknown', failure: 'ECONNRESET' };
const nothing = (): undefined => undefined;

/** `limit` is how long the client waits, `retryAfterMs` what a 429 asks for. */
export function courseOf(
  fault: ApiFault | undefined,
  usual: number,
  limit: number,
  retryAfterMs: () => number,
  random: Random,
): Course {
  const arrives = random.between(5, 60);
  const executed = { arrives, executed: true, takes: usual };
  const instead = (early: Ending, after = arrives): Course => ({
    arrives: after,
    executed: false,
    takes: 0,
    early,
    told: nothing,
  });
  const good = (spoilt: (answer: Answer) => Ending): Course => ({
    ...executed,
    told: (real) => (real.status < 300 ? spoilt(real) : answer(real)),
  });
  switch (fault) {
    case undefined:
    case 'slow-token':
    case 'stale':
    case 'reissued':
      return { ...executed, told: answer };
    case 'not-sent':
      return instead({ kind: 'no-answer', executed: 'no', failure: 'connect ECONNREFUSED' });
    case 'no-token':
      return instead({
        kind: 'no-answer',
        executed: 'no',
        failure: 'AADSTS7000222: expired',
        credential: true,
      });
    case 'drop-before':
      return instead(reset);
    case 'drop-after':
      return { ...executed, told: () => reset };
    case 'black-hole':
      return { arrives, executed: false, takes: 0, told: nothing };
    case 'arrives-late':
      // Executed before the window ends: 180 s until the client gives up, and 20 s more.
      return {
        ...executed,
        arrives: random.between(limit / 3, limit - 5_000),
        takes: random.between(6_000, 20_000),
        told: nothing,
      };
    case 'slow':
      return { ...executed, takes: limit * 0.9, told: answer };
    case 'answers-late':
      return { ...executed, back: limit * 0.9, told: answer };
    case 'outlasts':
      return { ...executed, takes: limit + random.between(1_000, 20_000), told: nothing };
    case '500-before':
      return instead(answer({ status: 502, body: html }), usual);
    case '503':
      return instead(answer({ status: 503, body: '' }), usual);
    case '500-after':
      return { ...executed, told: () => answer({ status: 504, body: html }) };
    case '800003-after':
      return { ...executed, told: () => error(500, 800003, 'An unexpected error') };
    case 'unreadable':
      return good(({ status }) => ({
        kind: 'answer',
        status,
        body: undefined,
      }));
    case 'cut':
      return good((real) => answer({ ...real, body: real.body.slice(0, real.body.length / 2) }));
    case 'no-ids':
      return good((real) => answer({ ...real, body: withoutIds(real.body) }));
    case 'throttled':
      return instead({
        kind: 'answer',
        status: 429,
        body: '{"statusCode":429,"message":"Rate limit is exceeded."}',
        retryAfterMs: retryAfterMs(),
      });
    case 'throttled-bare':
      return instead(answer({ status: 429, body: '' }));
    case 'accepted':
    case 'accepted-long': {
      const early = error(409, 800060, 'The order was accepted and is still being made');
      return {
        ...executed,
        takes: random.between(20_000, fault === 'accepted' ? 200_000 : 270_000),
        early,
        told: nothing,
      };
    }
    case 'busy':
      return instead(error(409, 800064, 'Another request is processing this cart'));
    case '4018-before':
      return instead(error(400, 4018, 'Unable to process this order'));
    case '4018-after':
      return { ...executed, told: () => error(400, 4018, 'Unable to process this order') };
    case '20000-after':
      return { ...executed, told: () => error(404, 20000, 'The order was not found') };
    case 'unauthorized':
      return instead(answer({ status: 401, body: '' }));
    case 'unauthorized-code':
      return instead(error(401, 800001, 'The partner token is missing from the request context'));
    case 'proxy-403':
      return instead(answer({ status: 403, body: proxyPage }));
    case 'proxy-404':
      return instead(answer({ status: 404, body: proxyPage }));
    case 'proxy-407':
      return instead(answer({ status: 407, body: proxyPage }));
    case 'proxy-403-after':
      return { ...executed, told: () => answer({ status: 403, body: proxyPage }) };
    case 'proxy-404-after':
      return { ...executed, told: () => answer({ status: 404, body: proxyPage }) };
    case 'false-gone':
      return instead(error(404, 800008, 'The cart cannot be retrieved'));
    case 'list-counts-more':
      return good((real) => answer({ ...real, body: partOfList(real.body, 'count') }));
    case 'list-has-next':
      return good((real) => answer({ ...real, body: partOfList(real.body, 'next') }));
    case 'partner-wide':
      return instead(error(403, 900121, 'The credit limit is too low'));
    case 'review':
      return instead(error(403, 800074, 'The customer account is under review'));
  }
}
