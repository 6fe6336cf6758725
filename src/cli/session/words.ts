/** Lengths and moments as people read them. */

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** `2 h 5 min`, `12 s`: the two largest units. */
export function inTime(ms: number): string {
  const first = units.findIndex(([, size]) => ms >= size);
  if (first < 0) return ms < 1 ? '0 s' : `${Math.round(ms)} ms`;
  const parts: string[] = [];
  let left = ms;
  for (const [unit, size] of units.slice(first, first + 2)) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.join(' ');
}

export const ago = (at: number, now: number): string => `${inTime(Math.max(0, now - at))} ago`;

/** On the clock here: `02:14:05`, with the day when it is another one. */
export function clockTime(at: number, now: number): string {
  const date = new Date(at);
  const time = date.toLocaleTimeString('en-GB');
  return date.toDateString() === new Date(now).toDateString()
    ? time
    : `${date.toLocaleDateString('en-GB', { weekday: 'short', day: 'numeric', month: 'short' })} ${time}`;
}

/** Said beside times and rates of a stack whose clock is faster than the reader's. */
export const clockNote = (timeFactor: number): string =>
  timeFactor === 1 ? '' : ` (its clock runs ${timeFactor} times as fast)`;

/** As one word for the shell. */
export const quoted = (text: string): string => (/^[\w.:@+=-]+$/.test(text) ? text : `"${text}"`);
