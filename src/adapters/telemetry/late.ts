/** Telemetry that is loaded after the functions have registered; what was reported before is kept for it. */

import { messageOf } from '../../domain/text.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import { type Tracing, untraced } from '../../ports/tracing.ts';

export interface Started extends Telemetry, Tracing {
  shutdown(): Promise<void>;
}

export interface Late extends Telemetry, Tracing {
  /** Loads it, once; what happens before goes to `first`. Never throws: a night without telemetry is still a night. */
  start(): Promise<void>;
  shutdown(): Promise<void>;
}

/** Telemetry that is loaded after the functions have registered, because it takes longer to load than all the rest. */
export function lateTelemetry(first: Telemetry, load: () => Promise<Started>): Late {
  let started: Started | undefined;
  let loading: Promise<void> | undefined;
  const telemetry = (): Telemetry => started ?? first;
  const tracing = (): Tracing => started ?? untraced;
  return {
    event: (name, fields) => telemetry().event(name, fields),
    warn(message, fields) {
      // The log stream in the portal shows the console alone.
      first.warn(message, fields);
      started?.warn(message, fields);
    },
    span: (...asked) => tracing().span(...asked),
    traceparent: () => tracing().traceparent(),
    measure: (...asked) => tracing().measure(...asked),
    start() {
      loading ??= load().then(
        (loaded) => {
          started = loaded;
        },
        (error: unknown) => {
          const why = messageOf(error);
          first.warn(`There is no telemetry but this console: it could not be loaded: ${why}`);
        },
      );
      return loading;
    },
    shutdown: async () => started?.shutdown(),
  };
}
