/** `status`: how the worker stands, on one screen. */
import { counted } from '../../operator/counted.ts';
import {
  type GateStatus,
  type PollerTrace,
  readStatus,
  type Status,
  type Unknown,
} from '../../operator/status.ts';
import { exit } from '../session/cli-failure.ts';
import { inSession, newCommand } from '../session/command.ts';
import type { Output } from '../session/output.ts';
import { ownVersion } from '../session/version.ts';
import { ago, clockNote, clockTime, inTime } from '../session/words.ts';

export const statusCommand = newCommand(
  'status',
  'one screen: gate, budget, queue, waiting jobs, attention, pending orders, poller',
  'npx partner-checkout status',
).action((_options, command) =>
  inSession(command, async ({ output, operator, queues, settings }) => {
    const deps = { ...(await operator()), ...(await queues()) };
    const status = await readStatus(deps);
    const version = ownVersion();
    const now = deps.clock.now();
    const { timeFactor } = deps.config;
    const from = `${settings().from}${clockNote(timeFactor)}`;
    show(output, status, [from, version], now);
    const credentialDaysLeft = daysLeft(status.poller, now);
    output.data({ ...status, credentialDaysLeft, version });
    return exitOfStatus(status);
  }),
);

/** A part that could not be read is no all-clear; nor is what a person should look at. */
export function exitOfStatus(status: Status): number {
  const { gate, queue, urgent, attention } = status;
  if (Object.values(status).some((part) => 'unknown' in part)) return exit.cannot;
  const dead = [queue, urgent].some((counts) => 'dead' in counts && counts.dead > 0);
  const open = 'open' in gate && gate.open;
  const asked = Object.values(attention).some((count) => count > 0);
  return open && !dead && !asked ? exit.ok : exit.found;
}

function show(output: Output, status: Status, [from, version]: readonly [string, string], now: number): void {
  const say = (name: string, text: string) => output.line(`${name.padEnd(12)}${text}`);
  const tell = <T extends object>(name: string, value: T | Unknown, text: (value: T) => string) =>
    say(name, 'unknown' in value ? output.paint('red', `unknown: ${value.unknown}`) : text(value));

  tell('gate', status.gate, (gate) => gateText(output, gate, now));
  tell(
    'calls/min',
    status.gate,
    ({ lanes: { worker, poller } }) =>
      `worker ${worker.used} of ${worker.limit}, poller ${poller.used} of ${poller.limit} (each may take what the other leaves)`,
  );
  for (const name of ['queue', 'urgent'] as const)
    tell(
      name,
      status[name],
      ({ active, scheduled, dead }) =>
        `${active} active, ${scheduled} scheduled, ${bad(output, dead)} dead${dead > 0 ? '. Next: npx partner-checkout dead-letters list' : ''}`,
    );
  tell('jobs', status.jobs, ({ waiting, isCut, due, oldestSince }) =>
    waiting === 0
      ? 'none waits for a later try'
      : `${isCut ? 'at least ' : ''}${counted(waiting, 'job waits', 'jobs wait')}, ${due} due, the oldest for ${oldestSince === undefined ? 'an unknown time' : inTime(Math.max(0, now - oldestSince))}`,
  );
  tell('attention', status.attention, (kinds) => {
    const parts = Object.entries(kinds)
      .filter(([, count]) => count > 0)
      .map(([kind, count]) => `${bad(output, count)} ${kind}`);
    return parts.length === 0 ? 'nothing' : `${parts.join(', ')}. Next: npx partner-checkout attention`;
  });
  tell('pending', status.pending, ({ total, isCut, ages }) => {
    const parts = ages
      .filter(({ orders }) => orders > 0)
      .map(({ upTo, orders }) => `${orders} ${Number.isFinite(upTo) ? `under ${inTime(upTo)}` : 'older'}`);
    return total === 0
      ? 'no order'
      : `${isCut ? 'at least ' : ''}${counted(total, 'order')}: about ${parts.join(', ')}`;
  });
  tell('poller', status.poller, ({ lastTick, lastSuccess }) =>
    lastTick === undefined
      ? 'no tick has run yet'
      : `last tick ${ago(lastTick, now)}, last success ${lastSuccess === undefined ? 'never' : ago(lastSuccess, now)}`,
  );
  const readAt = 'unknown' in status.poller ? undefined : status.poller.credentialReadAt;
  const read = readAt === undefined ? '' : `; read from the vault ${ago(readAt, now)}`;
  say('credential', `${credentialEnd(daysLeft(status.poller, now))}${read}`);
  say('version', `${version}, of ${from}`);
}

/** A secret's end only the app registration knows, and a federated credential has none. */
function daysLeft(poller: PollerTrace | Unknown, now: number): number | 'unknown' {
  if ('unknown' in poller || poller.credentialEndsAt === undefined) return 'unknown';
  return Math.floor((poller.credentialEndsAt - now) / 86_400_000);
}

export const credentialEnd = (days: ReturnType<typeof daysLeft>): string =>
  days === 'unknown'
    ? 'its end is not known: only a certificate and a refresh token say theirs'
    : `ends in ${counted(days, 'day')}`;

const bad = (output: Output, count: number): string =>
  count === 0 ? '0' : output.paint('yellow', String(count));

function gateText(output: Output, gate: GateStatus, now: number): string {
  // Counted for the spend guard alone.
  const jobs = gate.jobsToday === 0 ? '' : `, ${counted(gate.jobsToday, 'job')} started since midnight UTC`;
  const resumed = gate.resumedBy === undefined ? '' : `, last resumed by ${gate.resumedBy}`;
  const { limitSet } = gate;
  const set =
    limitSet === undefined
      ? ''
      : `, limit set to ${limitSet.perMinute} by ${limitSet.who}, ${clockTime(limitSet.at, now)}`;
  if (gate.open) return `${output.paint('green', 'open')}${jobs}${resumed}${set}`;
  const until = gate.until === undefined ? '' : `, until ${clockTime(gate.until, now)}`;
  const who = gate.pausedBy === undefined ? '' : ` (by ${gate.pausedBy}). Next: npx partner-checkout resume`;
  return `${output.paint('red', 'closed')}${until}: ${gate.reason}${who}`;
}
