import type { Call, CheckoutRecord, Reason, State } from '../../src/domain/checkout/record.ts';
import type { BatchCart } from '../../src/operator/batches/batch-carts.ts';
import { type Figures, figuresOf } from '../../src/operator/report/figures.ts';
import { aRecord } from '../support/records.ts';
import { seededRandom } from '../support/seeded-random.ts';

const start = Date.UTC(2026, 10, 24, 2);
const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

const reasons = {
  agreement: [
    '13605',
    'The customer has not accepted the Microsoft Customer Agreement.',
    'Let the customer accept the agreement, then retry.',
  ],
  offer: [
    '800010',
    'The offer <b>Contoso & Sons</b> is not available to this customer.',
    'Prepare a new cart with an offer that the customer may buy.',
  ],
  expired: [
    '800008',
    'The cart cannot be retrieved.',
    'The cart has expired: prepare a new one if it is still needed.',
  ],
  late: [
    'too-late',
    'The job was not to be checked out after 2026-11-24T06:00:00Z.',
    'If the cart is still needed, enqueue it again with a later notAfter as a new cart, or without one.',
  ],
} as const;

const reasonOf = (name: keyof typeof reasons): Reason => {
  const [code, description, remedy] = reasons[name];
  return { code, description, remedy, at: start };
};

interface Night {
  readonly name: string;
  readonly lines: number;
  readonly sent: number;
  /** What a cart comes to, by a number from 0 to 1. */
  readonly stateOf: (share: number, nth: number) => { readonly state: State; readonly reason?: Reason };
  /** When the n-th is called, ms after the start. */
  readonly calledAt: (nth: number) => number;
}

export const nights: readonly Night[] = [
  { name: 'empty', lines: 0, sent: 0, stateOf: () => ({ state: 'completed' }), calledAt: () => 0 },
  {
    name: 'good',
    lines: 10_000,
    sent: 10_000,
    stateOf: (share) =>
      share < 0.9871
        ? { state: 'completed' }
        : share < 0.9968
          ? { state: 'ordered' }
          : { state: 'failed', reason: reasonOf(share < 0.9985 ? 'agreement' : 'expired') },
    calledAt: (nth) => nth * 250,
  },
  {
    name: 'bad',
    lines: 10_000,
    sent: 8_140,
    stateOf: (share, nth) =>
      nth > 8_000
        ? { state: share < 0.6 ? 'unresolved' : 'waiting' }
        : share < 0.61
          ? { state: 'completed' }
          : share < 0.78
            ? { state: 'ordered' }
            : share < 0.81
              ? { state: 'partial', reason: reasonOf('offer') }
              : {
                  state: 'failed',
                  reason: reasonOf(share < 0.93 ? 'agreement' : share < 0.97 ? 'expired' : 'late'),
                },
    // Partner Center is away for forty minutes, then slower than before.
    calledAt: (nth) => nth * 260 + (nth > 3_000 ? 40 * minute : 0) + (nth > 3_000 ? (nth - 3_000) * 120 : 0),
  },
];

/** The figures of a made-up night, the same each time. */
export function figuresOfNight(night: Night): Promise<Figures> {
  const random = seededRandom(7);
  async function* carts(): AsyncGenerator<BatchCart> {
    for (let nth = 0; nth < night.sent; nth += 1)
      yield { kind: 'record', record: recordOf(night, nth, random.fraction) };
  }
  const batch = { batchId: `night-2026-11-24-${night.name}`, total: night.lines, limit: 300, closings: [] };
  return figuresOf(batch, carts(), start + 7 * hour);
}

function recordOf(night: Night, nth: number, fraction: () => number): CheckoutRecord {
  const cartId = `ca000000-0000-4000-8000-${String(nth).padStart(12, '0')}`;
  const at = start + night.calledAt(nth) + fraction() * 2 * second;
  const ms = 900 + 1_400 * fraction() ** 2 + (fraction() < 0.03 ? 9_000 * fraction() : 0);
  const { state, reason } = night.stateOf(fraction(), nth);
  const call = (what: Call['what'], after: number): Call => ({
    what,
    at: at + after,
    correlationId: `${nth}-${what}`,
    end: { ms, status: 201 },
  });
  const looks = fraction() < 0.08 ? [call('cart', 5 * minute), call('orders', 5 * minute + second)] : [];
  const first = [call('checkout', 0), ...looks];
  const pending = state === 'ordered';
  return aRecord({
    cartId,
    state,
    ...(reason === undefined ? {} : { reason }),
    history: { total: first.length, first, last: [] },
    orders: pending
      ? [
          {
            id: `${nth}`,
            status: 'pending',
            content: '',
            wasPending: true,
            since: at - (fraction() < 0.1 ? 20 * hour : 0),
          },
        ]
      : [],
    job: { ...aRecord().job, cartId, reference: nth % 2 === 0 ? `PO-${nth}` : '<script>alert(1)</script>' },
    createdAt: at,
    updatedAt: at + ms,
  });
}
