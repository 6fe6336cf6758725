import type { Call, CheckoutRecord, History } from './record.ts';

const keptFirst = 20;
const keptLast = 80;

export const emptyHistory: History = { total: 0, first: [], last: [] };

/** Adds a call, or fills in the end of one that was written before it was sent. */
export function withCall(record: CheckoutRecord, call: Call): CheckoutRecord {
  return { ...record, history: addCall(record.history, call) };
}

function addCall(history: History, call: Call): History {
  const same = (known: Call) => known.correlationId === call.correlationId;
  if (history.first.some(same) || history.last.some(same))
    return {
      ...history,
      first: history.first.map((known) => (same(known) ? call : known)),
      last: history.last.map((known) => (same(known) ? call : known)),
    };
  if (history.first.length < keptFirst)
    return { total: history.total + 1, first: [...history.first, call], last: history.last };
  return { total: history.total + 1, first: history.first, last: [...history.last, call].slice(-keptLast) };
}

/** When the last checkout call of this record was answered, epoch ms. */
export function lastCheckoutEnd({ history }: CheckoutRecord): number | undefined {
  const call = [...history.first, ...history.last].findLast(
    ({ what, end }) => what === 'checkout' && end !== undefined,
  );
  return call?.end === undefined ? undefined : call.at + call.end.ms;
}
