import type { Sandbox } from '../../local/partner-center/sandbox.ts';

/** What other people's program has to work with. */
export interface Rival {
  readonly sandbox: Sandbox;
  readonly urls: readonly string[];
  readonly concurrency: number;
  readonly lengthMs: number;
  /** Calls in a minute of Partner Center, and how long that minute is here. */
  readonly limit: number;
  readonly minuteMs: number;
}
