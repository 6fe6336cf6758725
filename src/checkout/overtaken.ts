import { isLate } from '../domain/checkout/claim-rules.ts';
import type { CheckoutRecord } from '../domain/checkout/record.ts';
import type { Decision } from '../domain/message/delivery.ts';

/**
 * Why a person's decision does not apply to the record that it meets, in words for that person. Undefined: it did count,
 * and this is the same message once more.
 */
export function overtaken(
  { decision, who, seen }: Decision,
  ticket: number,
  record: CheckoutRecord,
  now: number,
): string | undefined {
  const same = record.decisions.filter((decided) => decided.ticket === ticket);
  if (same.some((decided) => decided.decision === decision && decided.who === who)) return undefined;
  const told = `${new Date(now).toISOString()}: "${decision}" by ${who} came too late`;
  const [first] = same;
  if (first !== undefined) return `${told}: ${first.who} had decided "${first.decision}" before.`;
  if (record.state !== seen)
    return `${told}: the job was ${seen === 'nothing' ? 'not begun' : seen} then, and is ${record.state} now.`;
  if (decision === 'retry' && isLate(record.job.notAfter, now))
    return `${told}: the job is past its notAfter, and nothing is bought after that.`;
  return `${told}: the job went on meanwhile (ticket ${record.ticket}; the decision was for ${ticket - 1}).`;
}
