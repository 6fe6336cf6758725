/** Recent successes: enough to say for each customer when a call of another one last passed. Used when a 429 is judged. Local times. */
interface Success {
  readonly customerId: string;
  readonly at: number;
}

export function recentSuccesses() {
  let latest: Success | undefined;
  /** The last one of another customer than the latest. */
  let other: Success | undefined;
  return {
    note: (customerId: string, at: number) => {
      if (latest !== undefined && latest.customerId !== customerId) other = latest;
      latest = { customerId, at };
    },
    /** Undefined: never. */
    ofOthers: (customerId: string): number | undefined =>
      latest?.customerId === customerId ? other?.at : latest?.at,
  };
}
