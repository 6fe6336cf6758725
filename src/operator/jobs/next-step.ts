import { copyIsLost, isLate, leaseEnd } from '../../domain/checkout/claim-rules.ts';
import { type CheckoutRecord, isInDoubt } from '../../domain/checkout/record.ts';
import { isTerminal } from '../../domain/order/order.ts';
import { nextPollOf } from '../../domain/schedule-entry.ts';
import type { Times } from '../../domain/times.ts';
import { counted } from '../counted.ts';
import type { GateView } from '../pause-gate.ts';

export interface NextStep {
  /** One or two sentences: what happens next, when, and why. Times are UTC. */
  readonly words: string;
  /** Epoch ms; absent when nothing happens by itself. */
  readonly at?: number;
  /** What a person can run. */
  readonly command?: string;
}

interface Around {
  readonly now: number;
  readonly gate: GateView;
  readonly times: Pick<Times, 'reviveAfter'>;
}

/** What happens next to a job, and when: for the person who asks "and now?". */
export function nextStep(record: CheckoutRecord, around: Around): NextStep {
  const { now } = around;
  const { state } = record;
  const name = `${record.customerId} ${record.cartId}`;
  switch (state) {
    case 'completed':
      return { words: 'Nothing more: every order is completed.' };
    case 'ordered':
      return ordered(record);
    case 'failed':
    case 'partial':
      return ended(record, name, now);
    case 'submitting':
    case 'waiting':
    case 'unresolved':
      return open(record, name, around);
  }
}

function ordered(record: CheckoutRecord): NextStep {
  const pending = record.orders.filter((order) => !isTerminal(order.status));
  const polls = pending.flatMap((order) => nextPollOf(order.entryKey) ?? []);
  const asked = record.asked === undefined ? '' : ' It is pending for so long that a person was told.';
  const what = `${counted(pending.length, 'order is', 'orders are')} pending at Partner Center`;
  if (polls.length === 0) return { words: `${what}; the next tick of the poller looks.${asked}` };
  const at = Math.min(...polls);
  return { words: `${what}; the poller looks again at ${time(at)}.${asked}`, at };
}

function ended(record: CheckoutRecord, name: string, now: number): NextStep {
  const { remedy = '', description = '' } = record.reason ?? {};
  if (isLate(record.job.notAfter, now))
    return {
      words: `Nothing happens by itself, and a retry is refused: the job is past its notAfter (${time(record.job.notAfter ?? 0)}). ${remedy}`,
    };
  const doubt =
    record.gaveUp === true ? ' The retry looks for its orders first: it may have been bought.' : '';
  return {
    words: `Nothing happens by itself. ${description} ${remedy}${doubt}`.replaceAll(/ +/g, ' ').trim(),
    command: `npx partner-checkout retry ${name}`,
  };
}

function open(record: CheckoutRecord, name: string, { now, gate, times }: Around): NextStep {
  const leased = leaseEnd(record, now);
  if (leased !== undefined)
    return {
      words: `A worker has it in hand now, until ${time(leased)} at the latest. Should that worker die, the message comes again.`,
      at: leased,
    };
  if (copyIsLost(record, now, times))
    return {
      words: `Nothing will happen: its message is missing. It was due at ${time(dueOf(record))}.`,
      command: `npx partner-checkout revive ${name}`,
    };
  const at = dueOf(record);
  const when = at > now ? `at ${time(at)}` : `as soon as its message is taken (due since ${time(at)})`;
  const closed = gate.open
    ? ''
    : ` The gate is closed${gate.paused || gate.until === undefined ? '' : ` until ${time(gate.until)}`}: ${gate.reason ?? 'no reason given'}.`;
  if (record.asked?.kind === 'needs-decision')
    return {
      words: `A person must say whether it was bought; until then the worker only looks again, ${when}.${closed}`,
      at,
      command: `npx partner-checkout resolve ${name}`,
    };
  const because = record.reason === undefined ? '' : ` because: ${withoutDot(record.reason.description)}`;
  const words = isInDoubt(record.state)
    ? `It may have been bought; the worker finds out by itself, ${when}, before anything is sent again.${closed}`
    : `Waits; next try ${when}${because}.${closed}`;
  return { words, at };
}

const dueOf = (record: CheckoutRecord): number => record.nextTry ?? record.lease?.until ?? record.lastSend;
const time = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
const withoutDot = (text: string): string => text.replace(/\.$/, '');
