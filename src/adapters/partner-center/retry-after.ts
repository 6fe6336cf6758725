/**
 * Retry-After in ms from now: whole seconds, or an HTTP date (RFC 9110, 10.2.3). A doubled header counts once. Undefined when
 * it is absent or nonsense; however long it is, it is passed on: the gate has its own longest closing.
 */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const seconds = /^\s*(\d{1,12})\s*(?:,|$)/.exec(header)?.[1];
  if (seconds !== undefined) return Number(seconds) * 1_000;
  const date = Date.parse(header);
  return Number.isNaN(date) || !/[a-z]{3}/i.test(header) ? undefined : Math.max(0, date - now);
}
