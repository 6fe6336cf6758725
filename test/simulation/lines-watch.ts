import type { CheckoutRecord } from '../../src/domain/checkout/record.ts';
import { isOrderJob } from '../../src/domain/message/job.ts';
import type { JobKey } from '../../src/domain/message/job-key.ts';
import { orderContent } from '../../src/domain/message/order-lines.ts';
import { skuOf } from './catalogue.ts';
import type { Doubts } from './doubts.ts';
import { priceLines } from './made-carts.ts';
import type { CartTruth, Truth } from './truth.ts';
import type { Watch } from './watch.ts';

/** What must hold of jobs with order lines, in the instant of each checkout and after each write of a record. */
export interface LinesWatch {
  /** A checkout of this cart leaves. */
  checkout(cartId: string): void;
  changed(before: CheckoutRecord | undefined, record: CheckoutRecord): void;
}

export function createLinesWatch(
  truth: Truth,
  doubts: Pick<Doubts, 'records'>,
  replaced: Watch['replace'],
  violated: (what: string) => void,
): LinesWatch {
  /** The first cart of each job that was checked out. */
  const sent = new Map<JobKey, string>();

  function checkContent(cart: CartTruth, record: CheckoutRecord): void {
    const { job, badLines = [] } = record;
    const { made, plan } = cart;
    if (made === undefined || !isOrderJob(job)) return;
    const name = `cart ${plan.id} of ${record.jobKey}`;
    const lineText = (
      line: { line: number; quantity: number; term: string; billing: string },
      item: string,
    ) => `${line.line}: ${line.quantity} x ${item} ${line.term} ${line.billing}`;
    const isLeftOut = (line: number) => job.onBadLine === 'drop' && badLines.some((bad) => bad.line === line);
    for (const { line, product, sku } of job.lines) {
      const { unknown, lineError } = truth.catalogue.item(`${product}:${sku}`) ?? {};
      // An availability that several carts refuse is what Partner Center says, whatever its catalogue lists.
      const mayBeBad = unknown === true || lineError !== undefined || truth.madeFor(record.jobKey).length > 3;
      if (isLeftOut(line) && !mayBeBad)
        violated(`10 as ordered: ${name} leaves out line ${line}, and nothing is wrong with it`);
    }
    const wanted = job.lines
      .filter(({ line }) => !isLeftOut(line))
      .map((line) => lineText(line, `${line.product}:${line.sku}`));
    const held = made.content.lines.map((line) => lineText(line, skuOf(line.catalogItemId)));
    if (wanted.sort().join(', ') !== held.sort().join(', '))
      violated(`10 as ordered: ${name} is checked out with [${held}], its order wants [${wanted}]`);
    const priced = priceLines(made.content, truth.catalogue);
    const wrong = priced.find(({ error }) => error !== undefined && error !== 10001);
    if (wrong !== undefined)
      violated(`10 as ordered: ${name} is checked out with a line in error (${wrong.error})`);
    if (job.maxTotal === undefined) return;
    const total = priced.reduce(
      (sum, { extendedPrice = Number.POSITIVE_INFINITY }) => sum + extendedPrice,
      0,
    );
    if (total > Number(job.maxTotal))
      violated(`10 as ordered: ${name} is checked out for ${total}, above ${job.maxTotal}`);
  }

  return {
    checkout(cartId) {
      const cart = truth.carts.get(cartId);
      if (cart?.made === undefined) return;
      const { jobKey } = cart.made;
      const first = sent.get(jobKey) ?? cartId;
      sent.set(jobKey, first);
      if (first !== cartId)
        violated(`1 one purchase: carts ${first} and ${cartId} of ${jobKey} are both checked out`);
      const record = doubts.records().find((one) => one.jobKey === jobKey);
      if (record?.cartId !== cartId)
        violated(
          `1 one purchase: cart ${cartId} of ${jobKey} is checked out, and its record has ${record?.cartId}`,
        );
      else checkContent(cart, record);
    },
    changed(before, record) {
      if (before === undefined || !isOrderJob(before.job) || !isOrderJob(record.job)) return;
      if (orderContent(before.job) === orderContent(record.job)) return;
      replaced(record.jobKey, record.job);
      if (sent.has(record.jobKey))
        violated(`1 one purchase: the lines of ${record.jobKey} changed after a checkout was sent`);
    },
  };
}
