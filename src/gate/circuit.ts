/** The circuit as one instance knows it: whether the gate is closed, and the trial call that this instance may make. Asked before each wait. */
import { withoutTrial } from '../domain/gate/circuit-rules.ts';
import type { Permit } from '../domain/gate/permit.ts';
import type { Closed } from '../ports/gate.ts';
import { type GateParts, toLocal } from './gate-parts.ts';

export type Circuit = ReturnType<typeof circuit>;

/** Times are local, those of a closure in the row the storage's. */
export function circuit(parts: Omit<GateParts, 'telemetry'>) {
  const { store, clock, random, settings, instance } = parts;
  /** The last reading that found the gate closed. It is believed for as long as a permit lives. */
  let heard: { readonly closed: Closed; readonly goodUntil: number } | undefined;
  /** A Retry-After that could not be written: this instance alone knows of it, and obeys to its end, whatever the row says. */
  let unwritten: Closed | undefined;
  let trial: Permit | undefined;
  const whenClosed: ((closed: Closed) => void)[] = [];
  const whenOpened: (() => void)[] = [];

  return {
    onClosed: (listener: (closed: Closed) => void) => void whenClosed.push(listener),
    onOpened: (listener: () => void) => void whenOpened.push(listener),
    /** Why nobody here may call now; undefined: as far as this instance knows the gate is open. */
    closed: (): Closed | undefined => {
      const now = clock.now();
      if (unwritten !== undefined && now < unwritten.until) return unwritten;
      return heard !== undefined && now < Math.min(heard.goodUntil, heard.closed.until)
        ? heard.closed
        : undefined;
    },
    /** What a closure in the row means to the callers here. Each instance comes back at a moment of its own. */
    closedBy: ({ until, reason }: Omit<Closed, 'kind'>): Closed => ({
      kind: 'closed',
      until: toLocal(parts, until) + random.fraction() * settings.permitLifeMs,
      reason,
    }),
    close: (closed: Closed) => {
      heard = { closed, goodUntil: clock.now() + settings.permitLifeMs };
      for (const listener of whenClosed) listener(closed);
    },
    closeHere: (closed: Closed) => {
      unwritten = closed;
      for (const listener of whenClosed) listener(closed);
    },
    /** The row says that the gate is open, or that its trial call is ours. `byUs`: a call of this instance has opened it. */
    open: (byUs = false) => {
      heard = undefined;
      if (byUs) for (const listener of whenOpened) listener();
    },
    startTrial: (permit: Permit) => {
      trial = permit;
    },
    isTrial: (permit: Permit) => permit === trial,
    /** The trial call is not made: who asks next may make it. If the write fails, it lapses by itself, only later. */
    dropTrial: () => {
      trial = undefined;
      heard = undefined;
      store
        .change((state) => ({ state: withoutTrial(state, instance), value: undefined }))
        .catch(() => undefined);
    },
  };
}
