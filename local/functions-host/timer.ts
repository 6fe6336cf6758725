import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { parseSchedule, type Schedule } from './cron.ts';
import type { Driver, HostContext, HostedFunction } from './driver.ts';
import { HostStartError, textOf } from './errors.ts';
import { readIfThere } from './load.ts';
import { resolveTokens } from './settings.ts';

const options = z.object({
  schedule: z.string(),
  runOnStartup: z._default(z.boolean(), false),
  useMonitor: z._default(z.boolean(), true),
});

/** What is remembered of a timer over a restart. Times in epoch milliseconds. */
const statusShape = z.object({ schedule: z.string(), last: z.nullable(z.number()), next: z.number() });
type Status = z.infer<typeof statusShape>;

interface Timer {
  readonly fn: HostedFunction;
  readonly expression: string;
  readonly schedule: Schedule;
  readonly runOnStartup: boolean;
  readonly monitored: boolean;
}

/**
 * Runs timers on the host's clock. Runs of one timer never overlap; the next time is counted from the start of a run,
 * so an overrun brings one run at once and no more.
 */
export const timerDriver: Driver = (functions, context) => {
  const timers = functions.map((fn) => prepare(fn, context));
  const stopping = new AbortController();
  let running: Promise<unknown> = Promise.resolve();
  return {
    start: async () => {
      running = Promise.all(timers.map((timer) => keepRunning(timer, context, stopping.signal)));
    },
    drain: async () => {
      stopping.abort();
      await running;
    },
    close: async () => stopping.abort(),
  };
};

function prepare(fn: HostedFunction, context: HostContext): Timer {
  const where = `Function "${fn.name}"`;
  const parsed = options.safeParse(fn.trigger);
  if (!parsed.success) throw new HostStartError(`${where}: ${z.prettifyError(parsed.error)}`);
  const expression = resolveTokens(parsed.data.schedule, context.env, `${where}: schedule`);
  const schedule = pressed(parseSchedule(expression), context.timeFactor);
  // As the real host: a timer that fires more than once a minute has no status.
  const monitored =
    parsed.data.useMonitor && !isFasterThan(schedule, 60_000 / context.timeFactor, context.clock.now());
  return { fn, expression, schedule, runOnStartup: parsed.data.runOnStartup, monitored };
}

/**
 * The schedule with its period divided by `factor`: "once a minute" at factor 60 is once a second. Counted from the
 * epoch, so that the occurrences are the same after a restart. Times of day lose their meaning.
 */
function pressed(schedule: Schedule, factor: number): Schedule {
  if (factor === 1) return schedule;
  return {
    next(time) {
      const far = time * factor;
      // Thousands of years ahead, where croner ends. The calendar repeats.
      const inCycle = far % calendarCycleMs;
      return (far - inCycle + schedule.next(inCycle)) / factor;
    },
  };
}

/** 400 years of the Gregorian calendar: whole weeks, so days and weekdays repeat. */
const calendarCycleMs = 146_097 * 86_400_000;

function isFasterThan(schedule: Schedule, least: number, now: number): boolean {
  let time = schedule.next(now);
  for (let i = 0; i < 5; i += 1) {
    const following = schedule.next(time);
    // Half a millisecond of slack: a divided time is no whole number.
    if (following - time < least - 0.5) return true;
    time = following;
  }
  return false;
}

async function keepRunning(timer: Timer, context: HostContext, stopping: AbortSignal): Promise<void> {
  const { clock } = context;
  const stored = timer.monitored ? readStatus(timer, context) : undefined;
  let last = stored?.last ?? null;
  const run = async (occurrence: number, isPastDue: boolean): Promise<number> => {
    const started = clock.now();
    const status = timer.monitored ? scheduleStatus(last, occurrence) : null;
    await runOnce(timer, context, {
      Schedule: { AdjustForDST: true },
      ScheduleStatus: status,
      IsPastDue: isPastDue,
    });
    last = occurrence;
    const next = timer.schedule.next(started);
    if (timer.monitored) writeStatus(timer, { schedule: timer.expression, last, next }, context);
    return next;
  };

  let next = timer.schedule.next(clock.now());
  if (stored && stored.next < clock.now()) next = await run(stored.next, true);
  else if (timer.runOnStartup) next = await run(clock.now(), false);
  else if (timer.monitored) writeStatus(timer, { schedule: timer.expression, last, next }, context);

  while (!stopping.aborted) {
    await clock.sleep(next - clock.now(), stopping);
    if (!stopping.aborted && clock.now() >= next) next = await run(next, false);
  }
}

/** A failed run does not stop the schedule. */
async function runOnce(timer: Timer, context: HostContext, timerObject: object): Promise<void> {
  try {
    // .NET's text of the time, in its own culture; nobody reads it.
    const at = new Date(context.clock.now())
      .toLocaleString('en-US', { hour12: false, timeZone: 'UTC' })
      .replace(',', '');
    await timer.fn.run({
      data: { json: JSON.stringify(timerObject) },
      metadata: { TimerTrigger: { string: at } },
    });
  } catch (error) {
    context.log('error', `Function.${timer.fn.name}`, `failed: ${textOf(error)}`);
  }
}

/** During a run `Next` is the occurrence that is being run. */
function scheduleStatus(last: number | null, next: number) {
  const iso = last === null ? '0001-01-01T00:00:00+00:00' : new Date(last).toISOString();
  return { Last: iso, Next: new Date(next).toISOString(), LastUpdated: iso };
}

const statusFile = (timer: Timer, folder: string): string => join(folder, `${timer.fn.name}.json`);

/** The stored status, unless the schedule has changed since. */
function readStatus(timer: Timer, { stateFolder }: HostContext): Status | undefined {
  const text = stateFolder === undefined ? undefined : readIfThere(statusFile(timer, stateFolder));
  if (text === undefined) return undefined;
  const status = statusShape.safeParse(JSON.parse(text));
  return status.success && status.data.schedule === timer.expression ? status.data : undefined;
}

function writeStatus(timer: Timer, status: Status, { stateFolder }: HostContext): void {
  if (stateFolder === undefined) return;
  mkdirSync(stateFolder, { recursive: true });
  const file = statusFile(timer, stateFolder);
  // Renamed into place: a host that is killed in between leaves the old status, not half a file. Other hosts may share
  // the folder.
  const fresh = `${file}.${process.pid}.new`;
  writeFileSync(fresh, JSON.stringify(status));
  renameSync(fresh, file);
}
