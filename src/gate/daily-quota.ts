/**
 * How many jobs this instance may still start today. The entity counts a job quota when it is leased, with the permit it
 * is for, so the day's number is never passed; a job quota whose permit ends without a start serves the next permit.
 */
export interface DailyQuota {
  /** Job quotas that no permit in `held`, and none that is out, may still use up. */
  spare(held: number, day: string, now: number): number;
  add(quota: number): void;
  /** A permit went out to a caller: until `staleAt`, it may start a job. */
  out(staleAt: number): void;
  /** The permit that went out until `staleAt` came back unused. */
  back(staleAt: number): void;
  started(): void;
}

export function dailyQuota(): DailyQuota {
  let quota = 0;
  let day = '';
  let out: number[] = [];
  return {
    spare: (held, today, now) => {
      if (today !== day) quota = 0;
      day = today;
      out = out.filter((staleAt) => staleAt > now);
      return Math.max(0, quota - held - out.length);
    },
    add: (more) => {
      quota += more;
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
      quota = Math.max(0, quota - 1);
    },
  };
}
