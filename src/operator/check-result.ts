/** How a check of the whole ended, in words: `clear` is only said of what was checked as a whole. */
import { counted } from './counted.ts';

/** How a check ended: `clear` is only said of what was looked at as a whole. */
export interface CheckResult {
  readonly kind: 'clear' | 'found' | 'not-checked';
  /** One sentence or two. */
  readonly text: string;
}

export interface AuditCheck {
  readonly carts: number;
  /** Jobs that the batch declares, and that no worker has taken yet. */
  readonly notTaken: number;
  readonly customers: number;
  readonly compared: number;
  readonly agree: number;
  readonly differences: number;
}

export function auditResult(check: AuditCheck): CheckResult {
  const { carts, notTaken, customers, compared, agree, differences } = check;
  const found = differences === 0 ? 'no difference' : counted(differences, 'difference');
  if (compared < customers)
    return notChecked(
      `Not all was compared: ${compared} of ${counted(customers, 'customer')}, ${found} among these. Nothing is known of the others.`,
    );
  if (carts === 0) return notChecked('Nothing was compared: no worker has taken a job of this batch yet.');
  const agreed = `${counted(carts, 'cart')} of ${counted(compared, 'customer')}, ${counted(agree, 'order agrees', 'orders agree')}`;
  if (differences > 0) return { kind: 'found', text: `${agreed}: ${found}.${later(notTaken)}` };
  if (notTaken > 0) return notChecked(`${agreed}: no difference.${later(notTaken)}`);
  return { kind: 'clear', text: `${agreed}: no difference.` };
}

const later = (notTaken: number): string =>
  notTaken === 0
    ? ''
    : ` Not compared: ${counted(notTaken, 'job', 'jobs')} of the batch that no worker has taken yet.`;

export interface PreflightCheck {
  readonly carts: number;
  readonly read: number;
  /** Like `2 missing, 1 line`; empty: nothing. */
  readonly findings: string;
}

/** What no read of a cart tells. */
const unasked = 'Agreements, credit and reviews of the customers are not checked.';

export function preflightResult({ carts, read, findings }: PreflightCheck): CheckResult {
  const found = findings === '' ? 'nothing found' : findings;
  if (carts === 0) return notChecked('Nothing was checked: there is no cart to read.');
  const whole = `${read} of ${counted(carts, 'cart')} read`;
  if (read < carts)
    return notChecked(`Not all was checked: ${whole}, ${found} among these; ${carts - read} not checked.`);
  return { kind: findings === '' ? 'clear' : 'found', text: `${whole}: ${found}. ${unasked}` };
}

export interface RepairCheck {
  readonly records: number;
  readonly unreadable: number;
  readonly jobs: number;
  readonly orders: number;
}

/** What the schedule lacks, of all records that could be read. `interrupted`: not all of them were looked at. */
export function repairResult(
  { records, unreadable, jobs, orders }: RepairCheck,
  interrupted: boolean,
): CheckResult {
  const looked = `${counted(records, 'record')} checked`;
  const unread =
    unreadable === 0
      ? ''
      : ` ${counted(unreadable, 'record')} could not be read: see npx partner-checkout attention.`;
  const missing = `${counted(jobs, 'job')} and ${counted(orders, 'pending order')} without an entry in the schedule`;
  if (interrupted) return notChecked(`Not all was checked: ${looked}, ${missing} among these.${unread}`);
  if (jobs + orders > 0) return { kind: 'found', text: `${looked}: ${missing}.${unread}` };
  if (unreadable > 0) return notChecked(`${looked}: the others have their entries.${unread}`);
  return { kind: 'clear', text: `${looked}: every open job and every pending order has its entry.` };
}

const notChecked = (text: string): CheckResult => ({ kind: 'not-checked', text });
