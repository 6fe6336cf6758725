/** The app or its settings are wrong, so the host does not start. The message says what to mend. */
export class HostStartError extends Error {
  override readonly name = 'HostStartError';
}

/** A handler ran longer than `functionTimeout`. Azure ends the whole worker process here; this host gives up the one run. */
export class FunctionTimeoutError extends Error {
  override readonly name = 'FunctionTimeoutError';
}

export function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
