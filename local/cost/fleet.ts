/** Of a checkout at Partner Center, on the mean: docs/decisions/host-json.md. */
export const meanCheckoutSeconds = 5.5;

export interface Budget {
  /** Of the whole tenant. */
  readonly callsPerMinute: number;
  /** The limit never grows above it. */
  readonly callsPerMinuteCeiling: number;
  /** The worker's part; the rest is the poller's, as far as it takes it. */
  readonly workerShare: number;
  /** `maxConcurrentCalls` of host.json. */
  readonly jobsPerInstance: number;
}

/** What bounds a night: the budget of calls, and the instances that use it up. */
export interface Fleet {
  /** Calls a minute of the worker's lane. */
  readonly callsPerMinute: number;
  readonly instances: number;
}

/** Little's law: calls in flight = calls a second × seconds a call, at the most calls that there can be: the worker takes what the poller leaves. */
export const fleetOf = (budget: Budget): Fleet => ({
  callsPerMinute: budget.callsPerMinute * budget.workerShare,
  instances: Math.ceil(((budget.callsPerMinuteCeiling / 60) * meanCheckoutSeconds) / budget.jobsPerInstance),
});
