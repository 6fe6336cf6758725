/** The three forms of a date on Partner Center's wire, from epoch milliseconds. */
export type DateForm = 'ticks' | 'utc' | 'offset';

const pacific = 8 * 3_600_000;

/**
 * `ticks`: `…51.6578126Z`, seven digits; `utc`: `…44.76+00:00`, trailing zeros dropped; `offset`: `…05.253-08:00`.
 * `digits` are the four that follow the milliseconds in the first form.
 */
export function wireDate(at: number, form: DateForm, digits = 0): string {
  const iso = (ms: number): string => new Date(ms).toISOString().slice(0, -1);
  if (form === 'ticks') return `${iso(at)}${String(digits).padStart(4, '0')}Z`;
  if (form === 'offset') return `${iso(at - pacific)}-08:00`;
  return `${iso(at).replace(/\.?0+$/, '')}+00:00`;
}
