/** What happens next to a job, in words. */
import { dueAt, isLate, leaseEnd } from '../../domain/checkout/claim-rules.ts';
import { needsNewCart } from '../../domain/checkout/endings.ts';
import { type CheckoutRecord, isInDoubt } from '../../domain/checkout/record.ts';
import { isTerminal } from '../../domain/order/order.ts';
import { jobEntryKeyOf, nextPollOf } from '../../domain/schedule-entry.ts';
import { asSentence, withoutDot } from '../../domain/sentence.ts';
import type { Schedule } from '../../ports/schedule.ts';
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
  /** The schedule has the entry that the record names; undefined: the record names none, or nobody looked. */
  readonly hasEntry?: boolean | undefined;
}

/** Whether the schedule has the entry that a record names. Throws `Unavailable`. */
export async function hasEntry(
  schedule: Pick<Schedule, 'exists'>,
  { urgent, entryOrigin, jobKey }: CheckoutRecord,
): Promise<boolean | undefined> {
  return entryOrigin === undefined ? undefined : schedule.exists(jobEntryKeyOf(urgent, entryOrigin, jobKey));
}

/** What happens next to a job, and when: for the person who asks "and now?". Pure. */
export function nextStep(record: CheckoutRecord, around: Around): NextStep {
  const { now } = around;
  const { state } = record;
  if (record.decision !== undefined) return decided(record, around);
  switch (state) {
    case 'completed':
      return { words: 'Nothing more: every order is completed.' };
    case 'ordered':
      return ordered(record);
    case 'failed':
    case 'partial':
      return ended(record, now);
    case 'submitting':
    case 'waiting':
    case 'unresolved':
      return open(record, around);
  }
}

function ordered(record: CheckoutRecord): NextStep {
  const pending = record.orders.filter((order) => !isTerminal(order.status));
  const polls = pending.flatMap((order) => nextPollOf(order.entryKey) ?? []);
  const asked = record.asked === undefined ? '' : ' It is pending for so long that attention was raised.';
  const what = `${counted(pending.length, 'order is', 'orders are')} pending at Partner Center`;
  if (polls.length === 0) return { words: `${what}; the next tick of the poller looks.${asked}` };
  const at = Math.min(...polls);
  return { words: `${what}; the poller looks again at ${time(at)}.${asked}`, at };
}

function ended(record: CheckoutRecord, now: number): NextStep {
  const { remedy = '', description = '' } = record.reason ?? {};
  if (isLate(record.job.notAfter, now))
    return {
      words:
        `The worker does nothing more, and a retry is refused: the job is past its notAfter (${time(record.job.notAfter ?? 0)}). ${asSentence(remedy)}`.trimEnd(),
    };
  const doubt =
    record.gaveUp === true ? ' The retry looks for its orders first: it may have been bought.' : '';
  return {
    words: `The worker does nothing more. ${asSentence(description)} ${asSentence(remedy)}${doubt}`
      .replaceAll(/ +/g, ' ')
      .trim(),
    // A retry of this cart would be refused again; a person can still type it.
    ...(needsNewCart(record) ? {} : { command: `npx partner-checkout retry ${record.jobKey}` }),
  };
}

/** A decision makes a job due, whatever its state. */
function decided(record: CheckoutRecord, { now, gate, hasEntry }: Around): NextStep {
  const { decision: kind, who } = record.decision ?? {};
  const leased = leaseEnd(record, now);
  if (leased !== undefined) return inHand(leased);
  if (hasEntry === false) return noEntry;
  return {
    words: `${who} decided "${kind}"; the next wake-up carries it out, within minutes.${closedWords(gate)}`,
    at: now,
  };
}

function open(record: CheckoutRecord, { now, gate, hasEntry }: Around): NextStep {
  const leased = leaseEnd(record, now);
  if (leased !== undefined) return inHand(leased);
  if (hasEntry === false) return noEntry;
  const at = dueAt(record);
  const when =
    at > now
      ? `at ${time(at)}`
      : `as soon as a message wakes it${at === 0 ? '' : ` (due since ${time(at)})`}`;
  const closed = closedWords(gate);
  if (record.asked?.code === 'worker-crashed')
    return {
      words: `Workers died, or met a bug, each time they ran it${record.lastError === undefined ? '' : `: ${withoutDot(record.lastError)}`}. It runs once more ${when}.${closed}`,
      at: Math.max(at, now),
      command: `npx partner-checkout retry ${record.jobKey}`,
    };
  const { description = '', remedy = '' } = record.reason ?? {};
  if (record.asked?.kind === 'needs-decision' && !isInDoubt(record.state))
    return {
      words: `It is held, and nothing of it is bought: ${withoutDot(description)}. ${asSentence(remedy)} Next try ${when}.${closed}`,
      at: Math.max(at, now),
      command: `npx partner-checkout resolve --give-up ${record.jobKey}`,
    };
  if (record.asked?.kind === 'needs-decision')
    return {
      words: `A person must decide whether it was bought. Until then the worker only checks again, ${when}.${closed}`,
      at: Math.max(at, now),
      command: `npx partner-checkout resolve ${record.jobKey}`,
    };
  const because = record.reason === undefined ? '' : ` Reason: ${asSentence(record.reason.description)}`;
  const words = isInDoubt(record.state)
    ? `It may have been bought. The worker checks that ${when}, before it sends anything again.${closed}`
    : `It waits. Next try ${when}.${because}${closed}`;
  return { words, at: Math.max(at, now) };
}

const inHand = (until: number): NextStep => ({
  words: `A worker has claimed it until ${time(until)} at the latest. If that worker dies, the job is woken again.`,
  at: until,
});

/** Its message may still be in the queue, and each tick looks for what is missing: nobody has to do anything. */
const noEntry: NextStep = {
  words:
    'The schedule has no entry that wakes it. A message in the queue may wake it; otherwise a tick writes the entry again within two days. repair does that at once.',
  command: 'npx partner-checkout repair --dry-run',
};

const closedWords = (gate: GateView): string =>
  gate.open
    ? ''
    : ` The gate is closed${gate.paused || gate.until === undefined ? '' : ` until ${time(gate.until)}`}: ${withoutDot(gate.reason ?? 'no reason given')}.`;

const time = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
