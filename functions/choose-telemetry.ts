/** Chooses where telemetry goes: to the console, or to Application Insights. */

import { Console } from 'node:console';
import { consoleTelemetry } from '../src/adapters/telemetry/console.ts';
import { lateTelemetry } from '../src/adapters/telemetry/late.ts';
import type { ApplicationInsights } from '../src/config/config.ts';
import type { Telemetry } from '../src/ports/telemetry.ts';
import { type Tracing, untraced } from '../src/ports/tracing.ts';

interface Chosen {
  readonly telemetry: Telemetry;
  readonly tracing: Tracing;
  start(): Promise<void>;
  shutdown(): Promise<void>;
}

/** The console; with a connection string of Application Insights that, and traces and metrics too. */
export function chooseTelemetry(settings: ApplicationInsights | undefined): Chosen {
  // The global console also serves the inspector, attached or not: a line there takes half as long again.
  const console_ = consoleTelemetry(new Console(process.stdout, process.stderr));
  if (settings === undefined)
    return { telemetry: console_, tracing: untraced, start: async () => {}, shutdown: async () => {} };
  const late = lateTelemetry(console_, async () => {
    // A file of its own, read only here: loading it takes as long as all the rest.
    const { azureMonitor, openTelemetry } = await import('../src/adapters/telemetry/application-insights.ts');
    const signals = azureMonitor(settings);
    return { ...openTelemetry(signals), shutdown: signals.shutdown };
  });
  return { telemetry: late, tracing: late, start: late.start, shutdown: late.shutdown };
}
