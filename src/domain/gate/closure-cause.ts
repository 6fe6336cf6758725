/**
 * Why the gate is closed. `throttled` opens by itself at `until`; the others let one trial call through after `until`, and open
 * when it passes. `untested`: no credential has worked yet.
 */
export const closureCauses = ['untested', 'throttled', 'breaker', 'auth', 'partner-wide'] as const;
export type Cause = (typeof closureCauses)[number];
