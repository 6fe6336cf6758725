/** A moment that a person named by the clock on the wall. */
export interface WallTime {
  /** Epoch ms. */
  readonly at: number;
  /** Like `Wed 25 Nov 2026, 02:00 GMT+1 (Europe/Berlin)`. */
  readonly text: string;
  /** What is special about it, in words: the clocks are set that night. */
  readonly note?: string;
}

const minute = 60_000;
const hour = 60 * minute;

/**
 * The next time that clocks of this zone show `02:00`, or an ISO 8601 instant with a zone, if that is still to come. When
 * clocks are set forward past that time, it is the time that they show instead; when set back, the first of the two that
 * is still to come. Undefined: the text is neither, or an instant that is past.
 */
export function nextWallTime(text: string, now: number, zone: string): WallTime | undefined {
  const told = (at: number, note?: string): WallTime => ({
    at,
    text: inWords(at, zone),
    ...(note === undefined ? {} : { note }),
  });
  const time = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text);
  if (time === null) {
    const zoned = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/.test(text);
    const at = zoned ? Date.parse(text) : Number.NaN;
    return at > now ? told(at) : undefined;
  }
  const wanted = Number(time[1]) * hour + Number(time[2]) * minute;
  for (let day = -1; ; day += 1) {
    const { candidates, note } = onDay(now + day * 24 * hour, wanted, zone);
    const at = candidates.find((candidate) => candidate > now);
    if (at !== undefined) return told(at, note);
  }
}

/** When the clocks show `wanted` on the day of `moment`: once; twice, or never, when they are set. */
function onDay(
  moment: number,
  wanted: number,
  zone: string,
): { candidates: readonly number[]; note?: string } {
  const shown = moment + offset(moment, zone);
  const wall = shown - (shown % (24 * hour)) + wanted;
  const offsets = [...new Set([wall - 24 * hour, wall + 24 * hour].map((time) => offset(time, zone)))];
  const found = offsets.map((ahead) => wall - ahead).filter((at) => at + offset(at, zone) === wall);
  const candidates = found.sort((a, b) => a - b);
  if (candidates.length > 1)
    return { candidates, note: 'The clocks are set back that night and show this time twice.' };
  if (candidates.length === 1) return { candidates };
  return {
    candidates: [wall - Math.min(...offsets)],
    note: 'The clocks are set forward that night and never show the time that you named: this is the time that they show instead.',
  };
}

/** What the zone's clocks are ahead of UTC, in ms. */
function offset(at: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
    .formatToParts(at)
    .find(({ type }) => type === 'timeZoneName');
  const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)/.exec(parts?.value ?? '') ?? [];
  if (sign === undefined) return 0;
  return (sign === '-' ? -1 : 1) * (Number(hours) * hour + Number(minutes) * minute);
}

function inWords(at: number, zone: string): string {
  const words = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
  }).format(at);
  return words.endsWith(` ${zone}`) ? words : `${words} (${zone})`;
}

export const localZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;
