/** What a run came to for those who sent its jobs: which were bought twice, and which were lost. */

export interface Sale {
  readonly customerId: string;
  readonly orderId: string;
}

export interface Outcome {
  /** Jobs for which Partner Center holds more orders than they wanted. */
  readonly boughtTwice: number;
  /** Jobs that nobody bought, or whose order is in none of the worker's own books. */
  readonly lost: number;
  /** Of the lost ones: Partner Center holds their order. */
  readonly lostThoughBought: number;
}

/**
 * Each job has a customer of its own and wants one order, so a customer's orders are the job's.
 * `books`: the order ids that the worker itself kept, by customer.
 */
export function outcomeOf(
  jobs: readonly string[],
  sales: readonly Sale[],
  books: ReadonlyMap<string, readonly string[]>,
): Outcome {
  const sold = Map.groupBy(sales, ({ customerId }) => customerId);
  const bought = (customerId: string) => sold.get(customerId) ?? [];
  // One order in the books is enough: that a second one was bought is counted above.
  const isLost = (customerId: string) =>
    !bought(customerId).some(({ orderId }) => books.get(customerId)?.includes(orderId));
  const lost = jobs.filter(isLost);
  return {
    boughtTwice: jobs.filter((customerId) => bought(customerId).length > 1).length,
    lost: lost.length,
    lostThoughBought: lost.filter((customerId) => bought(customerId).length > 0).length,
  };
}

/**
 * Calls that passed in the second minute after the first one ÷ calls that a sliding minute allows in it. No minute of such a limit
 * holds more, so no share is above 1. A fixed minute, or a run of some other length, would count two bursts as one minute's calls.
 */
export function shareOfSecondMinute(
  calls: readonly { readonly arrivedAt: number; readonly throttled: boolean }[],
  { perMinute, minuteMs }: { readonly perMinute: number; readonly minuteMs: number },
): number {
  const from = (calls[0]?.arrivedAt ?? Number.NaN) + minuteMs;
  const passed = calls.filter(
    ({ arrivedAt, throttled }) => !throttled && arrivedAt >= from && arrivedAt < from + minuteMs,
  );
  return passed.length / perMinute;
}
