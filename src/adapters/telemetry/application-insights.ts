/** All that a worker with a connection string needs of it, in one: a file of its own in `dist/` (`local/build.ts`). */
export { azureMonitor } from './azure-monitor.ts';
export { openTelemetry } from './open-telemetry.ts';
