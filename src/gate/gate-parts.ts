/** What the modules of the gate work with. Each of them names those that it uses. */
import type { GateSettings } from '../domain/gate/gate-settings.ts';
import type { Clock } from '../ports/clock.ts';
import type { GateStore } from '../ports/gate-store.ts';
import type { Random } from '../ports/random.ts';
import type { Telemetry } from '../ports/telemetry.ts';

export interface GateParts {
  readonly store: GateStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly settings: GateSettings;
  /** The id of this instance, new with each start. */
  readonly instance: string;
}

/** The local time at which the storage's clock surely shows `time`. */
export const toLocal = ({ store, clock }: Pick<GateParts, 'store' | 'clock'>, time: number): number =>
  clock.now() + time - store.now().earliest;
