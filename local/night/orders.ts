import type { FaultInput, Sandbox } from '../partner-center/sandbox.ts';

/** A job of the night that carries order lines: what it wants, and how it is to end where that is not `completed`. */
export interface WantedOrder {
  readonly jobKey: string;
  readonly lines: readonly WantedOrderLine[];
  /** The code with which it fails. */
  readonly failsWith?: string;
}

interface WantedOrderLine {
  readonly product: string;
  readonly sku: string;
  readonly quantity: number;
  readonly term: string;
  readonly billing: string;
}

/** A message to send, and the job that it names. */
interface OrderMessage {
  readonly body: unknown;
  readonly jobKey: string;
}

export interface OrderPlan {
  readonly lines: readonly OrderMessage[];
  /** Messages of a number that is bought by then, with other lines: sent last. */
  readonly late: readonly OrderMessage[];
  readonly wanted: readonly WantedOrder[];
  readonly faults: readonly FaultInput[];
}

const standard = { product: 'CFQ7TTC0AB12', sku: '0001', term: 'P1Y', billing: 'monthly' } as const;
const choices = [
  standard,
  { product: 'CFQ7TTC0CD34', sku: '000P', term: 'P1Y', billing: 'monthly' },
  { product: 'CFQ7TTC0CD35', sku: '0002', term: 'P1M', billing: 'monthly' },
  { product: 'CFQ7TTC0EF56', sku: '0001', term: 'P1Y', billing: 'annual' },
  { product: 'DG7GMGF0TU87', sku: '0002', term: 'none', billing: 'one_time' },
] as const;

/**
 * The part of the night that begins with order lines: availabilities that are reissued before the cart and before the checkout, a line
 * that cannot be bought, a price above its ceiling, and one number that is sent three times.
 */
export function orderPlan(sandbox: Pick<Sandbox, 'customerIds'>, jobs: number, lineCount: number): OrderPlan {
  const customers = sandbox.customerIds(Math.ceil(jobs / 3), 'orders');
  const wanted: WantedOrder[] = [];
  const lines: OrderMessage[] = [];
  const late: OrderMessage[] = [];
  for (let index = 0; index < jobs; index += 1) {
    const customerId = customers[index % customers.length] ?? '';
    const externalOrderId = `NIGHT-${index + 1}`;
    const jobKey = `${customerId}:order:${externalOrderId.toLowerCase()}`;
    const first = Math.floor((index * lineCount) / jobs);
    const count = Math.max(1, Math.floor(((index + 1) * lineCount) / jobs) - first);
    const own: WantedOrderLine[] = Array.from({ length: count }, (_, line) => ({
      ...(choices[(index + line) % choices.length] ?? standard),
      quantity: 1 + ((index + line) % 4),
    }));
    const body = { customerId, externalOrderId, reference: `PO-${externalOrderId}`, lines: own };
    switch (index) {
      case 1: {
        const lines1 = [...own, { ...standard, sku: '0009', quantity: 1 }];
        lines.push({ body: { ...body, lines: lines1 }, jobKey });
        wanted.push({ jobKey, lines: lines1, failsWith: '400018' });
        continue;
      }
      case 2:
        lines.push({ body: { ...body, maxTotal: '0.01', currency: 'USD' }, jobKey });
        wanted.push({ jobKey, lines: own, failsWith: 'above-max-total' });
        continue;
      case 3:
        // A producer that heard nothing sends it again; another one has used the number for other lines.
        lines.push({ body, jobKey }, { body, jobKey });
        late.push({ body: { ...body, lines: [{ ...standard, quantity: 99 }] }, jobKey });
        break;
      default:
        lines.push({ body, jobKey });
    }
    wanted.push({ jobKey, lines: own });
  }
  return {
    lines,
    late,
    wanted,
    faults: [
      { kind: 'reissue', operations: ['create-cart'], count: 2 },
      { kind: 'reissue', operations: ['checkout'], count: 2, perCart: 1, customers: [...customers] },
    ],
  };
}
