import type { Operation } from './faults.ts';

/** What a call did: made orders, gave back what an earlier one made, read, or nothing. */
type Effect = 'created' | 'replayed' | 'read' | 'none';

/** One API call as the server saw it; epoch milliseconds. */
export interface Call {
  readonly number: number;
  readonly arrivedAt: number;
  readonly method: string;
  readonly path: string;
  operation?: Operation;
  customerId?: string;
  cartId?: string;
  orderId?: string;
  readonly requestId: string;
  readonly correlationId: string;
  /** The W3C trace that the call came with. */
  readonly traceparent?: string;
  /** Set when the answer's last byte was handed to the network. Absent: none was given, or the client had left. */
  answeredAt?: number;
  /** When the connection was closed without a whole answer: the client left, or a fault cut it. */
  leftAt?: number;
  status?: number;
  code?: number | string;
  effect: Effect;
  /** When the orders that it made came to exist. */
  committedAt?: number;
  orderIds?: readonly string[];
  throttled: boolean;
  /** Whom a 429 asks to wait: everybody, or this customer's calls alone. */
  throttleScope?: 'partner' | 'customer';
  /** The Retry-After header as it was sent. */
  retryAfter?: string;
  /** The injected fault that decided the call's course, with the ones that spoiled its answer. */
  faults?: readonly string[];
}

/** When the wait that a 429 asked for ends; undefined when it gave none that can be read. */
function waitEnds(call: Call): number | undefined {
  if (!call.throttled || call.answeredAt === undefined || call.retryAfter === undefined) return undefined;
  const seconds = /^\d+$/.test(call.retryAfter)
    ? Number(call.retryAfter) * 1_000 + call.answeredAt
    : undefined;
  const ends = seconds ?? Date.parse(call.retryAfter);
  return Number.isNaN(ends) ? undefined : ends;
}

/**
 * Calls that arrived too early: before the end of a wait that a 429 had asked for, and more than `grace` milliseconds
 * after that 429 was answered (a fleet needs a moment to hear of it). Each with the 429 that it ignored.
 */
export function tooEarly(calls: readonly Call[], grace = 2_000): { early: Call; told: Call }[] {
  const waits = calls
    .map((told) => ({ told, from: (told.answeredAt ?? 0) + grace, ends: waitEnds(told) ?? 0 }))
    .filter(({ from, ends }) => ends > from);
  return calls.flatMap((early) => {
    const wait = waits.find(
      ({ told, from, ends }) =>
        early.arrivedAt > from &&
        early.arrivedAt < ends &&
        (told.throttleScope !== 'customer' || told.customerId === early.customerId),
    );
    return wait ? [{ early, told: wait.told }] : [];
  });
}
