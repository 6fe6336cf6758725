/**
 * `throttled` opens by itself at `until`; the others let one probe through after `until`, and open when it passes.
 * `untested`: no credential has worked yet.
 */
export const closingCauses = ['untested', 'throttled', 'breaker', 'auth', 'partner-wide'] as const;
export type Cause = (typeof closingCauses)[number];
