/** When a timer is due: the NCRONTAB expression of its trigger, read by croner. */
import { Cron } from 'croner';
import { HostStartError } from './errors.ts';

/** A timer's schedule. Times in epoch milliseconds. */
export interface Schedule {
  /** The first occurrence after `time`. */
  next(time: number): number;
}

/** 400 years of the Gregorian calendar: a whole number of weeks, after which dates and weekdays come again. */
const calendarCycle = 146_097 * 24 * 60 * 60_000;

/** Six fields, or five with second 0. As in NCRONTAB, day and weekday must both match. Local time zone of the process. */
export function parseSchedule(expression: string): Schedule {
  const cron = read(expression);
  return {
    next(time) {
      // A scaled host asks for times of the year 5000 and later, where croner gives up. The calendar repeats itself.
      const whole = Math.floor(time / calendarCycle) * calendarCycle;
      const next = cron.nextRun(new Date(time - whole));
      if (next === null) throw new HostStartError(`The schedule "${expression}" never comes.`);
      return next.getTime() + whole;
    },
  };
}

function read(expression: string): Cron {
  try {
    return new Cron(expression, { mode: '5-or-6-parts', domAndDow: true, sloppyRanges: true, paused: true });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new HostStartError(
      `The schedule "${expression}" cannot be read: ${why}. Expected are six fields: second minute hour day month weekday.`,
    );
  }
}
