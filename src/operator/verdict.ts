import { counted } from './counted.ts';

/** How a check ended: `clear` is only said of what was looked at as a whole. */
export interface Verdict {
  readonly kind: 'clear' | 'found' | 'not-checked';
  /** One sentence or two. */
  readonly text: string;
}

export interface BooksCheck {
  readonly carts: number;
  /** Jobs that the batch declares, and that no worker has taken yet. */
  readonly notTaken: number;
  readonly customers: number;
  readonly compared: number;
  readonly agree: number;
  readonly differences: number;
}

export function booksVerdict(check: BooksCheck): Verdict {
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
  return { kind: 'clear', text: `${agreed}: the books agree.` };
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

export function preflightVerdict({ carts, read, findings }: PreflightCheck): Verdict {
  const found = findings === '' ? 'nothing found' : findings;
  if (carts === 0) return notChecked('Nothing was checked: there is no cart to read.');
  const whole = `${read} of ${counted(carts, 'cart')} read`;
  if (read < carts)
    return notChecked(`Not all was checked: ${whole}, ${found} among these; ${carts - read} not checked.`);
  return { kind: findings === '' ? 'clear' : 'found', text: `${whole}: ${found}. ${unasked}` };
}

/**
 * Jobs that are long past their next try. `waiting` is how many messages the queues can hand out now: a parked copy stands
 * behind all of them, so it is missing for certain only when there are none. Undefined: the queues could not be asked.
 * `unread` records could not be looked at.
 */
export function missingMessages(count: number, waiting: number | undefined, unread = 0): Verdict {
  const { kind, text } = missingOf(count, waiting);
  if (unread === 0) return { kind, text };
  const rows = `${counted(unread, 'record')} could not be read: nothing is known of their messages.`;
  return { kind: kind === 'clear' ? 'not-checked' : kind, text: count === 0 ? rows : `${text} ${rows}` };
}

function missingOf(count: number, waiting: number | undefined): Verdict {
  const jobs = counted(count, 'job has', 'jobs have');
  if (count === 0) return { kind: 'clear', text: 'No job has lost its message.' };
  const late = counted(count, 'job is', 'jobs are');
  if (waiting === undefined)
    return notChecked(
      `${late} long past the next try. The queue cannot be asked whether their messages still wait.`,
    );
  if (waiting > 0)
    return notChecked(
      `${late} long past the next try. The queue still holds ${counted(waiting, 'message')}, theirs may be among them.`,
    );
  return { kind: 'found', text: `${jobs} lost their message.` };
}

const notChecked = (text: string): Verdict => ({ kind: 'not-checked', text });
