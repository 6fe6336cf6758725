/** The gate's row, which every instance reads and changes. */
import type { GateState, StorageTime } from '../domain/gate/gate-state.ts';

export interface GateStore {
  /**
   * Decides on the state as it is, and writes what is decided; decides again when another instance was faster.
   * A decision that returns the state it was given writes nothing. Throws `Unavailable`.
   */
  change<T>(decide: Decide<T>): Promise<T>;
  read(): Promise<GateState>;
  /** The state as this instance saw it last; undefined: never. */
  lastSeen(): GateState | undefined;
  /** The storage's time now. */
  now(): StorageTime;
}

export type Decide<T> = (
  state: GateState,
  now: StorageTime,
) => { readonly state: GateState; readonly value: T };
