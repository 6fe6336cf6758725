/** Lengths of time as Service Bus writes those of its queues and topics. */

const shape = /^P(?:(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?)?$/;

/** Milliseconds of an ISO 8601 duration in days and parts of days, like `PT5M`; undefined for any other text. */
export function durationMs(text: string): number | undefined {
  const parts = shape.exec(text);
  if (parts === null || /[PT]$/.test(text)) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = parts.slice(1).map((part = '0') => Number(part));
  return Math.round((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000);
}
