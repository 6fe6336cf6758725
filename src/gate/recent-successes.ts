/** Remembers when calls passed: enough to tell for each customer when another's last did. Times are local. */
export interface Passes {
  note(customerId: string, at: number): void;
  /** Undefined: never. */
  ofOthers(customerId: string): number | undefined;
}

interface Pass {
  readonly customerId: string;
  readonly at: number;
}

export function lastPasses(): Passes {
  let latest: Pass | undefined;
  /** The last one of another customer than the latest. */
  let other: Pass | undefined;
  return {
    note: (customerId, at) => {
      if (latest !== undefined && latest.customerId !== customerId) other = latest;
      latest = { customerId, at };
    },
    ofOthers: (customerId) => (latest?.customerId === customerId ? other?.at : latest?.at),
  };
}
