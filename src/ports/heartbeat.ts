/** Port: the heartbeat row, which lets one tick run at a time. */

import type { Memory } from '../domain/fleet-state.ts';
import type { NoticeState } from '../domain/notice/notice.ts';
import type { TickReport } from '../domain/tick-report.ts';
import type { RecordPosition } from './ledger-scan.ts';

/** The trace that ticks leave: the row where two of them meet, and what an alert or a person reads. Times are epoch ms by the storage's clock. */
export interface Heartbeat {
  /** The tick that runs now, if any, is alone until then; 0: none runs. */
  readonly runningUntil: number;
  /** When the last tick ended, and what it did; undefined: none ever ended. */
  readonly last: { readonly endedAt: number; readonly report: TickReport } | undefined;
  /** How long ago the last tick ended, in ms by the storage's clock; since ever, if none did. */
  readonly age: number;
  /** When a tick last did all that was due; 0: never. */
  readonly lastSuccess: number;
  /** When the worker's certificate or refresh token for Partner Center ends; absent where that is not known. */
  readonly credentialEndsAt?: number;
  /** When the vault last gave what proves the credential; absent where it is in no vault. */
  readonly credentialReadAt?: number;
  /** How the last posts to the webhook went. */
  readonly notices: NoticeState;
}

/** A tick that has begun, to be handed back when it ends. */
export interface BegunTick {
  readonly id: string;
  readonly startedAt: number;
  /** Where the repair of the tick before this one stopped; undefined: at the end of the ledger. */
  readonly repairedTo: RecordPosition | undefined;
  /** Since when each state lasts that the tick before this one reported. */
  readonly memory: Memory;
  /** When the worker's credential ends, as any instance learned it; undefined: it does not, or that is not known. */
  readonly credentialEndsAt: number | undefined;
}

/** One row of the table Gate (partition `poller`, key `heartbeat`). Throws `Unavailable` ('storage'). */
export interface Heartbeats {
  /** Undefined: another tick runs, and has not outlasted its time. */
  begin(lengthMs: number): Promise<BegunTick | undefined>;
  /** A tick that outlasted its time, and was followed by another, changes nothing. */
  end(
    tick: BegunTick,
    report: TickReport,
    repairedTo: RecordPosition | undefined,
    memory: Memory,
  ): Promise<void>;
  /** Undefined: no tick has begun yet. */
  read(): Promise<Heartbeat | undefined>;
}

/** Everything that was due was looked at, or the time was used to the end; nothing failed. */
export const succeeded = ({ stopped, failed }: TickReport): boolean =>
  failed === 0 && (stopped === undefined || stopped === 'time');
