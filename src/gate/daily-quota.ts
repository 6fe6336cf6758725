/**
 * The daily quota: how many jobs this instance may still start today. The row counts a job when the permit for it is leased, so that the
 * day's number is never passed; a quota whose permit ends without a start serves the next permit.
 */
export function dailyQuota() {
  let quota = 0;
  let day = '';
  /** When the permits that are with callers end: until then each may start a job. */
  let out: number[] = [];
  return {
    /** Quotas that no permit of the `held`, and none that is out, may still use up. */
    spare: (held: number, today: string, now: number): number => {
      if (today !== day) quota = 0;
      day = today;
      out = out.filter((staleAt) => staleAt > now);
      return Math.max(0, quota - held - out.length);
    },
    add: (more: number) => {
      quota += more;
    },
    /** A permit went out to a caller. */
    out: (staleAt: number) => void out.push(staleAt),
    /** The permit that went out until `staleAt` came back unused. */
    back: (staleAt: number) => {
      const place = out.indexOf(staleAt);
      if (place >= 0) out.splice(place, 1);
    },
    started: () => {
      out.shift();
      quota = Math.max(0, quota - 1);
    },
  };
}
