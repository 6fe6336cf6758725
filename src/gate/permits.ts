/**
 * How many jobs this instance may still start today. The entity counts a permit when it is leased, with the slot it
 * is for, so the day's number is never passed; a permit whose slot ends without a start serves the next slot.
 */
export interface Permits {
  /** Permits that no slot in `held`, and none that is out, may still use up. */
  spare(held: number, day: string, now: number): number;
  add(permits: number): void;
  /** A slot went out to a caller: until `staleAt`, it may start a job. */
  out(staleAt: number): void;
  /** The slot that went out until `staleAt` came back unused. */
  back(staleAt: number): void;
  started(): void;
}

export function jobPermits(): Permits {
  let permits = 0;
  let day = '';
  let out: number[] = [];
  return {
    spare: (held, today, now) => {
      if (today !== day) permits = 0;
      day = today;
      out = out.filter((staleAt) => staleAt > now);
      return Math.max(0, permits - held - out.length);
    },
    add: (more) => {
      permits += more;
    },
    out: (staleAt) => {
      out.push(staleAt);
    },
    back: (staleAt) => {
      const place = out.indexOf(staleAt);
      if (place >= 0) out.splice(place, 1);
    },
    started: () => {
      out.shift();
      permits = Math.max(0, permits - 1);
    },
  };
}
