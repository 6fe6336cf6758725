export interface Pace {
  readonly calls: number;
  readonly callsPerJob: number;
  readonly jobsPerSecond: number;
  /** Minutes of the night, and the share of their budget that was used. */
  readonly nightMinutes: number;
  readonly shareOfBudget: number;
  readonly seconds: number;
  /** So long the same calls take at the full budget: no night of these calls is shorter. */
  readonly secondsByBudget: number;
  readonly limitedBy: 'budget' | 'machine';
  /** The same for people. */
  readonly words: string;
}

/** From this share on the budget sets the pace: the rest are waits that Partner Center asks for. */
const mostlyUsed = 0.8;

/**
 * What set the pace of a night that took `ms` of this machine's time. `factor`: how many times faster its clock ran. `perMinute`: the calls
 * that the budget allows in a minute of the night.
 */
export function paceOf(night: {
  readonly calls: number;
  readonly jobs: number;
  readonly ms: number;
  readonly factor: number;
  readonly perMinute: number;
}): Pace {
  const { calls, jobs, ms, factor, perMinute } = night;
  const seconds = ms / 1_000;
  const nightMinutes = (seconds * factor) / 60;
  const budgetMinutes = calls / perMinute;
  const shareOfBudget = budgetMinutes / nightMinutes;
  const secondsByBudget = (budgetMinutes * 60) / factor;
  const limitedBy = shareOfBudget >= mostlyUsed ? 'budget' : 'machine';
  const callsPerJob = calls / Math.max(1, jobs);
  return {
    calls,
    callsPerJob: round(callsPerJob, 2),
    jobsPerSecond: round(jobs / seconds, 2),
    nightMinutes: round(nightMinutes, 1),
    shareOfBudget: round(shareOfBudget, 3),
    seconds: round(seconds, 1),
    secondsByBudget: round(secondsByBudget, 1),
    limitedBy,
    words: `Pace: ${jobs} jobs × ${round(callsPerJob, 2)} calls = ${calls} calls. At ${perMinute} a minute they take ${round(budgetMinutes, 1)} minutes of the night, which are ${round(secondsByBudget, 1)} s here. The night took ${round(seconds, 1)} s, so ${limitedBy === 'budget' ? 'the budget set the pace.' : 'this machine and the waits that Partner Center asks for set the pace, not the budget.'}`,
  };
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits));
