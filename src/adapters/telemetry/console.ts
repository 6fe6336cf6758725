/** The port `Telemetry` on the console, where there is no Application Insights. */

import { omitUndefined } from '../../domain/omit-undefined.ts';
import type { Telemetry } from '../../ports/telemetry.ts';

/** One line of JSON for each event: `{"event":"JobFinished",…}`, and for each warning `{"warning":"…"}`. */
export function consoleTelemetry(output: Pick<Console, 'log' | 'warn'>): Telemetry {
  return {
    event: (name, fields) => output.log(JSON.stringify({ event: name, ...omitUndefined(fields) })),
    warn: (message, fields) =>
      output.warn(JSON.stringify({ warning: message, ...omitUndefined(fields ?? {}) })),
  };
}
